// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package glob finds the files that a path or a glob pattern stands for.
package glob

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// HasMeta reports whether a path holds characters that make a pattern of it.
func HasMeta(path string) bool { return strings.ContainsAny(path, `*?[\`) }

// Expand returns the paths that a pattern stands for now: of files, not of folders. A
// path without glob characters stands for itself, even if there is no such file. It
// is an error if the pattern is malformed.
func Expand(pattern string) ([]string, error) {
	if !HasMeta(pattern) {
		return []string{filepath.Clean(pattern)}, nil
	}
	matches, err := filepath.Glob(pattern)
	if err != nil || !wellFormed(pattern) {
		return nil, bilingual.Errorf(
			"%s is not a glob pattern: close every [ with a ], and write \\[ for the character itself",
			"%s 不是通配模式：每个 [ 都要有对应的 ]；要匹配 [ 本身，请写作 \\[", fileerr.Quote(pattern))
	}
	var files []string
	for _, match := range matches {
		// A Kubernetes volume keeps its files once more in folders beside them.
		if info, err := os.Stat(match); err == nil && info.IsDir() {
			continue
		}
		files = append(files, filepath.Clean(match))
	}
	return files, nil
}

// ExpandAll returns the paths that any of the patterns stands for, sorted, each once.
func ExpandAll(patterns []string) ([]string, error) {
	var paths []string
	for _, pattern := range patterns {
		matches, err := Expand(pattern)
		if err != nil {
			return nil, err
		}
		paths = append(paths, matches...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// FolderErrors returns an error for each folder that Expand has to list and cannot,
// so that files in it are overlooked. A folder that does not exist holds no files,
// and is no error.
func FolderErrors(patterns ...string) []error {
	errs := make([]error, 0, len(patterns))
	for _, pattern := range patterns {
		errs = append(errs, folderErrors(pattern)...)
	}
	return errs
}

// folderErrors is FolderErrors for one pattern. Glob itself ignores such errors.
func folderErrors(pattern string) []error {
	var errs []error
	for HasMeta(pattern) {
		above := filepath.Dir(pattern)
		folders, isGlob := []string{above}, HasMeta(above)
		if isGlob {
			folders, _ = filepath.Glob(above) // The pattern was validated.
		}
		for _, folder := range folders {
			if info, err := os.Stat(folder); isGlob && err == nil && !info.IsDir() {
				continue // Glob goes into folders alone.
			}
			if err := list(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, bilingual.Errorf("the folder %s cannot be read (%w)", "无法读取目录 %s（%w）",
					fileerr.Quote(folder), fileerr.Cause(err)))
			}
		}
		pattern = above
	}
	return errs
}

// list returns an error if the files in a folder cannot be listed.
func list(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Readdirnames(1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
