// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import "slices"

// A Choice is a filter with the choices yes, no and all.
type Choice struct {
	Name, Text string
	Yes, No    bool // the choice; neither means all
}

// NewChoice returns the filter of a parameter.
func NewChoice(name, text string, asked *bool) Choice {
	return Choice{
		Name: name,
		Text: text,
		Yes:  asked != nil && *asked,
		No:   asked != nil && !*asked,
	}
}

// Field returns the filter in the words for yes and no.
func (c *Choice) Field(yes, no string) FilterField {
	f := FilterField{Name: c.Name, Label: c.Text}
	switch {
	case c.Yes:
		f.Value = yes
	case c.No:
		f.Value = no
	}
	return f
}

// WithAsked returns the choices for the name of a corp: those that there are, and the one that
// was asked for. Without it, the form would ask for all.
func WithAsked(corps []string, asked string) []string {
	if asked == "" || slices.Contains(corps, asked) {
		return corps
	}
	return append(slices.Clip(corps), asked)
}
