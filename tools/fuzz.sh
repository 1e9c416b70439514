#!/usr/bin/env bash
# Runs every fuzz target of the module, each for the time given (default 10s).
set -euo pipefail

fuzz_time=${1:-10s}
targets=0

for package in $(go list -tags=long ./...); do
	for target in $(go test -tags=long -list='^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "fuzz $package $target"
		go test -tags=long -run='^$' -fuzz="^$target\$" -fuzztime="$fuzz_time" "$package"
		targets=$((targets + 1))
	done
done

echo "$targets fuzz targets ran for $fuzz_time each"
