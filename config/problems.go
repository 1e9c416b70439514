// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
)

// maxProblems bounds an error: more problems than this likely have one cause.
const maxProblems = 20

// problems collects everything that is wrong with a configuration, so that the
// user can correct all of it at once.
type problems struct {
	errs []error
	// warnings are about what may be right, and is worth a look.
	warnings []string
}

// addf adds a problem. It takes %w as fmt.Errorf does.
func (p *problems) addf(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

// err returns all problems, one a line, or nil.
func (p *problems) err() error {
	if len(p.errs) <= maxProblems {
		return errors.Join(p.errs...)
	}
	return errors.Join(append(p.errs[:maxProblems:maxProblems],
		fmt.Errorf("and %d more problems: put these right first", len(p.errs)-maxProblems))...)
}
