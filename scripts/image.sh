#!/usr/bin/env bash
# Builds the image of the Dockerfile and runs it: scripts/image.sh, after `make dev`. It needs root, Debian or
# Ubuntu, and no container engine: buildah builds on a base of Debian's own packages, in memory. The image is
# gone afterwards. The tools that it installs, such as buildah, stay.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || exec sudo "$PWD/scripts/${0##*/}" "$@"

suite=trixie
work=$(mktemp -d)
image=localhost/fuse-otel
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' fuse_otel/__init__.py)
# Another user's repository, where sudo started this.
revision=$(git -c safe.directory='*' rev-parse HEAD)
buildah=(buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs)
built() { "${buildah[@]}" "$@"; }
trap 'built rm --all >/dev/null 2>&1 || true; umount "$work"; rmdir "$work"' EXIT
# dpkg and buildah write every file several times and wait for the disk each time.
mount -t tmpfs -o size=4g fuse-otel-image "$work"

install_packages() {
    # buildah's package leaves one of its libraries to a recommended package.
    local missing=()
    command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
    command -v buildah >/dev/null || missing+=(buildah libgpgme11)
    command -v ip >/dev/null || missing+=(iproute2)
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
    [ ${#missing[@]} -eq 0 ] && return
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "${missing[@]}" \
        >/dev/null
}

make_base() {
    local container
    TMPDIR=$work mmdebstrap --quiet --mode=root --variant=minbase --dpkgopt=force-unsafe-io \
        --aptopt='Acquire::Retries "5"' --include=ca-certificates,python3-venv,python-is-python3 "$suite" "$work/base.tar"
    container=$(built from scratch)
    built add --quiet "$container" "$work/base.tar" / >/dev/null
    built commit --quiet --rm "$container" localhost/base >/dev/null
    rm "$work/base.tar"
}

build() {
    local digest
    digest=$(built inspect --type image --format '{{.FromImageDigest}}' localhost/base)
    # The certificates are those of this machine, which a proxy of it may need. They stay out of the image.
    scripts/build-image.sh "localhost/base@$digest" \
        "${buildah[@]}" bud --quiet --isolation chroot --format docker \
        --volume /etc/ssl/certs:/etc/ssl/certs:ro --tag "$image" >/dev/null
}

install_packages
make_base
echo "image: the base is made after $SECONDS s"
build
echo "image: built after $SECONDS s"
container=$(built from "$image")
root=$(built mount "$container")
config() { built inspect --type image --format "$1" "$image"; }
label() { config "{{index .Docker.Config.Labels \"org.opencontainers.image.$1\"}}"; }

expect() {
    # expect WHAT WANTED FOUND: an extended regular expression for all of it.
    grep -Eqx -- "$2" <<<"$3" || { echo "image: $1 is not $2 but: $3" >&2; exit 1; }
    echo "image: $1"
}

expect 'the label of the version' "$version" "$(label version)"
expect 'the label of the revision' "$revision(-dirty)?" "$(label revision)"
expect 'the label of the source' 'https://.*/fuse-otel' "$(label source)"
expect 'the label of the time' '20[0-9-]+T[0-9:]+Z' "$(label created)"
expect 'the label of the licence' 'Apache-2.0' "$(label licenses)"
expect 'the user' 9464:9464 "$(config '{{.Docker.Config.User}}')"
expect 'the command' '\[fuse-otel\] \[run\]' "$(config '{{.Docker.Config.Entrypoint}} {{.Docker.Config.Cmd}}')"
expect 'the health check' '\[CMD fuse-otel health\]' "$(config '{{.Docker.Config.Healthcheck.Test}}')"
expect 'no pip in the image' '' "$(find "$root" -name pip -o -name 'pip[-0-9]*' -o -name ensurepip)"

bom=$work/bom.json
tar --directory="$root" --create . | .venv/bin/python scripts/image_bom.py "$bom"
listed() { grep -c "\"purl\": \"pkg:$1/" "$bom"; }
expect "every package of Debian's in the bill of materials" \
    "$(dpkg-query --admindir="$root/var/lib/dpkg" --show | wc -l)" "$(listed deb)"
expect 'every package of Python in the bill of materials' \
    "$(find "$root/opt/fuse-otel/lib" -name '*.dist-info' | wc -l)" "$(listed pypi)"

mapfile -t environment < <(config '{{range .Docker.Config.Env}}{{println .}}{{end}}' | sed '/^$/d')

unshare --mount --net --pid --ipc --uts --fork scripts/image-run.sh \
    "$root" "$(config '{{.Docker.Config.User}}')" "${environment[@]}"
echo "image: all of it after $SECONDS s"
