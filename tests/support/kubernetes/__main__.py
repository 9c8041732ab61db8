"""``make manifests`` writes the plain manifests again."""

from __future__ import annotations

import sys

from support.back_ends.pins import programs
from support.kubernetes.plain import plain_manifests


def main() -> int:
    helm = programs()["helm"].find()
    if helm is None:
        sys.stderr.write("Helm is not built: run `make back-ends`\n")
        return 1
    for path, content in plain_manifests(helm).items():
        path.write_text(content)
    return 0


sys.exit(main())
