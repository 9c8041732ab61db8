#!/bin/sh
# Signs the checksums of a release with your SSH key, and checks the signature:
# scripts/sign-release.sh DIR KEY. KEY is the private key, or the public one of a key that an agent holds.
set -eu

# Not over a signature of another day: ssh-keygen would ask.
rm -f "$1/SHA256SUMS.sig"
ssh-keygen -q -Y sign -n file -f "$2" "$1/SHA256SUMS"
exec "$(dirname "$0")/check-release.sh" "$1"
