// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/glob"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/scalar"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
)

const (
	// maxUserIDBytes is the longest userid that WeCom gives.
	//
	// https://developer.work.weixin.qq.com/document/path/90195
	maxUserIDBytes = 64

	// maxMeetingIDBytes bounds meeting IDs and codes, for which WeCom documents
	// no limit.
	maxMeetingIDBytes = 128
)

// Targets is what to list recordings for. At least one field is set.
type Targets struct {
	// UserIDs differ after case folding: to WeCom, case makes no difference.
	UserIDs []string
	// MeetingIDs and MeetingCodes hold no value twice.
	MeetingIDs   []string
	MeetingCodes []string
	// Files are paths or glob patterns of target files: see ExpandFiles.
	Files []string
	// DiscoverMembers adds the members visible to the app. It needs the agent ID.
	DiscoverMembers bool
	// DiscoverActivity adds the people who started a meeting lately.
	DiscoverActivity bool
}

// TargetFile is one read target file. Its lists are like those of Targets.
type TargetFile struct {
	UserIDs      []string
	MeetingIDs   []string
	MeetingCodes []string
}

// ReadTargetFile reads a file of targets, YAML or JSON, with the keys userids,
// meetingids and meeting_codes. An error holds one line for each problem, which
// names the file, the entry and the line. A file without content is an error,
// because someone is likely writing it; empty lists are fine.
func ReadTargetFile(path string) (TargetFile, error) {
	var p problems
	t := p.targetFile(path)
	return t, p.err()
}

// targetFile reads a file of targets.
func (p *problems) targetFile(path string) TargetFile {
	content, err := os.ReadFile(path)
	if err != nil {
		p.addf("the target file %s cannot be read (%w): name a readable file",
			"无法读取目标文件 %s（%w）：请指定可以读取的文件", fileerr.Quote(path), fileerr.Cause(err))
		return TargetFile{}
	}
	d, errs := yamldoc.Read(fileerr.Quote(path), content, targetFileKeys())
	if len(errs) > 0 {
		p.errs = append(p.errs, errs...)
		return TargetFile{}
	}
	if !d.At("").Given() {
		p.addf("%s: the file is empty: write userids, meetingids or meeting_codes",
			"%s：文件为空：请写入 userids、meetingids 或 meeting_codes", fileerr.Quote(path))
		return TargetFile{}
	}
	var c Corp
	for _, s := range settings() {
		if s.inTargetFile {
			s.setCorp(&c, fileValue(p, d.At(s.targetKey()), ""))
		}
	}
	return TargetFile{
		UserIDs:      c.Targets.UserIDs,
		MeetingIDs:   c.Targets.MeetingIDs,
		MeetingCodes: c.Targets.MeetingCodes,
	}
}

// ExpandFiles returns the paths that Files stand for, sorted, each once. A path
// without glob characters is returned even if there is no such file, so that
// reading it reports the error. A pattern stands for the files, not the folders,
// that match it now. It is an error if a pattern is malformed.
func (t Targets) ExpandFiles() ([]string, error) { return glob.ExpandAll(t.Files) }

// FolderErrors returns an error for each folder that ExpandFiles has to list and
// cannot, so that files in it are overlooked. A folder that does not exist holds no
// files, and is no error.
func (t Targets) FolderErrors() []error { return glob.FolderErrors(t.Files...) }

// Unmatched returns the patterns among Files that stand for no file now.
func (t Targets) Unmatched() []string {
	return slices.DeleteFunc(slices.Clone(t.Files), func(pattern string) bool {
		paths, err := glob.Expand(pattern)
		return err != nil || len(paths) > 0
	})
}

// targetFiles reads paths and patterns of target files, and the files at the paths.
func (v value) targetFiles() []string {
	patterns := slices.Clone(v.items)
	for i := range patterns {
		patterns[i] = promconfig.JoinDir(v.base, patterns[i])
		v.checkPattern(i, patterns[i])
	}
	return patterns
}

// checkPattern refuses what the user can only have meant otherwise, and files that
// are broken. That a pattern matches nothing is a warning: the files may come later.
func (v value) checkPattern(i int, pattern string) {
	if pattern == "" {
		v.addItemf(i, "an empty path: write the path of a target file", "路径为空：请填写目标文件的路径")
		return
	}
	paths, err := glob.Expand(pattern)
	if err != nil {
		v.problems.add(v.whereItem(i), err)
		return
	}
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && glob.HasMeta(pattern) {
			continue // It was deleted a moment ago.
		}
		var p problems
		p.targetFile(path)
		v.problems.addAll(v.whereItem(i), p.errs)
	}
	folderErrs := glob.FolderErrors(pattern)
	for _, err := range folderErrs {
		v.warnItemf(i, "%v: let the exporter read the folder, or correct the pattern; until then, targets are missing",
			"%v：请允许本程序读取该目录，或更正通配模式；在此之前会缺少目标", err)
	}
	if len(paths) == 0 && len(folderErrs) == 0 {
		v.warnItemf(i, "%s matches no file and adds no targets: correct the pattern, or create a file",
			"%s 没有匹配到文件，目前没有其中的目标：请更正通配模式，或创建文件",
			fileerr.Quote(pattern))
	}
}

func (v value) discovery() (members, activity bool) {
	for i, word := range v.items {
		switch word {
		case "members":
			members = true
		case "activity":
			activity = true
		default:
			v.addItemf(i, "%q is not known: use members or activity", "%q 无效：请填写 members 或 activity", word)
		}
	}
	return members, activity
}

// ids returns the IDs whose folded forms differ, in the first spelling.
func (v value) ids(maxBytes int, fold func(string) string) []string {
	var ids []string
	seen := make(map[string]bool, len(v.items))
	for i, item := range v.items {
		id := strings.TrimSpace(item)
		switch {
		case id == "":
			v.addItemf(i, "an empty entry: write an ID or remove the entry", "有一项为空：请填写 ID，或删除该项")
		case len(id) > maxBytes:
			v.addItemf(i, "an entry of %d bytes: write an ID of at most %d", "有一项长 %d 字节：ID 最长 %d 字节", len(id), maxBytes)
		case !utf8.ValidString(id):
			v.addItemf(i, "%q is not UTF-8: write an ID that is", "%q 不是 UTF-8：请用 UTF-8 填写 ID", id)
		case scalar.HasSpaceOrControl(id):
			v.addItemf(i, "%q contains white space or a control character: write one ID for each entry",
				"%q 含有空白或控制字符：每项只填写一个 ID", id)
		case !seen[fold(id)]:
			seen[fold(id)] = true
			ids = append(ids, id)
		}
	}
	return ids
}
