// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

func steps(list ...dashboard.Threshold) *dashboard.ThresholdsConfigBuilder {
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(list)
}

// plain gives all values one color.
func plain(color string) *dashboard.ThresholdsConfigBuilder {
	return steps(dashboard.Threshold{Color: color})
}

// fromOne colors values from 1 on, and those below green.
func fromOne(color string) *dashboard.ThresholdsConfigBuilder {
	return steps(dashboard.Threshold{Color: "green"}, dashboard.Threshold{Color: color, Value: new(1.0)})
}

// rising colors values from bad on red, those from warning on orange and those below green.
func rising(warning, bad float64) *dashboard.ThresholdsConfigBuilder {
	return steps(
		dashboard.Threshold{Color: "green"},
		dashboard.Threshold{Color: "orange", Value: &warning},
		dashboard.Threshold{Color: "red", Value: &bad},
	)
}

// falling colors values below bad red, those below warning orange and the others green.
func falling(warning, bad float64) *dashboard.ThresholdsConfigBuilder {
	return steps(
		dashboard.Threshold{Color: "red"},
		dashboard.Threshold{Color: "orange", Value: &bad},
		dashboard.Threshold{Color: "green", Value: &warning},
	)
}

// words numbers mappings, which show words instead of values.
func words(list ...dashboard.ValueMapping) []dashboard.ValueMapping {
	for i, m := range list {
		index := int32(i)
		switch {
		case m.RangeMap != nil:
			m.RangeMap.Options.Result.Index = &index
		case m.SpecialValueMap != nil:
			m.SpecialValueMap.Options.Result.Index = &index
		}
	}
	return list
}

// between shows a word for the values of a span, both ends included.
func between(from, to *float64, color, word string) dashboard.ValueMapping {
	return dashboard.ValueMapping{RangeMap: &dashboard.RangeMap{
		Type: dashboard.MappingTypeRangeToText,
		Options: dashboard.DashboardRangeMapOptions{
			From:   from,
			To:     to,
			Result: dashboard.ValueMappingResult{Color: &color, Text: &word},
		},
	}}
}

// exactly shows a word for one value.
func exactly(value float64, color, word string) dashboard.ValueMapping {
	return between(&value, &value, color, word)
}

// noData shows a word for a value that is missing.
func noData(color, word string) dashboard.ValueMapping {
	return dashboard.ValueMapping{SpecialValueMap: &dashboard.SpecialValueMap{
		Type: dashboard.MappingTypeSpecialValue,
		Options: dashboard.DashboardSpecialValueMapOptions{
			Match:  dashboard.SpecialValueMatchNullAndNan,
			Result: dashboard.ValueMappingResult{Color: &color, Text: &word},
		},
	}}
}

// colored shows the values of a label in a color, with a word where it is given.
func colored(values map[string]dashboard.ValueMappingResult) dashboard.ValueMapping {
	return dashboard.ValueMapping{ValueMap: &dashboard.ValueMap{
		Type: dashboard.MappingTypeValueToText, Options: values,
	}}
}

// yesNo shows words instead of 1 and 0.
func yesNo(yes, no string) []dashboard.ValueMapping {
	return []dashboard.ValueMapping{exactly(1, "green", yes), exactly(0, "red", no)}
}

// never shows a word instead of the age of a timestamp that is 0.
func never(word string) dashboard.ValueMapping {
	return between(new(1e9), nil, "red", word)
}
