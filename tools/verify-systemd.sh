#!/usr/bin/env bash
# Verifies the systemd unit and its companions as systemd reads them, and bounds how exposed
# systemd thinks the service is (0.0 to 10.0). $1 is the program.
set -euo pipefail

program=$(realpath "${1:?the program}")
units=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../deploy/systemd")
name=wecom_recording_exporter
most_exposed=1.5

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# systemd looks for the program, which is not installed here.
sed "s|^ExecStart=/usr/local/bin/$name|ExecStart=$program|" "$units/$name.service" >"$work/$name.service"
grep -q "^ExecStart=$program" "$work/$name.service"

# It exits with 0 after unknown keys, which it prints.
said=$(systemd-analyze verify --man=no "$work/$name.service" 2>&1) || { echo "$said"; exit 1; }
[[ -z $said ]] || { echo "$said"; exit 1; }
systemd-analyze security --offline=true --threshold="${most_exposed/./}" --no-pager "$work/$name.service" >"$work/security" ||
	{ cat "$work/security"; exit 1; }
tail -n 1 "$work/security"

mkdir -p "$work/root/etc/sysusers.d"
cp "$units/$name.sysusers.conf" "$work/root/etc/sysusers.d/$name.conf"
systemd-sysusers --root="$work/root"
grep "^$name:" "$work/root/etc/passwd"
