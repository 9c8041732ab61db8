#!/bin/sh
# Whether an installed fuse-otel does its work with nothing of this repository around it:
# scripts/smoke.sh /path/to/fuse-otel
set -eu

program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$(dirname "$0")/../fuse_otel/__init__.py")
# No setting of the person who runs this or of the machine, and no module of the folder they are in.
cd "$folder"
touch no-settings.toml
clean() { env -i PATH="$PATH" HOME="$folder" FUSE_OTEL_CONFIG="$folder/no-settings.toml" "$@"; }
fuse_otel() { clean "$program" "$@"; }

expect() {
    # expect WHAT PATTERN FILE: the file has a line like the pattern.
    grep -Eq "$2" "$3" || { echo "smoke: $1 is missing in:" >&2; cat "$3" >&2; exit 1; }
    echo "smoke: $1"
}

fuse_otel --version >version
expect "the version is $version" "$version\$" version
fuse_otel --help >help
expect 'help names the daemon' '^ +run ' help

cat >call.json <<'CALL'
[
  {"event": {"line": "Executing application \"smoke\" version \"0.1\"",
             "data": {"module_type": "start", "result_variable": "start"}},
   "class": "info", "timestamp": 1529552691},
  {"event": {"line": "User input: 4242 (dtmf)",
             "data": {"module_type": "number", "result_variable": "pin"}},
   "class": "event", "timestamp": 1529552692},
  {"event": {"line": "Exiting application",
             "data": {"module_type": "exit", "result_variable": "hangup"}},
   "class": "info", "timestamp": 1529552696}
]
CALL
fuse_otel convert --session-id '300060;001;1529552581' call.json >call.otlp
expect 'a saved call becomes a trace' '"resourceSpans".*call smoke.*number pin' call.otlp
expect 'and log records' '"resourceLogs"' call.otlp
if grep -q 4242 call.otlp; then
    echo 'smoke: keyed digits left the call' >&2
    exit 1
fi
fuse_otel show --session-id '300060;001;1529552581' call.json >call.txt
expect 'the call is drawn' 'number pin' call.txt

fuse_otel assets --to assets >assets.txt
while read -r file; do
    [ -s "$file" ] || { echo "smoke: $file was not written" >&2; exit 1; }
done <assets.txt
expect 'the alerts are beside the program' '^ +- alert: ' assets/prometheus/fuse-otel.rules.yaml
expect 'so are the unit' '^ExecStart=' assets/systemd/fuse-otel.service
expect 'and the man page' '^\.TH FUSE' assets/man/man1/fuse-otel.1
[ -x assets/systemd/fuse-otel ] || { echo 'smoke: assets/systemd/fuse-otel cannot be run' >&2; exit 1; }
if fuse_otel assets --to assets >again.txt 2>&1; then
    echo 'smoke: the files were replaced without --force' >&2
    exit 1
fi

status=0
clean FUSE_OTEL_POLL_INTERVALL=1m \
    "$program" check >problems 2>&1 || status=$?
[ "$status" -eq 78 ] || {
    echo "smoke: a bad configuration exits $status" >&2
    cat problems >&2
    exit 1
}
expect 'a mistyped setting is named with its neighbour' 'FUSE_OTEL_POLL_INTERVAL([^L]|$)' problems
clean FUSE_OTEL_EMAIL=ops@example.com FUSE_OTEL_DEVELOPER_KEY=smoke \
    "$program" check >/dev/null
echo 'smoke: a good configuration is accepted'
