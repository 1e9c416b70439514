#!/usr/bin/env bash
# Builds the image with buildah for amd64 and arm64, in both ways that the Dockerfile has, and runs
# the one of this machine as Docker would: in namespaces of its own, as its user, without privileges,
# and on a root file system that is read-only. No registry is asked: the base image is made of this
# machine's Go and a few of its programs. Needs root, buildah, curl, and runc or crun.
#
#   tools/image-test.sh [ARCHITECTURE...]
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

((EUID == 0)) || { echo "image: run this as root" >&2; exit 1; }
for name in buildah curl nsenter; do
	type -P $name >/dev/null || { echo "image: install $name" >&2; exit 1; }
done

max_mb=25
max_stop_seconds=5
architectures=("$@")
((${#architectures[@]})) || architectures=(amd64 arm64)
native=$(go env GOHOSTARCH)
[[ " ${architectures[*]} " == *" $native "* ]] || architectures+=("$native")
image=localhost/wecom_recording_exporter
program=wecom_recording_exporter

work=$(mktemp -d)
# Neither images nor caches of the user are touched.
export CONTAINERS_STORAGE_CONF=$work/storage.conf
store() {
	cat >"$CONTAINERS_STORAGE_CONF" <<-EOF
		[storage]
		driver = "$1"
		graphroot = "$work/$1"
		runroot = "$work/run-$1"
	EOF
}

runtime=runc
run() { "$runtime" --root "$work/$runtime" "$@"; }

clean() {
	run delete --force exporter 2>/dev/null || true
	buildah unmount --all >/dev/null || true
	buildah rm --all >/dev/null || true
	umount "$work"/overlay/overlay 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT

fail() {
	echo "image: $*" >&2
	[[ ! -s $work/log ]] || tail -n 20 "$work/log" >&2
	exit 1
}

# base makes the image that the Dockerfile compiles in.
base() {
	local container root name path library
	container=$(buildah from scratch)
	root=$(buildah mount "$container")
	for name in bash dirname env find install mkdir realpath sh sort tail test xargs; do
		path=$(type -P "$name")
		install -D "$path" "$root/bin/$name"
		while read -r library; do
			install -D "$library" "$root$library"
		done < <(ldd "$path" | grep -o '/[^ ]*')
	done
	mkdir -m 1777 "$root/tmp"
	mkdir -p "$root/usr/bin"
	ln -s /bin/env "$root/usr/bin/env"
	install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
	buildah config --env PATH=/usr/local/go/bin:/bin --env GOTOOLCHAIN=local \
		--env GOMODCACHE=/modules --env GOCACHE=/cache "$container"
	# buildah looks for the base of a platform among images of that platform only.
	for architecture in "${architectures[@]}"; do
		buildah config --arch "$architecture" "$container"
		buildah commit --quiet "$container" "localhost/go:$architecture" >/dev/null
	done
	buildah rm "$container" >/dev/null
}

# build makes an image: build TAG ARCHITECTURE CONTEXT [FLAG...].
build() {
	local tag=$1 architecture=$2 context=$3
	shift 3
	# The format of OCI has no health checks.
	buildah bud --format docker --isolation chroot --pull-never --platform "linux/$architecture" \
		--volume "$(go env GOROOT):/usr/local/go:ro" \
		--volume "$(go env GOMODCACHE):/modules" \
		--volume "$(go env GOCACHE):/cache" \
		--build-arg "GO_IMAGE=localhost/go:$architecture" \
		--build-arg VERSION=1.2.3 --build-arg REVISION=abcdef --build-arg BRANCH=main \
		--build-arg BUILD_DATE=2026-01-02T03:04:05Z \
		"$@" --tag "$image:$tag" "$context" >"$work/log" 2>&1 || fail "building $tag failed"
	: >"$work/log"
}

# root returns the path of the files of an image: root TAG ARCHITECTURE.
root() { buildah mount "$(buildah from --pull-never --arch "$2" "$image:$1")"; }

of() { buildah inspect --type image --format "$2" "$image:$1"; }

# wants compares: wants WHAT GOT WANTED.
wants() { [[ $2 == "$3" ]] || fail "$1 is $2, want $3"; }

# inspect checks the description of an image: inspect TAG ARCHITECTURE.
inspect() {
	local size label
	size=$(buildah images --format '{{.Size}}' "$image:$1")
	awk -v size="$size" -v max=$max_mb 'BEGIN { split(size, s, " "); exit !(s[2] == "MB" && s[1] < max) }' ||
		fail "$1 has $size, want less than $max_mb MB"
	echo "$1: $size"
	wants architecture "$(of "$1" '{{.Docker.Architecture}}')" "$2"
	wants user "$(of "$1" '{{.Docker.Config.User}}')" 65532:65532
	wants entrypoint "$(of "$1" '{{.Docker.Config.Entrypoint}}')" "[/$program]"
	wants command "$(of "$1" '{{.Docker.Config.Cmd}}')" '[]'
	wants ports "$(of "$1" '{{.Docker.Config.ExposedPorts}}')" 'map[10168/tcp:{}]'
	wants 'health check' "$(of "$1" '{{.Docker.Config.Healthcheck.Test}}')" "[CMD /$program healthcheck]"
	for label in title=$program version=1.2.3 revision=abcdef created=2026-01-02T03:04:05Z licenses=Apache-2.0; do
		wants "label ${label%%=*}" \
			"$(of "$1" "{{index .Docker.Config.Labels \"org.opencontainers.image.${label%%=*}\"}}")" "${label#*=}"
	done
}

# machine returns the architecture in the header of an ELF file, in which the ABI is that of System V.
machine() {
	case $(od -An -tx1 -j18 -N2 "$1") in
	' 3e 00') echo amd64 ;;
	' b7 00') echo arm64 ;;
	*) echo unknown ;;
	esac
}

# choose_runtime chooses the first runtime that can run the image here. crun 1.8 cannot where the
# host has control groups of both versions.
choose_runtime() {
	bundle '[]' --version
	for runtime in runc crun; do
		if type -P $runtime >/dev/null && run run --bundle "$work/bundle" exporter >"$work/log" 2>&1; then
			return
		fi
		run delete --force exporter 2>/dev/null || true
	done
	fail "neither runc nor crun can run the image"
}

# bundle writes what the runtime runs: bundle ENV ARGUMENT..., where ENV is a list in JSON.
bundle() {
	local env=$1 arguments='' argument
	shift
	for argument in "$@"; do arguments+=",\"$argument\""; done
	cat >"$work/bundle/config.json" <<EOF
{
  "ociVersion": "1.0.2",
  "process": {
    "user": {"uid": ${user%:*}, "gid": ${user#*:}},
    "args": ["/$program"$arguments],
    "env": $env,
    "cwd": "/",
    "capabilities": {},
    "noNewPrivileges": true
  },
  "root": {"path": "$native_root", "readonly": true},
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/etc/exporter", "type": "bind", "source": "$work/etc", "options": ["bind", "ro"]},
    {"destination": "/var/lib/$program", "type": "bind", "source": "$work/state", "options": ["bind", "rw"]}
  ],
  "linux": {
    "namespaces": [
      {"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}
    ]
  }
}
EOF
}

# start runs the image in the background, and waits until its health check is content.
start() {
	bundle "$@"
	rm -f "$work/pid"
	run run --bundle "$work/bundle" --pid-file "$work/pid" exporter >"$work/log" 2>&1 &
	run_pid=$!
	local try
	for try in {1..100}; do
		! healthy || return 0
		kill -0 $run_pid 2>/dev/null || fail "it has ended, after $try tries"
		sleep 0.1
	done
	fail "the health check fails after 10 s: $(<"$work/health")"
}

# healthy runs the image's health check as Docker does.
healthy() {
	local check
	# Its first word is CMD.
	read -r -a check < <(of "$native" '{{range .Docker.Config.Healthcheck.Test}}{{.}} {{end}}')
	timeout 5 "$runtime" --root "$work/$runtime" exec exporter "${check[@]:1}" >"$work/health" 2>&1
}

# scrape waits for the first round, and writes the metrics: scrape URL [FLAG...].
scrape() {
	local url=$1 from_inside=(nsenter --net --target "$(<"$work/pid")" curl --fail --silent --show-error "${@:2}")
	"${from_inside[@]}" --retry 10 --retry-all-errors --retry-delay 1 --output /dev/null "$url/-/ready" 2>/dev/null ||
		fail "it is not ready"
	"${from_inside[@]}" "$url/metrics" >"$work/metrics" || fail "no metrics"
}

# stop ends the exporter as `docker stop` does.
stop() {
	local status=0
	run kill exporter TERM
	timeout $max_stop_seconds tail --pid=$run_pid -f /dev/null || fail "it runs still, after $max_stop_seconds s"
	wait $run_pid || status=$?
	((status == 0)) || fail "it ended with status $status"
}

go mod download
# Where the kernel or what is below cannot, files are copied for each layer.
store overlay
buildah mount "$(buildah from scratch)" >/dev/null 2>&1 || store vfs
base

for architecture in "${architectures[@]}"; do
	build "$architecture" "$architecture" .
	inspect "$architecture" "$architecture"
	root=$(root "$architecture" "$architecture")
	wants 'the program' "$(machine "$root/$program")" "$architecture"
	wants 'the list of files' "$(cd "$root" && echo * etc/*/* etc/*/*/* var/*/*)" \
		"LICENSE etc licenses var $program etc/ssl/certs etc/ssl/certs/ca-certificates.crt var/lib/$program"
	wants 'the owner of the state' "$(stat -c %u:%g "$root/var/lib/$program")" 65532:65532
	[[ -s $root/licenses/go/LICENSE ]] || fail "licenses are missing"

	# The same program through the other way makes the same image.
	context=$work/context/$architecture
	mkdir -p "$context/linux/$architecture" "$context/.release"
	cp "$root/$program" "$context/linux/$architecture/"
	cp -r "$root/licenses" "$context/.release/"
	cp LICENSE Dockerfile .dockerignore "$context/"
	build "$architecture-prebuilt" "$architecture" "$context" --target=prebuilt
	inspect "$architecture-prebuilt" "$architecture"
	diff -r "$root" "$(root "$architecture-prebuilt" "$architecture")" || fail "the two ways differ for $architecture"
done

native_root=$(root "$native" "$native")
user=$(of "$native" '{{.Docker.Config.User}}')
mkdir "$work/bundle" "$work/etc" "$work/state"
chown "$user" "$work/state"

choose_runtime
echo "$runtime: the demo on a read-only root, with its state on a volume"
start '[]' demo --storage.path=/var/lib/$program
scrape http://127.0.0.1:10168
grep -q '^wecom_up{corp="default"} 1$' "$work/metrics" || fail "wecom_up is not 1"
grep -q '^wecom_recording_exporter_build_info{.*version="1.2.3"' "$work/metrics" || fail "it has no version"
[[ -s $work/state/state.db ]] || fail "no state"
wants 'the user and its rights' \
	"$(awk '/^(Uid|CapEff|NoNewPrivs):/ { print $2 }' "/proc/$(<"$work/pid")/status" | xargs)" \
	"${user%:*} 0000000000000000 1"
awk '$5 == "/" { exit $6 !~ /^ro(,|$)/ }' "/proc/$(<"$work/pid")/mountinfo" || fail "the root can be written to"

echo "health: fails while the exporter does not answer"
kill -STOP "$(<"$work/pid")"
! healthy || fail "a stopped exporter is healthy"
kill -CONT "$(<"$work/pid")"
healthy || fail "not healthy after it went on: $(<"$work/health")"
stop

echo "health: fails where no exporter runs"
bundle '[]' healthcheck
! run run --bundle "$work/bundle" exporter >"$work/log" 2>&1 || fail "healthy without an exporter"
grep -q 'connection refused' "$work/log" || fail "it failed for another reason"

echo "health: follows the address and TLS of the environment"
generate=$(go env GOROOT)/src/crypto/tls/generate_cert.go
(cd "$work/etc" && go run "$generate" --host 127.0.0.1 --ecdsa-curve P256 2>/dev/null)
printf 'tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n' >"$work/etc/web.yml"
chown -R "$user" "$work/etc"
start '["WECOM_RECORDING_EXPORTER_WEB_CONFIG_FILE=/etc/exporter/web.yml",
        "WECOM_RECORDING_EXPORTER_WEB_LISTEN_ADDRESS=:9443"]' demo
scrape https://127.0.0.1:9443 --cacert "$work/etc/cert.pem"
stop

echo "image: ${architectures[*]} built in both ways, $native run, in ${SECONDS} s"
