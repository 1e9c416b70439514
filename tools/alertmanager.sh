#!/usr/bin/env bash
# Builds Alertmanager of the version $1 into the file $2. The module has no web
# interface, which the program embeds, so a copy of it gets an empty one.
set -euo pipefail

version=$1
to=$2
src=$(mktemp -d)
trap 'chmod -R u+w "$src"; rm -rf "$src"' EXIT

cd "$src"
module=$(go mod download -json "github.com/prometheus/alertmanager@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
cp -r "$module" alertmanager
chmod -R u+w alertmanager
mkdir -p alertmanager/ui/app/dist
touch alertmanager/ui/app/dist/index.html
CGO_ENABLED=0 GOFLAGS='' go -C alertmanager build -trimpath -buildvcs=false -ldflags='-s -w' -o "$to" ./cmd/alertmanager
