#!/usr/bin/env bash
# Runs the image as a container: scripts/image-run.sh ROOT USER:GROUP NAME=VALUE…, started by
# scripts/image.sh in namespaces of its own. As with `docker run --read-only --tmpfs /tmp`, only the
# state directory and /tmp can be written. The simulator is in the same container.
set -euo pipefail

root=$1 user=$2
shift 2
environment=("$@")
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o "mode=0700,uid=${user%:*},gid=${user#*:}" tmpfs "$root/var/lib/fuse-otel"
mount -o remount,bind,ro "$root"
ip link set lo up

# With the environment of the image; NAME=VALUE before the command adds to it. No shell is between, so that
# a signal reaches the program.
inside=(
    chroot "$root" setpriv "--reuid=${user%:*}" "--regid=${user#*:}" --clear-groups --no-new-privs
    --bounding-set=-all env --chdir=/var/lib/fuse-otel -i "${environment[@]}"
)
patiently() {
    # patiently COMMAND…: until it succeeds, for some minutes at most.
    local tries
    for tries in $(seq 1 240); do "$@" >/dev/null 2>&1 && return; sleep 0.5; done
    echo "image: after $tries tries it still fails: ${*: -2}" >&2
    "$@" >&2
}
says() { echo "image: $*"; }

refuses() {
    # refuses WHAT COMMAND…
    if "${@:2}" >/dev/null 2>&1; then echo "image: $1" >&2; exit 1; fi
}

refuses 'the root can be written' "${inside[@]}" touch /opt/a-file
says "the root is read-only, and the user is $("${inside[@]}" id -u)"

"${inside[@]}" fuse-otel demo --seconds 10 >"$root/tmp/demo.txt"
grep -Fq 'One of its calls:' "$root/tmp/demo.txt"
[ -s "$root/var/lib/fuse-otel/demo/calls.jsonl" ]
says 'the demo delivers calls'

# Its library is inside of the wheel: the base has none.
"${inside[@]}" python -c 'import psycopg, psycopg_pool'
says 'the driver for PostgreSQL loads'

"${inside[@]}" fuse-otel simulate --listen 127.0.0.1:8765 >/dev/null &
simulator=$!
with_account=(
    "${inside[@]}"
    "FUSE_OTEL_LISTEN=[::]:9555"
    FUSE_OTEL_API_URL=http://127.0.0.1:8765/api
    FUSE_OTEL_EMAIL=owner@example.com
    FUSE_OTEL_DEVELOPER_KEY=simulated-key
    OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9
)
refuses 'healthy without a daemon' "${with_account[@]}" fuse-otel health
"${with_account[@]}" fuse-otel run >"$root/tmp/log.txt" 2>&1 &
daemon=$!
patiently "${with_account[@]}" fuse-otel health
refuses 'healthy at another port' "${inside[@]}" "FUSE_OTEL_LISTEN=[::]:9556" fuse-otel health
says 'the health check follows the configured port'
for address in 127.0.0.1 '[::1]'; do
    "${inside[@]}" python -c "import urllib.request as r; r.urlopen('http://$address:9555/-/healthy')"
    says "the pages answer at $address"
done
[ -s "$root/var/lib/fuse-otel/state.db" ]
says 'the state is in the volume'
kill "$daemon"
wait "$daemon"
says 'SIGTERM ends the daemon with 0'
kill "$simulator"
