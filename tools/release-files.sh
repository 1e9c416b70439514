#!/usr/bin/env bash
# Makes what a release holds beside the programs, in .release: the licenses of what they are
# made of, completions for shells and a man page.
#
#   tools/release-files.sh VERSION DATE
set -euo pipefail

version=${1:?the version} date=${2:?the date of the commit, such as 2026-11-27T08:00:00Z}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
name=wecom_recording_exporter

rm -rf .release
mkdir -p .release/completions .release/man
tools/licenses.sh .release/licenses
go build -o .release/program .
trap 'rm -f .release/program' EXIT
ln -s program ".release/$name" # The completions hold the name by which the program was called.
for shell in bash zsh; do
	".release/$name" "--completion-script-$shell" >".release/completions/$name.$shell"
done
rm ".release/$name"
# The first lines hold what --version prints, which troff takes for text.
{
	printf '.TH %s 1 "%s" "%s"\n' "$name" "${date%T*}" "$version"
	.release/program --help-man | sed -n '/^\.SH "NAME"/,$p'
} >".release/man/$name.1"
