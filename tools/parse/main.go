// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Command parse asks for metrics once, reads the answer with the parsers of
// Prometheus, and prints all that they tell, one item a line, sorted. Fields are
// separated by tabs:
//
//	wecom_recordings_discovered_total{corp="default", host="zhangsan"}	3	start=1700000000000
//	# TYPE wecom_recordings_discovered_total	counter
//
// The start is in milliseconds since 1970, and absent where there is none. What
// Prometheus would not take as it stands is an error, on standard error, and the
// exit status is 1.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

const timeout = 30 * time.Second

func main() {
	url := flag.String("url", "", "URL of the metrics.")
	accept := flag.String("accept", "", "Value of the header Accept; empty sends none.")
	acceptEncoding := flag.String("accept-encoding", "", "Value of the header Accept-Encoding; empty sends none.")
	flag.Parse()
	if err := run(os.Stdout, *url, *accept, *acceptEncoding); err != nil {
		fmt.Fprintln(os.Stderr, "parse:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, url, accept, acceptEncoding string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	contentType, body, err := fetch(ctx, url, accept, acceptEncoding)
	if err != nil {
		return err
	}
	lines, err := parse(contentType, body)
	if err != nil {
		return fmt.Errorf("parsing %s: %w", contentType, err)
	}
	if _, err := io.WriteString(out, strings.Join(lines, "\n")+"\n"); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// fetch asks for a URL, and returns the decompressed body.
func fetch(ctx context.Context, url, accept, acceptEncoding string) (contentType string, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", nil, fmt.Errorf("making a request: %w", err)
	}
	for name, value := range map[string]string{"Accept": accept, "Accept-Encoding": acceptEncoding} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	// Else the transport would offer gzip by itself, and hide that it got it.
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", nil, fmt.Errorf("fetching: %w", err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		return "", nil, fmt.Errorf("reading the body: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("fetching: status %s", resp.Status)
	}
	encoding := resp.Header.Get("Content-Encoding")
	if body, err = decompress(encoding, body); err != nil {
		return "", nil, fmt.Errorf("decompressing %s: %w", encoding, err)
	}
	return resp.Header.Get("Content-Type"), body, nil
}

// decompress is strict: not all clients read a second gzip member, or pass over
// what comes behind the first.
func decompress(encoding string, body []byte) ([]byte, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip":
		in := bytes.NewReader(body)
		reader, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("reading the header: %w", err)
		}
		reader.Multistream(false)
		content, err := io.ReadAll(reader)
		if err != nil {
			return nil, fmt.Errorf("reading the member: %w", err)
		}
		if in.Len() > 0 {
			return nil, fmt.Errorf("%d bytes behind the first member", in.Len())
		}
		return content, nil
	case "zstd":
		reader, err := zstd.NewReader(nil)
		if err != nil {
			return nil, fmt.Errorf("making a reader: %w", err)
		}
		defer reader.Close()
		content, err := reader.DecodeAll(body, nil)
		if err != nil {
			return nil, fmt.Errorf("reading the frames: %w", err)
		}
		return content, nil
	default:
		return nil, errors.New("unknown encoding")
	}
}

// parse returns everything in a body, as sorted lines.
func parse(contentType string, body []byte) ([]string, error) {
	// Start timestamps of OpenMetrics are read with their series, as those of
	// protobuf are, and not as series of their own.
	parser, err := textparse.New(body, contentType, labels.NewSymbolTable(), textparse.ParserOptions{
		KeepClassicOnClassicAndNativeHistograms: true,
		OpenMetricsSkipSTSeries:                 true,
	})
	if err != nil {
		return nil, fmt.Errorf("choosing a parser: %w", err)
	}
	var lines []string
	told := map[string]bool{}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("behind %d entries: %w", len(lines), err)
		}
		subject, content, err := read(parser, entry)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", subject, err)
		}
		if told[subject] {
			return nil, fmt.Errorf("%s is there twice", subject)
		}
		told[subject] = true
		lines = append(lines, subject+"\t"+content)
	}
	slices.Sort(lines)
	return lines, nil
}

// read returns the series that the parser is at, and its value.
func read(parser textparse.Parser, entry textparse.Entry) (subject, content string, err error) {
	switch entry {
	case textparse.EntryHelp:
		name, help := parser.Help()
		return "# HELP " + string(name), strconv.Quote(string(help)), nil
	case textparse.EntryType:
		name, kind := parser.Type()
		return "# TYPE " + string(name), string(kind), nil
	case textparse.EntryUnit:
		name, unit := parser.Unit()
		return "# UNIT " + string(name), string(unit), nil
	case textparse.EntryComment:
		return "# " + strconv.Quote(string(parser.Comment())), "", nil
	case textparse.EntrySeries:
		_, timestamp, value := parser.Series()
		return series(parser), strconv.FormatFloat(value, 'g', -1, 64) + times(parser, timestamp), nil
	case textparse.EntryHistogram:
		_, timestamp, counts, floats := parser.Histogram()
		if floats == nil {
			// A parser takes what only storage refuses.
			if err := counts.Validate(); err != nil {
				return series(parser), "", fmt.Errorf("native histogram: %w", err)
			}
			content = fmt.Sprintf("native schema:%d zero_threshold:%g %s", counts.Schema, counts.ZeroThreshold, counts)
			return series(parser), content + times(parser, timestamp), nil
		}
		return series(parser), "", errors.New("native histogram of floats, which no exporter counts in")
	default:
		return "", "", fmt.Errorf("unknown entry %d", entry)
	}
}

func series(parser textparse.Parser) string {
	var all labels.Labels
	parser.Labels(&all)
	return all.Get("__name__") + all.MatchLabels(false).String()
}

func times(parser textparse.Parser, timestamp *int64) string {
	var text string
	if timestamp != nil {
		text += "\ttimestamp=" + strconv.FormatInt(*timestamp, 10)
	}
	if start := parser.StartTimestamp(); start != 0 {
		text += "\tstart=" + strconv.FormatInt(start, 10)
	}
	return text
}
