#!/bin/sh
# Whether the files of a release are those that were signed: scripts/check-release.sh DIR. The keys that may
# sign are in SIGNERS=.github/release_signers.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
signers=${SIGNERS:-$here/.github/release_signers}
cd "$1"
[ -s SHA256SUMS.sig ] || { echo "release: SHA256SUMS has no signature: set SSH_KEY" >&2; exit 1; }
ssh-keygen -q -Y verify -f "$signers" -I fuse-otel -n file -s SHA256SUMS.sig <SHA256SUMS || {
    echo "release: no key in $signers made this signature" >&2
    exit 1
}
sha256sum --check --strict --quiet SHA256SUMS
for file in *; do
    case $file in
        SHA256SUMS | SHA256SUMS.sig) ;;
        *)
            sed 's/^[0-9a-f]*  //' SHA256SUMS | grep -Fxq -- "$file" || {
                echo "release: $file has no checksum" >&2
                exit 1
            }
            ;;
    esac
done
echo "release: every file is as it was signed"
