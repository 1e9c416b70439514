// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestKeys compares the keys of the parts of the files that have no type in the SDK,
// which are options of transformations and properties of columns, with
// testdata/keys.txt: those that were looked up in @grafana/schema 13.2.3. Look a new
// one up before you add it.
func TestKeys(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("testdata/keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	known, used := strings.Fields(string(list)), map[string]bool{}
	for _, d := range All() {
		content, err := os.ReadFile(d.File)
		if err != nil {
			t.Fatal(err)
		}
		var root any
		if err := json.Unmarshal(content, &root); err != nil {
			t.Fatal(err)
		}
		collectKeys(used, "", root)
	}
	maps.DeleteFunc(used, func(key string, _ bool) bool {
		return !strings.HasPrefix(key, "panels[].transformations[].options") &&
			!strings.HasPrefix(key, "panels[].fieldConfig.overrides[].properties[].value")
	})
	for key := range used {
		if !slices.Contains(known, key) {
			t.Errorf("%s is no known key", key)
		}
	}
	for _, key := range known {
		if !used[key] {
			t.Errorf("%s is known, and used no more: take it out", key)
		}
	}
}

// collectKeys adds the keys of a value as paths, with * for a key that is a name
// of something else.
func collectKeys(keys map[string]bool, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if strings.HasSuffix(path, ".indexByName") || strings.HasSuffix(path, ".properties[].value[].options") {
				key = "*"
			}
			at := strings.TrimPrefix(path+"."+key, ".")
			keys[at] = true
			collectKeys(keys, at, inner)
		}
	case []any:
		for _, inner := range v {
			collectKeys(keys, path+"[]", inner)
		}
	}
}
