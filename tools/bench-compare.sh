#!/usr/bin/env bash
# Compares the benchmarks of the working tree with those of another revision:
#
#	BENCHSTAT=path tools/bench-compare.sh REVISION PATTERN COUNT TIME
#
# Both sides run in turns, so that a machine that gets slower or faster meanwhile
# affects both alike.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

revision=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "$1 is no revision" >&2; exit 2; }
pattern=$2 count=$3 duration=$4
go=${GO:-go} benchstat=$(realpath "$BENCHSTAT")

temporary=$(mktemp -d)
mkdir "$temporary/results"
declare -A root=([base]=$temporary/base [work]=$PWD)

clean_up() {
	git -C "${root[work]}" worktree remove --force "${root[base]}" || true
	rm -rf "$temporary"
}
trap clean_up EXIT
# Without these, a signal would end the script before it cleans up.
trap 'exit 130' INT
trap 'exit 143' TERM

git worktree add --quiet --detach "${root[base]}" "$revision"

# The folders with benchmarks, relative to the root of a side.
packages() {
	"$go" -C "${root[$1]}" list -f '{{$d := .Dir}}{{range .TestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}' ./... |
		xargs -r grep -l '^func Benchmark' | xargs -rn 1 dirname | sort -u |
		while read -r folder; do realpath --relative-to="${root[$1]}" "$folder"; done
}

for side in base work; do
	packages "$side" >"$temporary/$side.packages"
	while read -r package; do
		"$go" -C "${root[$side]}" test -c -o "$temporary/$side.bin/$package.test" "./$package"
	done <"$temporary/$side.packages"
done

run() { # side
	while read -r package; do
		(cd "${root[$1]}/$package" && "$temporary/$1.bin/$package.test" \
			-test.run='^$' -test.bench="$pattern" -test.benchmem -test.benchtime="$duration") >>"$temporary/results/$1"
	done <"$temporary/$1.packages"
}

for ((i = 1; i <= count; i++)); do
	echo "run $i of $count on each side" >&2
	if ((i % 2)); then run base; run work; else run work; run base; fi
done

cd "$temporary/results" # benchstat names the columns by the files
"$benchstat" base work
