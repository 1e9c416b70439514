// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"fmt"
	"testing"
)

func TestClassOf(t *testing.T) {
	t.Parallel()
	code := func(code int64) error { return &APIError{Code: code} }
	for name, test := range map[string]struct {
		err  error
		want Class
	}{
		"an errcode of a target":       {err: code(60111), want: ClassTarget},
		"an errcode of the token":      {err: code(42001), want: ClassToken},
		"a busy WeCom":                 {err: code(-1), want: ClassRetryable},
		"a frequency limit":            {err: code(45009), want: ClassBlocked},
		"too many calls at once":       {err: code(45033), want: ClassConcurrency},
		"an errcode of the corp":       {err: code(60020), want: ClassCorp},
		"an unknown errcode":           {err: code(999999), want: ClassTarget},
		"a wrapped errcode":            {err: fmt.Errorf("page 1: %w", code(60020)), want: ClassCorp},
		"no token, whatever the cause": {err: &TokenError{Err: code(60111)}, want: ClassCorp},
		"a chain that does not end":    {err: &ChainError{Anomaly: PageLimit}, want: ClassTarget},
		"no valid response":            {err: &ResponseError{Kind: KindDecode}, want: ClassRetryable},
		"any other error":              {err: context.Canceled, want: ClassRetryable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ClassOf(test.err); got != test.want {
				t.Errorf("class %v, want %v", got, test.want)
			}
		})
	}
}

func TestArgumentErrorsConcernTheTarget(t *testing.T) {
	t.Parallel()
	for _, code := range []int64{40058, 40063, 41009, 400038, 730005, 730010, 730011, 999999, -999} {
		if got := ClassOf(fmt.Errorf("page 2: %w", &APIError{Endpoint: listEndpoint, Code: code})); got != ClassTarget {
			t.Errorf("errcode %d is of class %v, want %v", code, got, ClassTarget)
		}
	}
	for _, code := range []int64{48002, 60020, 301002, 41001} {
		if got := ClassOf(&APIError{Endpoint: listEndpoint, Code: code}); got != ClassCorp {
			t.Errorf("errcode %d is of class %v, want %v", code, got, ClassCorp)
		}
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	for class, test := range map[Class]struct {
		text     string
		corpWide bool
	}{
		ClassTarget:      {text: "target"},
		ClassToken:       {text: "token", corpWide: true},
		ClassRetryable:   {text: "retryable"},
		ClassBlocked:     {text: "blocked"},
		ClassConcurrency: {text: "concurrency"},
		ClassCorp:        {text: "corp", corpWide: true},
		Class(-1):        {text: "unknown"},
	} {
		if got := class.String(); got != test.text {
			t.Errorf("class %d is %q, want %q", int(class), got, test.text)
		}
		if got := class.CorpWide(); got != test.corpWide {
			t.Errorf("class %v is corp-wide: %t, want %t", class, got, test.corpWide)
		}
	}
}
