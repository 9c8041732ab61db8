#!/usr/bin/env bash
# Writes a deb and an rpm into dist/: scripts/packages.sh. Both hold the wheel of dist/ with the locked
# versions of its dependencies, for one version of Python and one kind of processor: those of
# PYTHON=/usr/bin/python3, which has to be a distribution's own.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(realpath "${PYTHON:-/usr/bin/python3}")
case $python in
    /usr/bin/python3.*) ;;
    *) echo "packages: $python is not the Python of a distribution: set PYTHON=/usr/bin/python3.X" >&2; exit 1 ;;
esac
build=$PWD/build/packages
root=$build/root
program=$root/opt/fuse-otel
rm -rf "$build"
mkdir -p "$program"

install_program() {
    "$python" -m venv --without-pip "$program"
    .venv/bin/python -m pip --python "$program/bin/python" install --quiet --no-compile --disable-pip-version-check \
        --require-hashes -r requirements/runtime.txt
    .venv/bin/python -m pip --python "$program/bin/python" install --quiet --no-compile --disable-pip-version-check \
        --no-deps dist/*.whl
    # Whatever names the folder of the build: the activation, where the wheel was, the first lines of programs.
    rm -f "$program"/bin/[Aa]ctivate* "$program"/lib/python3.*/site-packages/fuse_otel-*.dist-info/direct_url.json
    grep -rlIF "$root" "$program/bin" "$program/pyvenv.cfg" | xargs sed -i "s|$root||g"
    # A hash instead of a time: unpacking may change times, and nothing but root writes there.
    "$program/bin/python" -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / \
        "$program"/lib/python3.*/site-packages
}

place_files() {
    local assets=$program/assets
    "$program/bin/python" -m fuse_otel assets --to "$assets" >/dev/null
    install -D -m 0644 "$assets/systemd/fuse-otel.service" "$root/usr/lib/systemd/system/fuse-otel.service"
    install -D -m 0755 "$assets/systemd/fuse-otel" "$root/usr/bin/fuse-otel-as-daemon"
    install -D -m 0644 packages/sysusers.conf "$root/usr/lib/sysusers.d/fuse-otel.conf"
    install -D -m 0644 "$assets/completion/fuse-otel.bash" "$root/usr/share/bash-completion/completions/fuse-otel"
    install -D -m 0644 "$assets/completion/_fuse-otel" "$root/usr/share/zsh/site-functions/_fuse-otel"
    install -D -m 0644 "$assets/completion/_fuse-otel" "$root/usr/share/zsh/vendor-completions/_fuse-otel"
    install -D -m 0644 "$assets/completion/fuse-otel.fish" "$root/usr/share/fish/vendor_completions.d/fuse-otel.fish"
    install -D -m 0644 "$assets/man/man1/fuse-otel.1" "$root/usr/share/man/man1/fuse-otel.1"
    gzip -9 --no-name "$root/usr/share/man/man1/fuse-otel.1"
    install -D -m 0644 "$assets/fuse-otel.toml" "$root/usr/share/doc/fuse-otel/examples/fuse-otel.toml"
    install -D -m 0644 LICENSE "$root/usr/share/doc/fuse-otel/copyright"
    cp "$assets/systemd/fuse-otel.env" "$build/fuse-otel.env"
}

install_program
place_files
# What is in a package is root's, and everybody may read it.
chmod -R u=rwX,go=rX "$root"
export VERSION HOMEPAGE ARCH PYTHON_PATH=$python PYTHON_NAME=${python##*/}
VERSION=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' fuse_otel/__init__.py)
HOMEPAGE=$(sed -n 's/^repository = "\(.*\)"$/\1/p' pyproject.toml)
case $(uname -m) in
    x86_64) ARCH=amd64 ;;
    aarch64) ARCH=arm64 ;;
    *) echo "packages: no package for $(uname -m)" >&2; exit 1 ;;
esac
cd "$build"
for kind in deb rpm; do
    ../../.venv/bin/nfpm package --config ../../packages/nfpm.yaml --packager "$kind" --target ../../dist/
done
