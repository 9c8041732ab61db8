#!/usr/bin/env bash
# Installs, uses and removes the deb of dist/ on a copy of this machine's root that is thrown away, and
# compares the rpm with it: scripts/packages-check.sh. It needs root, Debian or Ubuntu.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${IN_NAMESPACE:-}" ]; then
    self=$PWD/scripts/${0##*/}
    [ "$(id -u)" -eq 0 ] || exec sudo "$self" "$@"
    work=$(mktemp -d)
    trap 'rmdir "$work"' EXIT
    # Its mounts end with the namespace, so the folder is empty afterwards.
    IN_NAMESPACE=$work unshare --mount "$self" "$@"
    exit
fi

if ! command -v rpm >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends rpm >/dev/null
fi
deb=$(realpath dist/*.deb) rpm=$(realpath dist/*.rpm)
work=$IN_NAMESPACE
mount -t tmpfs packages-check "$work"
mkdir "$work/upper" "$work/work" "$work/copy"
mount -t overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" overlay "$work/copy"
mount -t proc proc "$work/copy/proc"
mount --rbind /dev "$work/copy/dev"
cp "$deb" "$work/copy/srv/"
inside() { chroot "$work/copy" "$@"; }
as_nobody() { inside setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
says() { echo "packages: $*"; }
fails() { echo "packages: $*" >&2; exit 1; }

inside dpkg --install "/srv/${deb##*/}" >/dev/null
says 'the deb is installed'
inside getent passwd fuse-otel >/dev/null || fails 'there is no user fuse-otel'
cp -r scripts "$work/copy/srv/"
install -D fuse_otel/__init__.py "$work/copy/srv/fuse_otel/__init__.py"
as_nobody /bin/sh /srv/scripts/smoke.sh /usr/bin/fuse-otel
# Not $PWD alone: /src or /build is a part of many texts.
named=$(grep -rlF -e "$PWD/build/packages" -e "$PWD/dist" "$work/copy/opt/fuse-otel" || true)
[ -z "$named" ] || fails "these files name the folder of the build: $named"
inside systemd-analyze verify --man=no --recursive-errors=no fuse-otel.service
says 'systemd finds the unit and its program'
inside bash -n /usr/share/bash-completion/completions/fuse-otel
inside gzip --test /usr/share/man/man1/fuse-otel.1.gz
inside grep -q '^# *email' /usr/share/doc/fuse-otel/examples/fuse-otel.toml
echo FUSE_OTEL_ENVIRONMENT=test >>"$work/copy/etc/fuse-otel/fuse-otel.env"
inside dpkg --install "/srv/${deb##*/}" >/dev/null
inside grep -q '^FUSE_OTEL_ENVIRONMENT=test$' /etc/fuse-otel/fuse-otel.env
says 'a second installation keeps changed settings'
inside dpkg --remove fuse-otel >/dev/null
[ ! -e "$work/copy/opt/fuse-otel" ] || fails "these files stay: $(find "$work/copy/opt/fuse-otel" | head)"
[ -e "$work/copy/etc/fuse-otel/fuse-otel.env" ] || fails 'a removal deletes the settings'
inside dpkg --purge fuse-otel >/dev/null 2>&1
[ ! -e "$work/copy/etc/fuse-otel/fuse-otel.env" ] || fails 'a purge keeps the settings'
says 'the removal leaves nothing but the settings, and a purge not even them'

inside dpkg-deb --fsys-tarfile "/srv/${deb##*/}" | tar --list | grep -v '/$' | sed 's|^\.||' | sort >"$work/deb.txt"
rpm --query --package --list --dbpath "$work/rpm" "$rpm" 2>/dev/null | sort >"$work/rpm.txt"
# The rpm also lists the folders that the package makes.
[ -z "$(comm -23 "$work/deb.txt" "$work/rpm.txt")" ] || fails 'the rpm lacks files of the deb'
rpm --query --package --requires --dbpath "$work/rpm" "$rpm" 2>/dev/null | grep -qx '/usr/bin/python3\.[0-9]*'
says 'the rpm has the same files, and requires its Python'
