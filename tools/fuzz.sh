#!/usr/bin/env bash
# Runs each fuzz target of the module a number of times. FUZZ selects targets by a pattern,
# such as 'FuzzOpen$'. It takes no time to run for: the engine can take the end of that time
# for a failure of the target, "context deadline exceeded" (golang/go#75804).
# The last lines are a table of what ran. It stops at the first target that fails, whose
# input is in testdata/fuzz of the package then, and is kept as a test with the fix.
set -euo pipefail

executions=${1:?how often to execute each target}
wanted=${FUZZ:-.}
GO=${GO:-go}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Targets that write files are many times faster in memory.
mkdir "$work/tmp"
if [[ -d /dev/shm && -w /dev/shm ]]; then
	rmdir "$work/tmp"
	ln -s "$(mktemp -d /dev/shm/fuzz.XXXXXX)" "$work/tmp"
	trap 'rm -rf "$(readlink "$work/tmp")" "$work"' EXIT
fi

# The fuzzing engine compares all coverage after each execution. With that of every package,
# as go test -fuzz counts it, most of the time goes there: our own code and what parses for it
# is enough, and ten times as fast.
counted=()
for packages in "$("$GO" list -m)/..." encoding/json net/url 'go.etcd.io/bbolt/...' 'go.yaml.in/yaml/...'; do
	counted+=("-gcflags=$packages=-d=libfuzzer")
done

summary() {
	echo
	printf '%-42s %12s %8s %9s %8s\n' target executions seconds per_second new
	awk '{ printf "%-42s %12d %8d %9d %8d\n", $1, $2, $3, $2 / ($3 ? $3 : 1), $4; n++; execs += $2; time += $3 }
		END { printf "%-42s %12d %8d\n", n " fuzz targets", execs, time }' "$work/results"
}

# A target that finds much spends little time on making what it found smaller.
fuzz() {
	local package=$1 dir=$2 target=$3 started=$SECONDS
	echo "fuzz $package $target"
	(cd "$dir" && TMPDIR="$work/tmp" "$work/test" -test.run='^$' -test.fuzz="^$target\$" -test.fuzztime="${executions}x" \
		-test.fuzzminimizetime=100x -test.fuzzcachedir="$("$GO" env GOCACHE)/fuzz/$package" 2>&1) |
		tee "$work/log" | awk '!/^fuzz: elapsed/ || NR % 20 == 0 { print; fflush() }'
	awk -v name="${package#*wecom_recording_exporter/} $target" -v seconds=$((SECONDS - started)) '
		/^fuzz: elapsed/ && match($0, /execs: [0-9]+/) { execs = substr($0, RSTART + 7, RLENGTH - 7) }
		/^fuzz: elapsed/ && match($0, /interesting: [0-9]+/) { found = substr($0, RSTART + 13, RLENGTH - 13) }
		END { gsub(/ /, ".", name); print name, execs + 0, seconds, found + 0 }' "$work/log" >>"$work/results"
}

while read -r package dir; do
	mapfile -t targets < <(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go 2>/dev/null | cut -c6- | grep -E "$wanted" || true)
	((${#targets[@]})) || continue
	"$GO" test -c -vet=off -tags=long "${counted[@]}" -o "$work/test" "$package"
	for target in "${targets[@]}"; do
		fuzz "$package" "$dir" "$target"
	done
done < <("$GO" list -f '{{.ImportPath}} {{.Dir}}' -tags=long ./...)
summary
