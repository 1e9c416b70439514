// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Command compose reads a compose file with the library of Docker Compose, and prints its canonical
// form as JSON, like `docker compose config --format json`. Unknown keys, values of a wrong type and
// references to volumes, secrets or services that do not exist are errors. Paths are absolute.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: compose FILE")
		os.Exit(1)
	}
	if err := printCanonical(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func printCanonical(ctx context.Context, file string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv, cli.WithDotEnv)
	if err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return fmt.Errorf("loading: %w", err)
	}
	text, err := project.MarshalJSON()
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	if _, err := os.Stdout.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
