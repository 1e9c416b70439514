// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"slices"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// Merge returns each recording of the pages of a list once, as it came last, with its files of
// all pages: the first [wecom.MaxFiles], those of the last page first. Of files with the same ID it keeps
// the last. It may change what it is given.
func Merge(pages []wecom.Recording) []wecom.Recording {
	ids := make(map[string]struct{}, len(pages))
	for i := range pages {
		pages[i].Files = uniqueFiles(pages[i].Files)
		ids[pages[i].ID] = struct{}{}
	}
	if len(ids) == len(pages) {
		return pages // As a rule.
	}
	indexes := make(map[string][]int, len(ids))
	for i := range pages {
		id := pages[i].ID
		indexes[id] = append(indexes[id], i)
	}
	merged := make([]wecom.Recording, 0, len(ids))
	for i := range pages {
		if same := indexes[pages[i].ID]; same[0] == i {
			merged = append(merged, mergeSame(pages, same))
		}
	}
	return merged
}

// mergeSame returns the recording that is at the given indexes, with all of its files.
func mergeSame(pages []wecom.Recording, indexes []int) wecom.Recording {
	merged := pages[indexes[len(indexes)-1]]
	if len(indexes) == 1 {
		return merged
	}
	known := map[wecom.File]bool{}
	var files []wecom.File
	for _, i := range slices.Backward(indexes) {
		page := slices.DeleteFunc(pages[i].Files, func(f wecom.File) bool { return known[keyOf(f)] })
		// A page is bounded by itself, but a hostile list may have one recording on every page.
		files = append(files, page[:min(len(page), wecom.MaxFiles-len(files))]...)
		for _, f := range page {
			known[keyOf(f)] = true
		}
	}
	merged.Files = files
	return merged
}

// keyOf returns what files of one recording on several pages are compared by: their ID or, if
// they have none, everything.
func keyOf(f wecom.File) wecom.File {
	if f.ID != "" {
		return wecom.File{ID: f.ID}
	}
	return f
}

// uniqueFiles keeps the first of several files with the same ID on one page. Files without an
// ID are all kept, since each takes space.
func uniqueFiles(files []wecom.File) []wecom.File {
	if len(files) < 2 {
		return files
	}
	known := make(map[string]bool, len(files))
	return slices.DeleteFunc(files, func(f wecom.File) bool {
		if f.ID == "" {
			return false
		}
		duplicate := known[f.ID]
		known[f.ID] = true
		return duplicate
	})
}
