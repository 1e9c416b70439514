#!/usr/bin/env bash
# Copies the licenses and notices of Go and of each module that is part of the program
# into a folder: most of them ask that whoever passes the program on adds them. Fails if
# a module has none.
#
#   tools/licenses.sh FOLDER
set -euo pipefail

folder=$(realpath -m "${1:?name a folder}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# copy PATH FROM copies what a module at PATH has in the folder FROM.
copy() {
	local files
	files=$(find "$2" -maxdepth 1 -type f -iregex '.*/\(licen[sc]e\|copying\|notice\|patents\)[^/]*')
	[[ -n $files ]] || { echo "$1 has no license" >&2; return 1; }
	mkdir -p "$folder/$1"
	xargs -d '\n' install -m 0644 -t "$folder/$1" <<<"$files"
}

copy go "$(go env GOROOT)"
go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}' . | sort -u |
	while read -r path dir; do copy "$path" "$dir"; done
