# Counts the tests and subtests in the output of `go test -json` and fails when
# none ran. A package that fails outside of its tests counts as one failure.

function field(name) {
	return match($0, "\"" name "\":\"[^\"]*\"") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5) : ""
}

{ action = field("Action"); test = field("Test"); package = field("Package") }

action == "pass" && test != "" { passed++ }
action == "skip" && test != "" { skipped++ }
action == "fail" && test != "" { failed++; explained[package] = 1 }
action == "fail" && test == "" { broken[package] = 1 }

END {
	for (package in broken) if (!(package in explained)) failed++
	printf "%d passed, %d failed", passed, failed
	if (skipped) printf ", %d skipped", skipped
	printf "\n"
	exit passed + failed == 0
}
