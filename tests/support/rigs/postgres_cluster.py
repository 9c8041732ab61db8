"""A throw-away cluster of PostgreSQL, from the machine's own binaries, on a socket in a folder of
its own. A store of a test is a schema in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlencode

import pytest

MISSING = "PostgreSQL's server is not installed (Debian: apt-get install postgresql)"
_USER = "postgres"
# A test's data need not survive the machine. Nothing listens but the socket.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
}


class Cluster:
    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self._binaries = binaries
        self._schemas = count(1)

    def url(self, schema: str = "public") -> str:
        parts = {"host": str(self.folder), "options": f"-csearch_path={schema}"}
        return f"postgresql://{_USER}@/postgres?{urlencode(parts)}"

    def new_store(self) -> str:
        """The URL of an empty schema."""
        import psycopg  # noqa: PLC0415 - only where there is a server

        schema = f"store_{next(self._schemas)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"create schema {schema}")
        return self.url(schema)

    def run(self, program: str, *arguments: str) -> None:
        """PostgreSQL refuses to run as root: it runs as its own user then."""
        command = [str(self._binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", _USER, "--", *command]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=self.folder)

    def start(self) -> None:
        # `pg_ctl` waits until the server accepts connections.
        self.run("pg_ctl", "start", "-w", "-D", "data", "-l", "log")

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "stop", "-w", "-D", "data", "-m", mode)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Skips the test where there is no server; in CI that is a failure (``support.no_skips``)."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip(MISSING)
    folder = Path(mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        made = Cluster(folder, binaries)
        made.run("initdb", "-D", "data", "-U", _USER, "-A", "trust", "--no-sync", "-E", "UTF8")
        with (folder / "data" / "postgresql.auto.conf").open("a") as file:
            settings = _SETTINGS | {"unix_socket_directories": str(folder)}
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path | None:
    """The newest of Debian's versions, or what the path has."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if found:
        return found[-1].parent
    name = shutil.which("initdb")
    return Path(name).resolve().parent if name else None


def _version(path: Path) -> int:
    return int(path.parts[-3])
