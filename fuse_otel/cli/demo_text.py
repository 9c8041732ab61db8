"""What the demo prints, and the configuration it writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings

_CONFIGURATION = """\
# The configuration of the demo. Point api_url, email and developer_key at a real account, and
# endpoint at a real back end, and it is one for production.
api_url = "{api_url}"
email = "owner@example.com"
developer_key = "simulated-key"
state_url = "sqlite:///{directory}/state.db"
listen = "127.0.0.1:{port}"
poll_interval = "2s"
settle = "2s"
since = "1h"
log_level = "warn"
"""
_TO_FILE = """
[[destinations]]
name = "file"
type = "file"
path = "{directory}/calls.jsonl"
"""


def configuration(directory: Path, api_url: str, port: int, *, to_file: bool) -> str:
    """A configuration file. Without a file to deliver to, OTEL_EXPORTER_OTLP_* says where."""
    text = _CONFIGURATION + (_TO_FILE if to_file else "")
    return text.format(api_url=api_url, directory=directory.as_posix(), port=port)


def pages(url: str, api_url: str, directory: Path, settings: Settings) -> Iterator[str]:
    yield "fuse-otel demo: a simulated Fuse API, and the daemon that reads it."
    yield ""
    yield f"  status      {url}/status"
    yield f"  calls       {url}/calls/"
    yield f"  metrics     {url}/metrics"
    yield f"  the API     {api_url}"
    yield f"  settings    {directory / 'fuse-otel.toml'}"
    for destination in settings.destinations:
        for where in sorted(set(destination.urls.values())) or [
            destination.path or destination.type
        ]:
            yield f"  delivers to {where}"
    yield ""


def headline(session_id: str) -> str:
    return f"One of its calls (fuse-otel show '{session_id}' --config …, or fuse-otel show FILE):"


def farewell(directory: Path) -> Iterator[str]:
    yield "With your own account and back end:"
    yield ""
    yield "  export FUSE_OTEL_EMAIL=you@example.com FUSE_OTEL_DEVELOPER_KEY_FILE=/path/to/key"
    yield "  export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318"
    yield "  fuse-otel check --online && fuse-otel run"
    yield ""
    yield f"What was delivered: fuse-otel show {directory / 'calls.jsonl'}"
    yield "Ctrl-C ends the demo."
