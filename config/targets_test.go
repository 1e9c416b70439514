// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadTargetFile(t *testing.T) {
	t.Parallel()

	const id = " contains white space or a control character: write one ID for each entry"
	tests := []struct {
		name    string
		content string
		want    TargetFile
		wantErr string
	}{
		{
			name:    "YAML",
			content: "# Sales.\nuserids:\n- lisi\n- ' LiSi '\n- 007\n- a,b\nmeetingids: [hyA, hya]\nmeeting_codes: [123456789, 0123]\n",
			want: TargetFile{
				UserIDs:      []string{"lisi", "007", "a,b"},
				MeetingIDs:   []string{"hyA", "hya"},
				MeetingCodes: []string{"123456789", "0123"},
			},
		},
		{
			name:    "JSON",
			content: "{\n\t\"userids\": [\"lisi\", 7],\n\t\"meetingids\": [],\n\t\"meeting_codes\": null\n}\n",
			want:    TargetFile{UserIDs: []string{"lisi", "7"}},
		},
		{
			name:    "empty lists",
			content: "{}",
		},
		{
			name:    "byte order mark",
			content: "\ufeffuserids: [lisi]\r\n",
			want:    TargetFile{UserIDs: []string{"lisi"}},
		},
		{
			name:    "empty",
			wantErr: "$FILE: the file is empty: write userids, meetingids or meeting_codes",
		},
		{
			name:    "comment only",
			content: "# Sales.\n",
			wantErr: "$FILE: the file is empty: write userids, meetingids or meeting_codes",
		},
		{
			name:    "null",
			content: "null",
			wantErr: "$FILE: the file is empty: write userids, meetingids or meeting_codes",
		},
		{
			name:    "list",
			content: "- lisi\n",
			wantErr: "$FILE: line 1: a value of the wrong kind: write keys with values",
		},
		{
			name:    "half written",
			content: "userids: [lisi,",
			wantErr: "$FILE: not YAML: line 1: did not find expected node content",
		},
		{
			name:    "half written JSON",
			content: "{\"userids\": [\"lisi\", \"wan",
			wantErr: "$FILE: not YAML: found unexpected end of stream",
		},
		{
			name:    "unknown key",
			content: "users: [lisi]",
			wantErr: `$FILE: line 1: "users" is not a known key: use one of userids, meetingids, meeting_codes`,
		},
		{
			name:    "key twice",
			content: "userids: [lisi]\nuserids: [wangwu]",
			wantErr: "$FILE: line 2: the key userids appears twice: remove one",
		},
		{
			name:    "mapping in a list",
			content: "userids: [{lisi: wangwu}]",
			wantErr: "$FILE: userids[0] (line 1): a value of the wrong kind: write a single text or number",
		},
		{
			name:    "two documents",
			content: "userids: [lisi]\n---\nuserids: [wangwu]",
			wantErr: "$FILE: more than one YAML document: write one, without a line of three dashes in between",
		},
		{
			name:    "bad entries",
			content: "userids: [lisi, wangwu, 'zhao liu', '']\nmeetingids: [" + strings.Repeat("x", 129) + "]\nmeeting_codes: [\"1\\n2\"]",
			wantErr: "$FILE: userids[2] (line 1): \"zhao liu\"" + id +
				"\n$FILE: userids[3] (line 1): an empty entry: write an ID or remove the entry" +
				"\n$FILE: meetingids[0] (line 2): an entry of 129 bytes: write an ID of at most 128" +
				"\n$FILE: meeting_codes[0] (line 3): \"1\\n2\"" + id,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(writeFiles(t, map[string]string{"targets.yml": test.content}), "targets.yml")
			got, err := ReadTargetFile(path)
			wantErr := strings.ReplaceAll(test.wantErr, "$FILE", strconv.Quote(path))
			if err != nil || wantErr != "" {
				if err == nil || err.Error() != wantErr {
					t.Errorf("got the error %v, want %s", err, wantErr)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("targets differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadTargetFileMissing(t *testing.T) {
	t.Parallel()
	_, err := ReadTargetFile("testdata/targets/missing.yml")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestExpandFiles(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{
		"b.yml":      "",
		"a.yml":      "",
		"c.json":     "",
		"more.yml/d": "",
	})
	if err := os.Symlink("loop.yml", filepath.Join(dir, "loop.yml")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		files []string
		want  []string
	}{
		{
			name: "none",
		},
		{
			name:  "sorted, each once, no folders",
			files: []string{"$DIR/c.json", "$DIR/*.yml", "$DIR/./a.yml"},
			want:  []string{"$DIR/a.yml", "$DIR/b.yml", "$DIR/c.json", "$DIR/loop.yml"},
		},
		{
			name:  "missing file",
			files: []string{"$DIR/missing.yml"},
			want:  []string{"$DIR/missing.yml"},
		},
		{
			name:  "no match",
			files: []string{"$DIR/missing*.yml"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Targets{Files: inDir(dir, test.files)}.ExpandFiles()
			if err != nil {
				t.Fatal(err)
			}
			want := inDir(dir, test.want)
			if len(want) == 0 {
				want = nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("paths differ (-want +got):\n%s", diff)
			}
		})
	}

	t.Run("malformed", func(t *testing.T) {
		t.Parallel()
		if paths, err := (Targets{Files: []string{"["}}).ExpandFiles(); err == nil {
			t.Errorf("got %q, want an error", paths)
		}
	})
	t.Run("unreadable file that a pattern matches", func(t *testing.T) {
		t.Parallel()
		args := append([]string{"--target.file=" + dir + "/loop*"}, goodCorp...)
		cfg, err := parse(t, goodEnv, args...).Load()
		wantProblems(t, cfg, err, []string{
			"--target.file (or WECOM_RECORDING_EXPORTER_TARGET_FILE): the target file \"" + dir + "/loop.yml\" cannot be read (too many levels of symbolic links): name a readable file",
		})
	})
}

// TestPatternsWithoutFiles loads patterns that find nothing, or less than they should.
func TestPatternsWithoutFiles(t *testing.T) {
	t.Parallel()
	const (
		flag       = "--target.file (or WECOM_RECORDING_EXPORTER_TARGET_FILE): "
		unreadable = ": let the exporter read the folder, or correct the pattern; until then, targets are missing"
		loop       = "cannot be read (too many levels of symbolic links)"
	)
	dir := writeFiles(t, map[string]string{
		"a/x.yml":  "userids: [li]",
		"b/x.json": "{}",
		"file":     "",
	})
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		patterns []string
		want     []string
	}{
		{
			name:     "all find something",
			patterns: []string{"$DIR/a/*.yml", "$DIR/[ab]/x.*", "$DIR/a/x.yml", "$DIR/[abf]*/x.json"},
		},
		{
			name:     "a folder that is not there",
			patterns: []string{"$DIR/nope/*.yml"},
			want:     []string{"\"$DIR/nope/*.yml\"" + matchesNothing},
		},
		{
			name:     "a folder with other files",
			patterns: []string{"$DIR/a/x.yml", "$DIR/b/*.yml"},
			want:     []string{"\"$DIR/b/*.yml\"" + matchesNothing},
		},
		{
			name:     "a pattern of folders",
			patterns: []string{"$DIR/c*/*.yml", "$DIR/[a]/x.y?l"},
			want:     []string{"\"$DIR/c*/*.yml\"" + matchesNothing},
		},
		{
			name:     "nothing but folders",
			patterns: []string{"$DIR/[ab]"},
			want:     []string{"\"$DIR/[ab]\"" + matchesNothing},
		},
		{
			name:     "a folder that cannot be read",
			patterns: []string{"$DIR/loop/*.yml"},
			want:     []string{"the folder \"$DIR/loop\" " + loop + unreadable},
		},
		{
			name:     "one of several folders cannot be read",
			patterns: []string{"$DIR/[al]*/*.yml"},
			want:     []string{"the folder \"$DIR/loop\" " + loop + unreadable},
		},
		{
			name:     "a folder of folders cannot be read",
			patterns: []string{"$DIR/loop/[a]*/*.yml"},
			want:     []string{"the folder \"$DIR/loop\" " + loop + unreadable},
		},
		{
			name:     "a file in place of a folder",
			patterns: []string{"$DIR/file/*.yml"},
			want:     []string{"the folder \"$DIR/file\" cannot be read (not a directory)" + unreadable},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			args := slices.Clone(goodCorp)
			for _, pattern := range inDir(dir, test.patterns) {
				args = append(args, "--target.file="+pattern)
			}
			cfg, err := parse(t, goodEnv, args...).Load()
			if err != nil {
				t.Fatal(err)
			}
			want := []string{}
			for _, warning := range inDir(dir, test.want) {
				want = append(want, flag+warning)
			}
			if diff := cmp.Diff(want, english(t, cfg.Warnings)); diff != "" {
				t.Errorf("warnings differ (-want +got):\n%s", diff)
			}
			for i, err := range cfg.Corps[0].Targets.FolderErrors() {
				if got := flag + err.Error() + unreadable; i >= len(want) || got != want[i] {
					t.Errorf("error of a folder %s, want %q", got, want)
				}
			}
		})
	}
}

// TestMalformedPatterns loads patterns that can match nothing, whatever files there are.
func TestMalformedPatterns(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"[", "nope/[.yml", "nope/[]a].yml", "[a-/x.yml", "x/[b-a", "a*/[z", "targets/x\\", "[-]x"} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			cfg, err := parse(t, goodEnv, append([]string{"--target.file=" + pattern}, goodCorp...)...).Load()
			if err == nil || !strings.Contains(err.Error(), "is not a glob pattern") {
				t.Errorf("got %v and the error %v, want it refused", cfg.Warnings, err)
			}
		})
	}
}
