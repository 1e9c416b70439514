// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// targetFiles reads the target files of a corp again when they change. A file
// that cannot be read keeps the targets that it last had. It is not safe for
// concurrent use.
type targetFiles struct {
	logger log.Logger
	read   map[string]*readFile // by path
	globs  error                // of the last expansion
}

// A readFile is what a target file held when it was last right.
type readFile struct {
	content  config.TargetFile
	modified time.Time
	size     int64
	err      error // of the last reading
}

func newTargetFiles(logger log.Logger) *targetFiles {
	return &targetFiles{logger: logger, read: map[string]*readFile{}}
}

// merge returns the configured targets, those of the files as they were last
// read, and the users found, each once. User IDs are the same whatever the case
// of their letters.
func (f *targetFiles) merge(t config.Targets, found []string) []wecom.Target {
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
	list.add(wecom.ByUserID, found)
	return list.targets
}

// refresh reads the files that have changed, and tells whether any has.
func (f *targetFiles) refresh(t config.Targets) (changed bool) {
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

// refreshFile reads a file if it has changed, and tells whether it holds
// anything new.
func (f *targetFiles) refreshFile(path string) bool {
	read := f.read[path]
	if read == nil {
		read = &readFile{}
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
		level.Error(f.logger).Log("msg", "target file cannot be used; keeping the targets that it last had", "err", err)
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

func unchanged(info fs.FileInfo, last *readFile) bool {
	return info.ModTime().Equal(last.modified) && info.Size() == last.size
}

// A targetList collects targets, each once.
type targetList struct {
	targets []wecom.Target
	seen    map[wecom.Target]bool
}

func (l *targetList) add(selector wecom.Selector, ids []string) {
	if l.seen == nil {
		l.seen = map[wecom.Target]bool{}
	}
	for _, id := range ids {
		t := wecom.Target{Selector: selector, ID: id}
		key := t
		if selector == wecom.ByUserID {
			key.ID = strings.ToLower(id)
		}
		if !l.seen[key] {
			l.seen[key] = true
			l.targets = append(l.targets, t)
		}
	}
}
