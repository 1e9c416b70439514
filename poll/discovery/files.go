// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// files reads the target files of a corp again when they change. A file that cannot be
// used keeps the targets that it last had. A file is read when it was the same for two
// looks, since it may be half written; and it is gone when it was missing for two. It is not
// safe for concurrent use.
type files struct {
	logger log.Logger
	read   map[string]*file // by path; nil: none was looked for
	errs   string           // of the last look for files
}

// A file is what a target file held when it could last be used.
type file struct {
	content config.TargetFile
	info    fs.FileInfo // when it was last read
	seen    fs.FileInfo // at the last look; nil: missing
	err     error       // of the last reading
}

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
		content := f.read[path].content
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
			level.Warn(f.logger).Log("msg", "cannot look for target files; keeping those known", "err", err)
		}
		f.errs = err.Error()
	} else {
		f.errs = ""
		changed = f.removeOthers(paths, atOnce)
	}
	for _, path := range paths {
		changed = f.refreshFile(path, atOnce) || changed
	}
	return changed
}

// removeOthers removes the files that are gone, and reports whether any is.
func (f *files) removeOthers(paths []string, atOnce bool) (changed bool) {
	for path, read := range f.read {
		if slices.Contains(paths, path) {
			continue
		}
		if !atOnce && read.seen != nil {
			read.seen = nil
			continue
		}
		delete(f.read, path)
		changed = true
		level.Info(f.logger).Log("msg", "target file is gone, and its targets with it", "file", path)
	}
	return changed
}

// refreshFile reads a file if it has changed, and reports whether it has.
func (f *files) refreshFile(path string, atOnce bool) bool {
	read := f.read[path]
	if read == nil {
		read = &file{}
		f.read[path] = read
	}
	info, err := os.Stat(path)
	var content config.TargetFile
	if err == nil {
		settled := isSame(info, read.seen)
		read.seen = info
		if !atOnce && (!settled || read.err == nil && isSame(info, read.info)) {
			return false
		}
		content, err = config.ReadTargetFile(path)
	}
	switch {
	case err != nil && (read.err == nil || read.err.Error() != err.Error()):
		level.Error(f.logger).Log("msg", "target file cannot be used; keeping the targets that it last had",
			"err", err)
	case err == nil && read.err != nil:
		level.Info(f.logger).Log("msg", "target file is right again", "file", path)
	}
	read.err = err
	if err != nil {
		return false
	}
	if had := count(read.content); had > 0 && count(content) == 0 {
		level.Warn(f.logger).Log("msg", "target file names no target any more", "file", path, "targets_before", had)
	}
	read.content, read.info = content, info
	return true
}

func count(f config.TargetFile) int { return len(f.UserIDs) + len(f.MeetingIDs) + len(f.MeetingCodes) }

// isSame reports whether a file is that of an earlier look, which may be nil, and has not
// changed since.
func isSame(now, before fs.FileInfo) bool {
	return before != nil && os.SameFile(now, before) &&
		now.ModTime().Equal(before.ModTime()) && now.Size() == before.Size()
}
