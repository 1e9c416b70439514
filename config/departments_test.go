// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const departmentsFlag = "--metrics.departments (or WECOM_RECORDING_EXPORTER_METRICS_DEPARTMENTS): "

// TestDepartments gives the flag and the variable in each way.
func TestDepartments(t *testing.T) {
	members := []string{"--target.discover=members", "--wecom.agent-id=1000002"}
	for _, test := range []struct {
		name     string
		variable string
		args     []string
		want     bool
		wantErr  string
	}{
		{
			name: "left out",
			args: members,
		},
		{
			name: "the flag",
			args: append([]string{"--metrics.departments"}, members...),
			want: true,
		},
		{
			name:     "the variable",
			variable: "true",
			args:     members,
			want:     true,
		},
		{
			name:     "the variable as a number",
			variable: "1",
			args:     members,
			want:     true,
		},
		{
			name:     "the flag against the variable",
			variable: "true",
			args:     append([]string{"--no-metrics.departments"}, members...),
		},
		{
			name:     "no truth",
			variable: "sometimes",
			args:     members,
			wantErr:  departmentsFlag + `"sometimes" is not accepted: use true or false`,
		},
		{
			name:    "without a host label",
			args:    append([]string{"--metrics.departments", "--metrics.host-label=off"}, members...),
			wantErr: departmentsFlag + "departments need the host label: remove the flag, or set --metrics.host-label to plain or hashed",
		},
		{
			name: "left out without a host label",
			args: append([]string{"--metrics.host-label=off"}, members...),
		},
		{
			name: "without discovery",
			args: []string{"--metrics.departments", "--target.userid=lisi"},
			wantErr: departmentsFlag + "departments are known only for discovered members: add members to " +
				"--target.discover (or WECOM_RECORDING_EXPORTER_TARGET_DISCOVER), or remove the flag",
		},
		{
			name: "with discovery of activity alone",
			args: []string{"--metrics.departments", "--target.discover=activity"},
			wantErr: departmentsFlag + "departments are known only for discovered members: add members to " +
				"--target.discover (or WECOM_RECORDING_EXPORTER_TARGET_DISCOVER), or remove the flag",
		},
		{
			name: "without an agent ID",
			args: []string{"--metrics.departments", "--target.discover=members"},
			wantErr: "--target.discover (or WECOM_RECORDING_EXPORTER_TARGET_DISCOVER): members needs the agent ID of the app: " +
				"set --wecom.agent-id (or WECOM_AGENT_ID), or leave members out",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("WECOM_API_SECRET", "the secret")
			if test.variable != "" {
				t.Setenv("WECOM_RECORDING_EXPORTER_METRICS_DEPARTMENTS", test.variable)
			}
			c, err := parse(t, nil, append(test.args, goodCorp...)...).Load()
			if err != nil || test.wantErr != "" {
				if err == nil || err.Error() != test.wantErr {
					t.Errorf("error\n got %v\nwant %s", err, test.wantErr)
				}
				return
			}
			if c.Metrics.Departments != test.want {
				t.Errorf("departments: %t, want %t", c.Metrics.Departments, test.want)
			}
		})
	}
}

// TestDepartmentsOfFile has two corps in a file, with the flag.
func TestDepartmentsOfFile(t *testing.T) {
	t.Parallel()
	const discovers, names = "agent_id: 7, targets: {discover: [members]}", "targets: {userids: [lisi]}"
	for _, test := range []struct {
		name      string
		acme      string
		globex    string
		wantErr   string
		wantWarns []string
	}{
		{
			name:   "both discover members",
			acme:   discovers,
			globex: discovers,
		},
		{
			name:   "one of them does",
			acme:   discovers,
			globex: names,
			wantWarns: []string{departmentsFlag + "departments are known only for discovered members: add members to " +
				`corps[1].targets.discover in "$DIR/c.yml" to get them for these corps too`},
		},
		{
			name:   "none does",
			acme:   names,
			globex: names,
			wantErr: departmentsFlag + "departments are known only for discovered members: add members to " +
				`corps[0].targets.discover or corps[1].targets.discover in "$DIR/c.yml", or remove the flag`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := writeFiles(t, map[string]string{
				"secret": "the secret",
				"c.yml": "corps:\n- {name: acme, corp_id: ww0, api_secret_file: secret, " + test.acme + "}\n" +
					"- {name: globex, corp_id: ww1, api_secret_file: secret, " + test.globex + "}\n",
			})
			c, err := parse(t, map[string]string{}, "--config.file="+dir+"/c.yml", "--metrics.departments").Load()
			if err != nil || test.wantErr != "" {
				if want := strings.ReplaceAll(test.wantErr, "$DIR", dir); err == nil || err.Error() != want {
					t.Errorf("error\n got %v\nwant %s", err, want)
				}
				return
			}
			if diff := cmp.Diff(inDir(dir, test.wantWarns), english(t, c.Warnings)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// A demo discovers members unless the user names targets.
func TestDepartmentsOfADemo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target  []string
		refused bool
	}{
		{},
		{target: []string{"--target.discover=members"}},
		{target: []string{"--target.userid=lisi"}, refused: true},
	} {
		c, err := parse(t, map[string]string{}, append(test.target, "--metrics.departments")...).LoadSimulated(simulation)
		if (err != nil) != test.refused || err == nil && !c.Metrics.Departments {
			t.Errorf("%q: error %v, want one: %t", test.target, err, test.refused)
		}
	}
}

func TestDepartmentNames(t *testing.T) {
	t.Parallel()
	const (
		at     = `"$DIR/c.yml": corps[0].departments`
		noID   = "the department is not a whole number above zero: write its ID, such as 2"
		noName = "no name: write one, or leave the department out to show its number"
		noUTF8 = `"\xff" is not UTF-8: write a name that is`
	)
	for _, test := range []struct {
		name    string
		yaml    string
		want    map[int64]string
		wantErr []string
	}{
		{
			name: "none",
			yaml: "{}",
		},
		{
			name: "null",
			yaml: "",
		},
		{
			name: "texts and numbers",
			yaml: "{2: 销售部, '3': \"R&D\", 9223372036854775807: 1.50}",
			want: map[int64]string{2: "销售部", 3: "R&D", 9223372036854775807: "1.50"},
		},
		{
			name: "two of one name",
			yaml: "{2: Sales, 3: Sales}",
			want: map[int64]string{2: "Sales", 3: "Sales"},
		},
		{
			name:    "no IDs",
			yaml:    "{sales: Sales, 0: x, -1: x, 1.5: x, 02: x, +3: x, 9223372036854775808: x}",
			wantErr: []string{`."+3" (line 3): ` + noID, ".-1 (line 3): " + noID, ".0 (line 3): " + noID, `.02 (line 3): ` + noID, `."1.5" (line 3): ` + noID, ".9223372036854775808 (line 3): " + noID, ".sales (line 3): " + noID},
		},
		{
			name:    "no names",
			yaml:    "{2: ,\n 3: '',\n 4: ' '}",
			wantErr: []string{".2 (line 3): " + noName, ".3 (line 4): " + noName, ".4 (line 5): " + noName},
		},
		{
			name:    "no UTF-8",
			yaml:    "{2: !!binary /w==}",
			wantErr: []string{".2 (line 3): " + noUTF8},
		},
		{
			name:    "a department twice",
			yaml:    "{2: x, 2: y}",
			wantErr: []string{" (line 3): the key 2 appears twice: remove one"},
		},
		{
			name:    "a list as a name",
			yaml:    "{2: [x]}",
			wantErr: []string{".2 (line 3): a value of the wrong kind: write a single text or number"},
		},
		{
			name:    "a list",
			yaml:    "[x]",
			wantErr: []string{" (line 3): a value of the wrong kind: write keys with values"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := writeFiles(t, map[string]string{
				"secret": "the secret",
				"c.yml": "corps:\n- {name: acme, corp_id: ww0, api_secret_file: secret, targets: {userids: [lisi]},\n" +
					"   departments: " + test.yaml + "}\n",
			})
			c, err := parse(t, map[string]string{}, "--config.file="+dir+"/c.yml").Load()
			if err != nil || test.wantErr != nil {
				want := make([]string, 0, len(test.wantErr))
				for _, line := range test.wantErr {
					want = append(want, strings.ReplaceAll(at, "$DIR", dir)+line)
				}
				got := []string{}
				if err != nil {
					got = strings.Split(err.Error(), "\n")
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("errors (-want +got):\n%s", diff)
				}
				return
			}
			if diff := cmp.Diff(test.want, c.Corps[0].Departments); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}
