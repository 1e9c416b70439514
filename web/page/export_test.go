// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

// For tests outside of the package.
var (
	FilterTexts = filterTexts
	FiltersHTML = filtersHTML
)
