#!/bin/sh
# Makes .venv, or brings it up to date: `scripts/environment.sh runtime` is enough to run the daemon,
# `dev` to work on it. The lock is installed by its hashes, then the package itself, editable, without
# access to a registry. A stamp holds the checksums of the locks: if they did not change, nothing is done.
set -eu
cd "$(dirname "$0")/.."

case $1 in
    runtime) locks='requirements/runtime.txt requirements/build.txt' ;;
    dev) locks='requirements/dev.txt' ;;
    *) echo "usage: $0 runtime|dev" >&2; exit 2 ;;
esac
stamp=.venv/.installed-$1
# The version is part of the metadata that an editable installation writes once.
# shellcheck disable=SC2086  # the list is split on purpose
wanted=$(cat $locks pyproject.toml fuse_otel/__init__.py | cksum)

if [ -x .venv/bin/fuse-otel ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi
# An interrupted run leaves an environment without pip.
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    python=$(scripts/find-python.sh)
    echo "Making .venv with $("$python" --version)…"
    "$python" -m venv --clear .venv
fi
echo "Installing into .venv what $(echo "$locks" | sed 's/ / and /') names (some minutes the first time)…"
requirements=
for lock in $locks; do requirements="$requirements -r $lock"; done
# shellcheck disable=SC2086
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes $requirements
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --editable .
echo "$wanted" >"$stamp"
