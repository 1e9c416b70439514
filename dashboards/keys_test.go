// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestKeys compares the keys of the files with testdata/keys.txt, the keys of
// classic dashboards that were looked up in @grafana/schema 13.2.3. That list is
// not made from the model, so a key that the model spells wrongly is not in it.
// Look a new one up before you add it.
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
			if strings.HasSuffix(path, ".indexByName") || strings.HasSuffix(path, ".mappings[].options") {
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
