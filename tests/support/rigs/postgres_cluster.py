"""A throw-away cluster of PostgreSQL, from the machine's own binaries or those of the newest
version, on a socket in a folder of its own. A store of a test is a schema in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlencode

import pytest

from support.patience import PATIENCE
from support.peers.ports import free_ports
from support.rigs.newest_postgres import unpack

MISSING = "PostgreSQL's server is not installed (Debian: apt-get install postgresql)"
_USER = "postgres"
# A test's data need not survive the machine.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
}

_STOP = 'read _; kill -QUIT "$(head -n 1 data/postmaster.pid)"'

# Not `truncate`: it makes new files for each table and index, which takes ten times as long.
_EMPTY = """
set session_replication_role = replica;  -- no triggers
do $$ declare found text; begin
    for found in
        select tablename from pg_tables where schemaname = 'SCHEMA' and tablename <> 'meta'
    loop
        execute format('delete from SCHEMA.%I', found);
    end loop;
    delete from SCHEMA.meta where name not like 'schema%';
    perform setval(format('SCHEMA.%I', sequencename), start_value, false)
    from pg_sequences where schemaname = 'SCHEMA';
end $$
"""


class Cluster:
    def __init__(self, folder: Path, binaries: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._binaries = binaries
        self._schemas = count(1)
        self._free: list[str] = []

    @property
    def pid(self) -> int:
        """Of the process whose children are all others of the server."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def url(self, schema: str = "public") -> str:
        parts = {
            "host": str(self.folder),
            "port": str(self.port),
            "options": f"-csearch_path={schema}",
        }
        return f"postgresql://{_USER}@/postgres?{urlencode(parts)}"

    def url_by(self, port: int, schema: str = "public") -> str:
        """The same over TCP, by a port that leads to it."""
        options = urlencode({"options": f"-csearch_path={schema}"})
        return f"postgresql://{_USER}@127.0.0.1:{port}/postgres?{options}"

    @contextmanager
    def store(self, *, new: bool = False) -> Iterator[str]:
        """The URL of an empty store. Its tables are emptied and used again, because to make them
        takes half a second. The deleted rows stay in them: whoever counts what is read needs
        ``new`` tables.
        """
        schema = self._free.pop() if self._free and not new else self._new_schema()
        yield self.url(schema)
        self._sql(_EMPTY.replace("SCHEMA", schema))
        self._free.append(schema)

    def _new_schema(self) -> str:
        schema = f"store_{next(self._schemas)}"
        self._sql(f"create schema {schema}")
        return schema

    def _sql(self, statements: str) -> None:
        import psycopg  # noqa: PLC0415 - only where there is a server

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statements)

    def run(self, program: str, *arguments: str, before: Sequence[str] = ()) -> None:
        """PostgreSQL refuses to run as root: it runs as its own user then. ``before`` is a command
        that starts the program.
        """
        command = [*before, str(self._binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", _USER, "--", *command]
        done = subprocess.run(
            command, check=False, capture_output=True, timeout=PATIENCE, cwd=self.folder
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")
            raise RuntimeError(f"{program} ended with {done.returncode}: {said}")

    def start(self, *, file_size: int | None = None) -> None:
        """``file_size``: no process of the server writes beyond so many bytes of a file."""
        limit = ["prlimit", f"--fsize={file_size}"] if file_size else []
        # `pg_ctl` waits until the server accepts connections.
        self.run("pg_ctl", "start", "-w", "-D", "data", "-l", "log", before=limit)

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "stop", "-w", "-D", "data", "-m", mode)

    def end(self) -> None:
        """Also where ``start`` did not see it start."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()

    def become_standby(self) -> None:
        """Restart as a standby without a primary, which only reads."""
        self.stop("fast")
        (self.folder / "data" / "standby.signal").touch()
        self.start()

    def promote(self) -> None:
        self.run("pg_ctl", "promote", "-w", "-D", "data")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture(scope="session")
def newest_postgres() -> Iterator[Cluster]:
    with cluster(newest=True) as started:
        yield started


@contextmanager
def cluster(*options: str, newest: bool = False, **changed: str) -> Iterator[Cluster]:
    """``options`` are those of ``initdb``; ``changed`` are settings of the server other than those
    of tests. Of the machine's own version, or of the ``newest``. Skips the test where there is no
    such server; in CI that is a failure (``support.no_skips``).
    """
    folder = Path(mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        # As root it runs as a user that the machine's own package makes.
        own = _binaries()
        if own is None and (os.geteuid() == 0 or not newest):
            pytest.skip(MISSING)
        binaries = unpack(folder) if newest else own
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        (port,) = free_ports(1)
        made = Cluster(folder, binaries, port)
        made.run(
            *("initdb", "-D", "data", "-U", _USER, "-A", "trust", "--no-sync"),
            # Not the caller's locale: the machine may lack it, and the server's words follow it.
            *("-E", "UTF8", "--locale=C", *options),
        )
        with (folder / "data" / "postgresql.auto.conf").open("a") as file:
            settings = (
                _SETTINGS | changed | {"unix_socket_directories": str(folder), "port": str(port)}
            )
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        with _ended_with_the_tests(folder):
            try:
                made.start()
                yield made
            finally:
                made.end()
    finally:
        shutil.rmtree(folder)


@contextmanager
def _ended_with_the_tests(folder: Path) -> Iterator[None]:
    """A killed test run leaves no server behind: a shell reads until the run ends, and stops it."""
    with subprocess.Popen(
        ["sh", "-c", _STOP], stdin=subprocess.PIPE, cwd=folder, start_new_session=True
    ) as shell:
        try:
            yield
        finally:
            shell.kill()


def installed() -> bool:
    return _binaries() is not None


def _binaries() -> Path | None:
    """The newest of Debian's versions, or what the path has."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if found:
        return found[-1].parent
    name = shutil.which("initdb")
    return Path(name).resolve().parent if name else None


def _version(path: Path) -> int:
    return int(path.parts[-3])
