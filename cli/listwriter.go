// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A listWriter writes recordings in one format. Nothing is complete before Flush.
type listWriter interface {
	Write(*poll.Recording) error
	Flush() error
}

// newListWriter returns a writer of one format. Statistics are whether a table has views.
func newListWriter(format string, w io.Writer, statistics bool) (listWriter, error) {
	switch format {
	case formatCSV:
		return listing.NewCSV(w)
	case formatJSON:
		return &jsonWriter{w: bufio.NewWriter(w)}, nil
	}
	t := &tableWriter{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0), statistics: statistics}
	views := ""
	if statistics {
		views = "\tVIEWS\tDOWNLOADS"
	}
	_, err := fmt.Fprintf(t.w, "HOST\tSTART\tSTATE\tFILES\tSHARED\tEXPOSED%s\tSIZE\tLENGTH\tID\tTITLE\n", views)
	return t, err
}

// A jsonWriter writes an array with a recording a line.
type jsonWriter struct {
	w     *bufio.Writer
	begun bool
}

// Write implements listWriter.
func (j *jsonWriter) Write(r *poll.Recording) error {
	encoded, err := json.Marshal(listing.Of(r))
	if err != nil {
		return fmt.Errorf("making JSON: %w", err)
	}
	separator := ",\n"
	if !j.begun {
		j.begun, separator = true, "[\n"
	}
	_, err = fmt.Fprintf(j.w, "%s%s", separator, encoded)
	return err
}

// Flush implements listWriter.
func (j *jsonWriter) Flush() error {
	end := "\n]\n"
	if !j.begun {
		end = "[]\n"
	}
	if _, err := j.w.WriteString(end); err != nil {
		return err
	}
	return j.w.Flush()
}

// A tableWriter writes columns for people.
type tableWriter struct {
	w          *tabwriter.Writer
	statistics bool
}

// Write implements listWriter.
func (t *tableWriter) Write(r *poll.Recording) error {
	start := "-"
	if !r.Start.IsZero() {
		start = r.Start.UTC().Format("2006-01-02T15:04Z")
	}
	files := fmt.Sprintf("%d\t%d\t%d", len(r.Files), r.Shared, r.Exposed)
	size, length := listing.Size(r.Bytes), r.Duration.Round(time.Second).String()
	if len(r.Files) == 0 && r.State != wecom.StateCompleted {
		files, size, length = "-\t-\t-", "-", "-" // WeCom does not list them yet.
	}
	if t.statistics {
		files += "\t" + cell(listing.Count(r.Views)) + "\t" + cell(listing.Count(r.Downloads))
	}
	_, err := fmt.Fprintf(t.w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
		cell(r.Host), start, r.State, files, size, length, cell(r.ID), cell(r.Title))
	return err
}

// Flush implements listWriter.
func (t *tableWriter) Flush() error { return t.w.Flush() }

// cell returns a text as it stands in a table.
func cell(text string) string { return cmp.Or(listing.Printable(text), "-") }
