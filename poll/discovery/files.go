// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// files reads the target files of a corp again when they change. A file that cannot be
// used keeps the targets that it last had. It is not safe for concurrent use.
type files struct {
	logger log.Logger
	read   map[string]*file // by path
	globs  error            // of the last expansion
}

// A file is what a target file held when it could last be used.
type file struct {
	content  config.TargetFile
	modified time.Time
	size     int64
	err      error // of the last reading
}

func newFiles(logger log.Logger) *files {
	return &files{logger: logger, read: map[string]*file{}}
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

// refresh reads the files that have changed, and reports whether any has.
func (f *files) refresh(t config.Targets) (changed bool) {
	paths, err := t.ExpandFiles()
	if err != nil {
		if f.globs == nil {
			level.Error(f.logger).Log("msg", "cannot look for target files; keeping those known", "err", err)
		}
		f.globs = err
		return false
	}
	f.globs = nil
	for path := range f.read {
		if !slices.Contains(paths, path) {
			delete(f.read, path)
			changed = true
			level.Info(f.logger).Log("msg", "target file is gone, and its targets with it", "file", path)
		}
	}
	for _, path := range paths {
		changed = f.refreshFile(path) || changed
	}
	return changed
}

// refreshFile reads a file if it has changed, and reports whether it has.
func (f *files) refreshFile(path string) bool {
	read := f.read[path]
	if read == nil {
		read = &file{}
		f.read[path] = read
	}
	info, err := os.Stat(path)
	var content config.TargetFile
	if err == nil {
		if read.err == nil && unchanged(info, read) {
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
	read.content, read.modified, read.size = content, info.ModTime(), info.Size()
	return true
}

func unchanged(info fs.FileInfo, last *file) bool {
	return info.ModTime().Equal(last.modified) && info.Size() == last.size
}
