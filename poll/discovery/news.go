// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"strings"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// shownFiles is of how many files at once each has a line of its own in the log. Of more, one line
// has the number and the first ones.
const shownFiles = 3

// news is what one look at the target files found.
type news struct{ broken, right, emptied event }

func (n *news) log(logger log.Logger) {
	n.broken.msg = "target file cannot be used; its last targets are kept"
	n.broken.msgMany = "target files cannot be used; their last targets are kept"
	n.broken.log(level.Error(logger))
	n.right.msg, n.right.msgMany = "target file can be used again", "target files can be used again"
	n.right.log(level.Info(logger))
	n.emptied.msg = "target file no longer names any targets"
	n.emptied.msgMany = "target files no longer name any targets"
	n.emptied.log(level.Warn(logger))
}

// An event is what happened to one or more target files.
type event struct {
	msg, msgMany string
	files        []string // or errors that name them
	targets      []int    // that each file had; nil: they stay
	errs         []error
}

func (e *event) add(path string, targets int) {
	e.files = append(e.files, path)
	e.targets = append(e.targets, targets)
}

func (e *event) addErr(err error) {
	first, _, _ := strings.Cut(err.Error(), "\n") // Each line is one problem of the file.
	e.files = append(e.files, first)
	e.errs = append(e.errs, err)
}

// log logs an event, unless nothing happened.
func (e *event) log(logger log.Logger) {
	if len(e.files) > shownFiles {
		e.logMany(logger)
		return
	}
	for i, file := range e.files {
		line := []any{"msg", e.msg}
		switch {
		case e.errs != nil:
			line = append(line, "err", e.errs[i])
		case e.targets[i] > 0:
			line = append(line, "file", file, "targets_before", e.targets[i])
		default:
			line = append(line, "file", file)
		}
		_ = logger.Log(line...)
	}
}

func (e *event) logMany(logger log.Logger) {
	line := []any{
		"msg", e.msgMany, "files", len(e.files), "first", strings.Join(e.files[:shownFiles], "; "),
	}
	total := 0
	for _, n := range e.targets {
		total += n
	}
	if total > 0 {
		line = append(line, "targets_before", total)
	}
	_ = logger.Log(line...)
}
