#!/bin/sh
# Writes requirements/*.txt from pyproject.toml: every version and hash, for all Pythons and systems at
# once, naming no host. Pins that still fit stay as they are; `scripts/lock.sh --upgrade` moves them all.
set -eu
cd "$(dirname "$0")/.."

compile() {
    output=$1
    shift
    "${UV:-.venv/bin/uv}" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
        --output-file "requirements/$output" "$@" >/dev/null
}

compile runtime.txt --extra patterns --extra postgres --extra speed "$@" pyproject.toml
# The development lock holds the very versions that are shipped, so that they are what is tested.
compile build.txt --group build --constraints requirements/runtime.txt "$@"
compile dev.txt --extra patterns --extra postgres --extra speed --group dev \
    --constraints requirements/runtime.txt --constraints requirements/build.txt "$@" pyproject.toml
