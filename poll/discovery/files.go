// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/reread"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// files reads the target files of a corp again when they change. A file that cannot be
// used keeps the targets that it last had. It is not safe for concurrent use.
type files struct {
	logger log.Logger
	read   map[string]*file // by path; nil: none was looked for
	errs   string           // of the last look for files
}

type file = reread.File[config.TargetFile]

func newFiles(logger log.Logger) *files {
	return &files{logger: logger}
}

// merge returns the targets that are configured, those of the files as they were last
// read, and the given users, each once.
func (f *files) merge(t config.Targets, users []string) []wecom.Target {
	var list targetList
	list.add(wecom.ByUserID, t.UserIDs)
	list.add(wecom.ByMeetingID, t.MeetingIDs)
	list.add(wecom.ByMeetingCode, t.MeetingCodes)
	for _, path := range slices.Sorted(maps.Keys(f.read)) {
		content := f.read[path].Content
		list.add(wecom.ByUserID, content.UserIDs)
		list.add(wecom.ByMeetingID, content.MeetingIDs)
		list.add(wecom.ByMeetingCode, content.MeetingCodes)
	}
	list.add(wecom.ByUserID, users)
	return list.targets
}

// Targets returns whom to poll: the targets that are configured, those that target files
// hold now, and the given users, each once. A file that cannot be used is left out.
func Targets(t config.Targets, users []string) []wecom.Target {
	f := newFiles(log.NewNopLogger())
	f.refresh(t, true)
	return f.merge(t, users)
}

// refresh reads the files that have changed, and reports whether any has. At once means that
// every file is read, and after one look.
func (f *files) refresh(t config.Targets, atOnce bool) (changed bool) {
	if f.read == nil {
		f.read, atOnce = map[string]*file{}, true
	}
	paths, err := t.ExpandFiles()
	if err = errors.Join(append(t.FolderErrors(), err)...); err != nil {
		if f.errs != err.Error() {
			level.Warn(f.logger).Log("msg", "cannot search for target files; the known ones are kept", "err", err)
		}
		f.errs = err.Error()
	} else {
		f.errs = ""
		changed = f.removeOthers(t, paths, atOnce)
	}
	var n news
	for _, path := range paths {
		changed = f.refreshFile(path, atOnce, &n) || changed
	}
	n.log(f.logger)
	return changed
}

// removeOthers removes the files that are gone, and reports whether any is.
func (f *files) removeOthers(t config.Targets, paths []string, atOnce bool) (changed bool) {
	gone := map[string]int{} // targets by path
	for path, read := range f.read {
		if slices.Contains(paths, path) {
			continue
		}
		if !read.CheckMissing(atOnce) {
			continue
		}
		delete(f.read, path)
		gone[path] = count(read.Content)
	}
	changed = len(gone) > 0
	if changed {
		f.logGone(t, gone)
	}
	return changed
}

// logGone logs which files are gone. If a pattern matches none any more, a volume may not be
// mounted.
func (f *files) logGone(t config.Targets, gone map[string]int) {
	for _, pattern := range t.Unmatched() {
		files, targets := 0, 0
		for path, had := range gone {
			if match, err := filepath.Match(filepath.Clean(pattern), path); err == nil && match {
				files, targets = files+1, targets+had
				delete(gone, path)
			}
		}
		if files > 0 {
			level.Warn(f.logger).Log("msg", "no target file matches the pattern anymore; its targets were removed",
				"pattern", pattern, "files", files, "targets_before", targets,
				"remedy", "check whether the volume is mounted and the files are in place; they are read again within seconds",
				"remedy_zh", "请检查卷是否已挂载、文件是否仍在原处；恢复后数秒内自动重读")
		}
	}
	rest := event{
		msg:     "target file is gone; its targets were removed",
		msgMany: "target files are gone; their targets were removed",
	}
	for _, path := range slices.Sorted(maps.Keys(gone)) {
		rest.add(path, gone[path])
	}
	rest.log(level.Info(f.logger))
}

// refreshFile reads a file if it has changed, and reports whether it has.
func (f *files) refreshFile(path string, atOnce bool, n *news) bool {
	read := f.read[path]
	if read == nil {
		read = reread.New(path, config.ReadTargetFile)
		f.read[path] = read
	}
	had := count(read.Content)
	found := read.Check(atOnce)
	if found.Err != nil {
		n.broken.addErr(found.Err)
	}
	if found.Recovered {
		n.right.add(path, 0)
	}
	if had > 0 && count(read.Content) == 0 {
		n.emptied.add(path, had)
	}
	return found.Read
}

func count(f config.TargetFile) int { return len(f.UserIDs) + len(f.MeetingIDs) + len(f.MeetingCodes) }
