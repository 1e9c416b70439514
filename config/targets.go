// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxUserIDBytes is the longest userid that WeCom gives.
	//
	// https://developer.work.weixin.qq.com/document/path/90195
	maxUserIDBytes = 64

	// maxMeetingIDBytes bounds meeting IDs and codes, for which WeCom documents
	// no limit.
	maxMeetingIDBytes = 128

	// globMeta are the characters that make a pattern of a path.
	globMeta = `*?[\`
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

// targetFileText is a target file as the user wrote it.
type targetFileText struct {
	UserIDs      []string `yaml:"userids"`
	MeetingIDs   []string `yaml:"meetingids"`
	MeetingCodes []string `yaml:"meeting_codes"`
}

// ReadTargetFile reads a file of targets, YAML or JSON, with the keys userids,
// meetingids and meeting_codes. An error holds one line for each problem, which
// names the file and the entry. A file without content is an error, because it
// is rather half written than meant; empty lists are fine.
func ReadTargetFile(path string) (TargetFile, error) {
	var p problems
	t := p.targetFile(path, path)
	return t, p.err()
}

func (p *problems) targetFile(where, path string) TargetFile {
	content, err := os.ReadFile(path)
	if err != nil {
		p.addf("%s: the target file cannot be read (%w): name a readable file", where, cause(err))
		return TargetFile{}
	}
	var text *targetFileText
	if !p.decode(where, content, &text) {
		return TargetFile{}
	}
	if text == nil {
		p.addf("%s: the file is empty: write userids, meetingids or meeting_codes", where)
		return TargetFile{}
	}
	return p.ids(func(key string) string { return where + ": " + key }, *text)
}

// cause leaves out the path, which the caller writes in its own place.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// ExpandFiles returns the paths that Files stand for, sorted, each once. A path
// without glob characters is returned even if there is no such file, so that
// reading it tells; a pattern stands for the files, not the folders, that match
// it now. An error tells of a malformed pattern.
func (t Targets) ExpandFiles() ([]string, error) {
	var paths []string
	for _, pattern := range t.Files {
		matches, err := expandFile(pattern)
		if err != nil {
			return nil, err
		}
		paths = append(paths, matches...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

func expandFile(pattern string) ([]string, error) {
	if !strings.ContainsAny(pattern, globMeta) {
		return []string{filepath.Clean(pattern)}, nil
	}
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("%q is not a glob pattern: close every [ with a ]", pattern)
	}
	var files []string
	for _, match := range matches {
		// A Kubernetes volume keeps its files once more in folders beside them.
		if info, err := os.Stat(match); err == nil && info.IsDir() {
			continue
		}
		files = append(files, filepath.Clean(match))
	}
	return files, nil
}

func (p *problems) targets(at place, text targetsText) Targets {
	ids := p.ids(func(key string) string { return at("targets." + key) }, text.targetFileText)
	t := Targets{
		UserIDs:      ids.UserIDs,
		MeetingIDs:   ids.MeetingIDs,
		MeetingCodes: ids.MeetingCodes,
		Files:        text.Files,
	}
	for i, pattern := range text.Files {
		p.targetPattern(at("targets.files["+strconv.Itoa(i)+"]"), pattern)
	}
	for i, word := range text.Discover {
		switch word {
		case "members":
			t.DiscoverMembers = true
		case "activity":
			t.DiscoverActivity = true
		default:
			p.addf("%s: %q is not known: write members or activity", at("targets.discover["+strconv.Itoa(i)+"]"), word)
		}
	}
	if text.empty() {
		p.addf("%s: no target and no discovery: give at least one", at("targets"))
	}
	return t
}

// targetPattern refuses what the user can only have meant otherwise. A broken
// file that a pattern matches is left to whoever reads it later, because it may
// be in the making.
func (p *problems) targetPattern(where, pattern string) {
	if pattern == "" {
		p.addf("%s: an empty path: write the path of a target file", where)
		return
	}
	paths, err := expandFile(pattern)
	if err != nil {
		p.addf("%s: %w", where, err)
		return
	}
	if !strings.ContainsAny(pattern, globMeta) {
		p.targetFile(where+": "+pattern, pattern)
		return
	}
	for _, path := range paths {
		if _, err := os.ReadFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			p.addf("%s: %s: the target file cannot be read (%w): make it readable, or narrow the pattern", where, path, cause(err))
		}
	}
}

func (p *problems) ids(at place, text targetFileText) TargetFile {
	return TargetFile{
		UserIDs:      p.idList(at, "userids", text.UserIDs, maxUserIDBytes, strings.ToLower),
		MeetingIDs:   p.idList(at, "meetingids", text.MeetingIDs, maxMeetingIDBytes, strings.Clone),
		MeetingCodes: p.idList(at, "meeting_codes", text.MeetingCodes, maxMeetingIDBytes, strings.Clone),
	}
}

// idList returns the IDs whose folded forms differ, in the first spelling.
func (p *problems) idList(at place, key string, texts []string, maxBytes int, fold func(string) string) []string {
	var ids []string
	seen := make(map[string]bool, len(texts))
	for i, text := range texts {
		id := strings.TrimSpace(text)
		where := func() string { return at(key + "[" + strconv.Itoa(i) + "]") }
		switch {
		case id == "":
			p.addf("%s: an empty entry: write an ID or remove the entry", where())
		case len(id) > maxBytes:
			p.addf("%s: an entry of %d bytes: write an ID of at most %d", where(), len(id), maxBytes)
		case !utf8.ValidString(id):
			p.addf("%s: %q is not UTF-8: write an ID that is", where(), id)
		case strings.ContainsFunc(id, isSpaceOrControl):
			p.addf("%s: %q holds white space or a control character: write one ID for each entry", where(), id)
		case !seen[fold(id)]:
			seen[fold(id)] = true
			ids = append(ids, id)
		}
	}
	return ids
}
