// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	picturesFolder = "../docs/images"
	// mostPictureBytes keeps a page of documents light on a slow line.
	mostPictureBytes = 200_000
	// picturedChanges is how many changes the demo has made when the pictures are taken.
	picturedChanges = 3
	// pictureScale is how many pixels of a picture are one of the window, for screens of fine pixels.
	pictureScale = 1.5
)

// A picture is one of the documents: a page of the demo in a window.
type picture struct {
	name, path, scheme string
	width, height      int
}

var pictures = []picture{
	{name: "overview", path: "/?lang=en", scheme: "light", width: 1100, height: 640},
	{name: "overview.zh-CN", path: "/?lang=zh", scheme: "light", width: 1100, height: 640},
	{name: "recordings", path: "/recordings?lang=en", scheme: "light", width: 1100, height: 640},
	{name: "recordings.zh-CN", path: "/recordings?lang=zh", scheme: "light", width: 1100, height: 640},
	{name: "phone", path: "/?lang=en", scheme: "dark", width: 400, height: 800},
	{name: "phone.zh-CN", path: "/?lang=zh", scheme: "dark", width: 400, height: 800},
}

// TestPictures takes the pictures of the documents, into PICTURES if that names a folder. Those that
// the documents have must be there, and light.
func TestPictures(t *testing.T) {
	t.Parallel()
	folder, changes := os.Getenv("PICTURES"), picturedChanges
	if folder == "" {
		folder, changes = t.TempDir(), 0
	}
	x := run(t, nil, "demo", "--web.enable-recordings", "--wecom.statistics", "--metrics.departments")
	x.awaitStatus(t, "/-/ready", 200)
	eventually(t, 3*time.Minute, func() error {
		if n := strings.Count(string(x.get(t, "/api/v1/changes").body), `"number":`); n < changes {
			return fmt.Errorf("%d changes, want %d", n, changes)
		}
		return nil
	})
	names := make([]string, 0, len(pictures))
	for _, shot := range pictures {
		p := newPhone(t, shot.width, shot.scheme)
		p.open(t, x.url+shot.path)
		taken := p.takePicture(t, shot.width, shot.height)
		file := shot.name + ".webp"
		if err := os.WriteFile(filepath.Join(folder, file), taken, 0o600); err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(filepath.Join(picturesFolder, file))
		if err != nil || len(kept) > mostPictureBytes || len(kept) < len(taken)/2 {
			t.Errorf("%s has %d bytes, want about %d and %d at the most: take the pictures with make pictures: %v",
				file, len(kept), len(taken), mostPictureBytes, err)
		}
		names = append(names, file)
	}
	if kept, err := os.ReadDir(picturesFolder); err != nil || len(kept) != len(names) {
		t.Errorf("%s has %d files, want %d: %v", picturesFolder, len(kept), len(names), err)
	}
}

// takePicture returns what a window shows of the page.
func (p *phone) takePicture(t *testing.T, width, height int) []byte {
	t.Helper()
	p.call(t, nil, "Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": pictureScale, "mobile": true,
	})
	var answer struct {
		Data []byte `json:"data"`
	}
	// As PNG they would be three times as large.
	p.call(t, &answer, "Page.captureScreenshot", map[string]any{"format": "webp", "quality": 90})
	return answer.Data
}

// TestPicturesAreShown looks for each picture in the documents.
func TestPicturesAreShown(t *testing.T) {
	t.Parallel()
	var documents []byte
	for _, pattern := range []string{"../*.md", "../docs/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(errors.Join(err, errors.New("no documents")))
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			documents = slices.Concat(documents, text)
		}
	}
	for _, shot := range pictures {
		if !bytes.Contains(documents, []byte("images/"+shot.name+".webp)")) {
			t.Errorf("no document shows %s.webp", shot.name)
		}
	}
}
