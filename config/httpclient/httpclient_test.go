// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package httpclient

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
)

// TestKeys compares the keys with the fields of the Prometheus module:
// when it gains one, names must too.
func TestKeys(t *testing.T) {
	t.Parallel()
	got := make(map[string]yamldoc.Kind)
	for kind, of := range names {
		for name := range strings.FieldsSeq(of) {
			if _, ok := got[name]; ok {
				t.Errorf("%s appears twice", name)
			}
			got[name] = kind
		}
	}
	want := keysOf(reflect.TypeFor[promconfig.HTTPClientConfig](), "")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys differ (-Prometheus +ours):\n%s", diff)
	}
}

// TestFilesOf compares the files that are checked with the keys that name one.
func TestFilesOf(t *testing.T) {
	t.Parallel()
	c := promconfig.HTTPClientConfig{
		BasicAuth:     &promconfig.BasicAuth{},
		Authorization: &promconfig.Authorization{},
		OAuth2:        &promconfig.OAuth2{},
		HTTPHeaders:   &promconfig.Headers{Headers: map[string]promconfig.Header{"*": {Files: []string{"x"}}}},
	}
	got := map[string]bool{}
	for _, f := range filesOf(&c) {
		got[strings.TrimSuffix(f.key, "[0]")] = true
	}
	want := map[string]bool{}
	for _, of := range names {
		for name := range strings.FieldsSeq(of) {
			if strings.HasSuffix(name, "_file") || strings.HasSuffix(name, ".files") {
				want[name] = true
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files differ (-keys +checked):\n%s", diff)
	}
}

// keysOf returns the keys that YAML has for a type, by their paths.
func keysOf(t reflect.Type, path string) map[string]yamldoc.Kind {
	switch t {
	case reflect.TypeFor[promconfig.URL](), reflect.TypeFor[promconfig.TLSVersion]():
		return map[string]yamldoc.Kind{path: yamldoc.Text}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return keysOf(t.Elem(), path)
	case reflect.String:
		return map[string]yamldoc.Kind{path: yamldoc.Text}
	case reflect.Bool:
		return map[string]yamldoc.Kind{path: yamldoc.Truth}
	case reflect.Slice:
		return map[string]yamldoc.Kind{path: yamldoc.List}
	case reflect.Interface:
		return map[string]yamldoc.Kind{path: yamldoc.Anything}
	case reflect.Map:
		return keysOf(t.Elem(), path+".*")
	}
	keys := make(map[string]yamldoc.Kind)
	for field := range t.Fields() {
		name, option, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		below := path
		if option != "inline" {
			below = strings.TrimPrefix(path+"."+name, ".")
		}
		if field.IsExported() {
			maps.Copy(keys, keysOf(field.Type, below))
		}
	}
	return keys
}
