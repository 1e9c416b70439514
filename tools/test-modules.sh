#!/usr/bin/env bash
# Prints the results of `go test -json` for all packages of the program, then for those
# of the dashboards, which are a module of their own. Takes the flags of `go test`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

status=0
"${GO:-go}" test -json "$@" ./... || status=$?
"${GO:-go}" -C dashboards test -json "$@" ./... || status=$?
exit "$status"
