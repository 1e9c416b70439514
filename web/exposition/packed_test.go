// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector/textformat"
)

// A lines is a section of a text.
type lines string

func (l lines) AppendText(dst []byte, _ textformat.Format) ([]byte, error) {
	return append(dst, l...), nil
}

// textOf returns the text of sections.
func textOf(t *testing.T, sections ...textformat.Section) string {
	t.Helper()
	var text []byte
	for _, section := range sections {
		var err error
		if text, err = section.AppendText(text, textformat.Text); err != nil {
			t.Fatal(err)
		}
	}
	return string(text)
}

// hostLines returns a section of so many hosts with random values.
func hostLines(r *rand.Rand, first, n int) lines {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "wecom_recording_bytes{corp=\"acme\",host=\"user%06d\"} %g\n", first+i, float64(r.Int64N(1<<40)))
	}
	return lines(text.String())
}

func gunzipBody(t *testing.T, b *body, rest string) string {
	t.Helper()
	var out bytes.Buffer
	out.Write(b.start)
	if err := b.finish(&out, []byte(rest)); err != nil {
		t.Fatal(err)
	}
	return string(strictGunzip(t, out.Bytes()))
}

// TestPackedBodies changes sections at random. Each body is the text of its sections, and shares
// with the one before what has not changed.
func TestPackedBodies(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		var sections []textformat.Section
		var earlier *body
		for step := range 20 {
			for range r.IntN(3) {
				section := hostLines(r, r.IntN(1000), r.IntN(40))
				switch i := r.IntN(len(sections) + 1); {
				case len(sections) < 100 || i == len(sections):
					for range 20 {
						sections = slices.Insert(sections, i, textformat.Section(hostLines(r, r.IntN(1000), r.IntN(40))))
					}
				case r.IntN(4) == 0:
					sections = slices.Delete(sections, i, i+1)
				case r.IntN(9) == 0:
					sections[i] = lines(strings.Repeat("a line that is longer than what is kept of it", 100) + "\n")
				default:
					sections[i] = section
				}
			}
			b, err := newPackedBody(textformat.Text, sections, earlier, 2)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(textOf(t, sections...)+"the end\n", gunzipBody(t, b, "the end\n")); diff != "" {
				t.Fatalf("seed %d, step %d (-want +got):\n%s", seed, step, diff)
			}
			earlier = b
		}
	}
}

// TestOnlyWhatHasChangedIsPacked changes one section of many, but for the values of its last host,
// and then those.
func TestOnlyWhatHasChangedIsPacked(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	sections := make([]textformat.Section, 500)
	for i := range sections {
		sections[i] = hostLines(r, i*64, 64)
	}
	before, err := newPackedBody(textformat.Text, sections, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func()
		want   int
	}{
		{name: "nothing", change: func() {}},
		{
			name:   "the first line",
			change: func() { sections[70] = lines("another 1\n" + textOf(t, sections[70])) },
			want:   1,
		},
		{
			name:   "the last line, which the next section is compressed after",
			change: func() { sections[70] = lines(textOf(t, sections[70]) + "another 1\n") },
			want:   2,
		},
		{
			name:   "the last section",
			change: func() { sections[499] = lines(textOf(t, sections[499]) + "another 1\n") },
			want:   1,
		},
	} {
		test.change()
		after, err := newPackedBody(textformat.Text, sections, before, 1)
		if err != nil {
			t.Fatal(err)
		}
		packed := 0
		for section, piece := range after.packed {
			if before.packed[section] != piece {
				packed++
			}
		}
		if packed != test.want {
			t.Errorf("%s: %d sections are packed, want %d", test.name, packed, test.want)
		}
		before = after
	}
}

// TestPackedBodiesAreSmall compares a body with one that is compressed as a whole.
func TestPackedBodiesAreSmall(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	sections := make([]textformat.Section, 0, 300)
	var whole bytes.Buffer
	compressor, err := flate.NewWriter(&whole, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		section := hostLines(r, i*64, 64)
		sections = append(sections, section)
		if _, err := compressor.Write([]byte(section)); err != nil {
			t.Fatal(err)
		}
	}
	if err := compressor.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := newPackedBody(textformat.Text, sections, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got, most := len(b.start), whole.Len()*105/100; got > most {
		t.Errorf("%d bytes, want at most %d: 5%% more than as a whole", got, most)
	}
}

var errSection = errors.New("a section without text")

type brokenSection struct{}

func (brokenSection) AppendText([]byte, textformat.Format) ([]byte, error) { return nil, errSection }

func TestASectionFails(t *testing.T) {
	t.Parallel()
	sections := slices.Repeat([]textformat.Section{lines("a 1\n")}, 2*sectionsPerRun)
	for _, i := range []int{0, sectionsPerRun - 1, sectionsPerRun} {
		broken := slices.Clone(sections)
		broken[i] = brokenSection{}
		if _, err := newPackedBody(textformat.Text, broken, nil, 2); !errors.Is(err, errSection) {
			t.Errorf("section %d: packing: %v", i, err)
		}
		if _, err := writeSections(textformat.Text, broken, 2); !errors.Is(err, errSection) {
			t.Errorf("section %d: writing: %v", i, err)
		}
	}
}
