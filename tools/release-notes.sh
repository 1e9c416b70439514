#!/usr/bin/env bash
# Prints the part of CHANGELOG.md about a version, such as 0.1.0, and fails if there is none.
set -euo pipefail

version=${1:?a version, such as 0.1.0}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
awk -v version="$version" '
	/^## / { found = $2 == version; any = any || found; next }
	found { print }
	END { if (!any) { print "CHANGELOG.md has no part about " version > "/dev/stderr"; exit 1 } }' CHANGELOG.md
