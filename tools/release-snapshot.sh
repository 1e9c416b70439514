#!/usr/bin/env bash
# Makes a release of the last commit in ./dist, without a tag and without publishing anything,
# twice in two folders, and compares them: whoever has the source can make the same files. Then
# it runs the program that it made for this machine. The image is left out: that takes Docker.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/.tools/bin:$PATH"
name=wecom_recording_exporter

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source=.
for copy in first second; do
	git clone --quiet "$source" "$work/$copy"
	source=$work/first # Somebody may commit meanwhile.
	(cd "$work/$copy" && goreleaser release --snapshot --clean --skip=docker)
done
diff "$work/first/dist/sha256sums.txt" "$work/second/dist/sha256sums.txt"
echo "two builds are equal"

rm -rf dist
mv "$work/first/dist" dist
(cd dist && sha256sum --quiet --check sha256sums.txt)
archive=(dist/"$name"-*."$(go env GOOS)-$(go env GOARCH)".tar.gz)
tar -xzf "${archive[0]}" -C "$work"
cd "$work/$name"-*
ls -R . | sed -n '1,/^$/p'
"./$name" --version
"./$name" --version 2>&1 | grep -q "revision: $(git -C "$work/second" rev-parse HEAD)"
