#!/usr/bin/env bash
# Builds the image of the Dockerfile with the labels of a release: scripts/build-image.sh BASE COMMAND…
# BASE is the base image with its digest. COMMAND is `docker build --tag NAME`, or what takes the same arguments.
set -euo pipefail
cd "$(dirname "$0")/.."

base=$1
shift
# A tag can become another image tomorrow.
grep -Eq '^[^@[:space:]]+@sha256:[0-9a-f]{64}$' <<<"$base" || {
    echo "image: BASE has no digest: write python:3.13-slim@sha256:…, not '$base'" >&2
    exit 2
}
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' fuse_otel/__init__.py)
source=$(sed -n 's/^repository = "\(.*\)"$/\1/p' pyproject.toml)
# The checkout may belong to another user, where sudo started this. Changes that are not committed show.
revision=$(git -c safe.directory='*' describe --always --abbrev=40 --exclude='*' --dirty)
exec "$@" --build-arg BASE="$base" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
    --build-arg SOURCE="$source" --build-arg CREATED="$(date --utc +%Y-%m-%dT%H:%M:%SZ)" .
