// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
)

// serviceVariable matches the variables that Kubernetes sets in each pod for a
// Service whose name begins like the program's.
//
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
var serviceVariable = regexp.MustCompile(`^` + VariablePrefix +
	`(.*_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// CheckVariables returns an error with a line for each variable that begins with
// VariablePrefix and is that of no flag: its name is likely misspelled, and it
// would have no effect. Variables are given as os.Environ returns them, and flags
// by their names without dashes.
func CheckVariables(environ, flags []string) error {
	var known []string
	for _, flag := range flags {
		known = append(known, Variable(flag))
	}
	for _, s := range settings() {
		if twin := s.twin(); twin != "" && !slices.Contains(known, twin) {
			known = append(known, twin)
		}
	}
	var p problems
	for _, variable := range slices.Sorted(slices.Values(environ)) {
		// The value is never shown, since it may be a secret.
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, VariablePrefix) && !slices.Contains(known, name) && !serviceVariable.MatchString(name) {
			p.addf("%s in the environment matches no flag: correct it or remove it; the closest variable is %s",
				"环境变量 %s 不对应任何参数：请更正或去掉；最接近的是 %s",
				name, Nearest(name, known))
		}
	}
	return p.err()
}

// Nearest returns the one of some names that a misspelled one was likely meant to be, however far
// it is.
func Nearest(name string, names []string) string { return yamldoc.Nearest(name, names, math.MaxInt-1) }

// shortPrefix begins the short names of variables, and names of variables of other programs.
const shortPrefix = "WECOM_"

var variableName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// A misspelling is a variable that is set, and the short name that it is closest to.
type misspelling struct{ name, meant string }

// misspelled returns the variables that begin with shortPrefix, are none that the exporter
// reads, and have a name close to a short one, in the order of their names. Variables are given
// as os.Environ returns them; their values are not used, since they may be secrets. Other
// programs may have such variables too, so that none of them is a problem by itself.
func misspelled(environ []string) []misspelling {
	all := settings()
	short, long := make([]string, 0, len(all)), make([]string, 0, 2*len(all))
	for _, s := range all {
		if s.env != "" {
			short = append(short, s.env)
		}
		long = append(long, s.variable(), s.twin())
	}
	var found []misspelling
	for _, variable := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(variable, "=")
		// Without the long prefix, WECOM_CORP_NAME is a flag that has no short name.
		isFlag := slices.Contains(long, VariablePrefix+name)
		if value == "" || isFlag || !strings.HasPrefix(name, shortPrefix) || strings.HasPrefix(name, VariablePrefix) ||
			!variableName.MatchString(name) {
			continue
		}
		if meant := yamldoc.Nearest(name, short, len(name)/3); meant != "" {
			found = append(found, misspelling{name, meant})
		}
	}
	return found
}
