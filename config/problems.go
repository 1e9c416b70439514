// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// maxProblems bounds an error: more problems than this likely have one cause.
const maxProblems = 20

// problems collects everything that is wrong with a configuration, so that the
// user can correct all of it at once.
type problems struct {
	errs []error
	// warnings are about what may be right, and is worth a look.
	warnings []bilingual.Text
}

// add adds a problem of what is named.
func (p *problems) add(where bilingual.Text, err error) {
	p.errs = append(p.errs, bilingual.At(where, err))
}

// addAll adds problems of what is named.
func (p *problems) addAll(where bilingual.Text, errs []error) {
	for _, err := range errs {
		p.add(where, err)
	}
}

// addf adds a problem in both languages, as bilingual.Errorf does.
func (p *problems) addf(english, chinese string, args ...any) {
	p.errs = append(p.errs, bilingual.Errorf(english, chinese, args...))
}

// err returns all problems, one a line, or nil.
func (p *problems) err() error {
	if len(p.errs) <= maxProblems {
		return errors.Join(p.errs...)
	}
	return errors.Join(append(p.errs[:maxProblems:maxProblems],
		bilingual.Errorf("and %d more problems: fix these first", "另有 %d 个问题：请先更正以上问题", len(p.errs)-maxProblems))...)
}
