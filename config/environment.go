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
			p.addf("%s in the environment belongs to no flag: correct it or remove it; the nearest variable is %s",
				"环境变量 %s 不对应任何参数：请更正或去掉；最接近的是 %s",
				name, yamldoc.Nearest(name, known, math.MaxInt-1))
		}
	}
	return p.err()
}
