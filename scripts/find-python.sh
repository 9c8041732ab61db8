#!/bin/sh
# Prints the newest Python that can run fuse-otel and make an environment, or says how to get one.
set -u

can_run='import sys; sys.exit(sys.version_info < (3, 11))'
can_make='import ensurepip, venv'

without_venv=
for name in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3}; do
    found=$(command -v "$name") || continue
    # A version manager's stub is found and does not run.
    "$found" -c "$can_run" >/dev/null 2>&1 || continue
    if "$found" -c "$can_make" >/dev/null 2>&1; then
        echo "$found"
        exit 0
    fi
    # Debian ships venv and ensurepip apart.
    without_venv=${without_venv:-$("$found" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')}
done

if [ "$(uname -s)" = Darwin ]; then
    install='brew install python@3.13'
elif [ -n "$without_venv" ]; then
    install="sudo apt-get install --yes $without_venv-venv"
else
    install='sudo apt-get install --yes python3 python3-venv'
fi
echo "fuse-otel needs Python 3.11 or later with venv. Install it with: $install" >&2
exit 1
