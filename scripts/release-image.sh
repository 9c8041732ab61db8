#!/usr/bin/env bash
# Builds the image of a release, and writes its bill of materials into dist/: scripts/release-image.sh BASE
# BASE is the base image with its digest. ENGINE=docker, or another with the same commands; IMAGE=fuse-otel:VERSION.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' fuse_otel/__init__.py)
engine=${ENGINE:-docker}
image=${IMAGE:-fuse-otel:$version}
scripts/build-image.sh "$1" "$engine" build --pull --tag "$image"
container=$("$engine" create "$image")
trap '"$engine" rm "$container" >/dev/null' EXIT
mkdir -p dist
"$engine" export "$container" | .venv/bin/python scripts/image_bom.py "dist/fuse-otel-$version-image.cdx.json"
echo "image: $image"
