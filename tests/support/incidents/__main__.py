"""Runs the incidents and writes what they showed into the page: ``make incidents``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from support.incidents.incident import INCIDENTS
from support.incidents.page import PAGE, tables, write

if __name__ == "__main__":
    for incident in INCIDENTS:
        with TemporaryDirectory() as folder:
            write(incident.key, tables(incident.run(Path(folder))))
        sys.stdout.write(f"{incident.key}: written into {PAGE.name}\n")
