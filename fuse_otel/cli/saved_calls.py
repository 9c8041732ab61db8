"""A saved answer of the Fuse API, rendered as the daemon would have rendered it."""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote

from fuse_otel.core.decoding.saved_calls import decode_saved
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import (
    CallLog,
    CallRecord,
    Direction,
    ListedCall,
    log_completeness,
)
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.tally import Note
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.files import NamedFile

STDIN = "-"
MOST = 128 * 1024 * 1024  # bytes of a line, and of a saved answer
_DEVICES = ("/dev/", "/proc/")  # a pipe, whose number is not a session id
# Plum writes 300060;001;1529552581. Only the semicolons are relied on.
_SESSION_ID = re.compile(r"[\w-]{1,64}(?:;[\w-]{1,64}){1,7}", re.ASCII)


class TooMuch(ValueError):
    """The file is larger than any answer, or never ends, as ``/dev/zero``."""

    def __init__(self) -> None:
        super().__init__(f"it is larger than {MOST >> 20} MiB")


@contextmanager
def opened(name: str) -> Iterator[Iterator[bytes]]:
    """The lines of the file, or of standard input. Raises ``OSError``, and the lines ``TooMuch``
    where one does not end.
    """
    if name != STDIN:
        with io.BufferedReader(NamedFile(name)) as file:
            yield _lines(file)
    elif sys.stdin is None:
        raise OSError("standard input is closed")
    else:
        yield _lines(sys.stdin.buffer)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(MOST + 1):
        if len(line) > MOST:
            raise TooMuch
        yield line


def joined(lines: Iterable[bytes]) -> bytes:
    """Raises ``TooMuch``."""
    whole = bytearray()
    for line in lines:
        whole += line
        if len(whole) > MOST:
            raise TooMuch
    return bytes(whole)


def session_id_of(name: str) -> str:
    """The session id that a file is named after: ``curl -O`` leaves ``%3B`` for each semicolon.
    Empty if the name has not the shape of one.
    """
    if name == STDIN or name.startswith(_DEVICES):
        return ""
    stem = unquote(Path(name).stem)
    return stem if _SESSION_ID.fullmatch(stem) else ""


NAME_IT = "Name it with --session-id."


class NoSessionId(ValueError):
    """The file holds a bare list of entries, and no session id was given."""


class SavedTelemetry(NamedTuple):
    """Export requests; ``notes`` if the options ask for an explanation. ``unnamed``: the file does
    not name its call.
    """

    trace_id: str
    traces: bytes
    logs: bytes
    notes: Sequence[Note]
    unnamed: bool


def render_saved(data: bytes, session_id: str, options: ModelOptions) -> Iterator[SavedTelemetry]:
    """The calls of one file, JSON or XML. ``session_id`` is for a bare list of entries, which
    names none; empty if unknown.

    Raises ``NotUnderstood`` and ``NoSessionId``.
    """
    renderings = [
        Rendering(signal, signal, Profile.GENERIC, (), options.redaction) for signal in Signal
    ]
    renderer = Renderer(options, renderings)
    for record, log in decode_saved(data):
        call = _listed(record, log, session_id, options.pseudonym_key)
        out = renderer.render(call, log, log_completeness(call, log))
        traces, logs = (out.parts.get(signal, (b"", 0))[0] for signal in Signal)
        yield SavedTelemetry(out.trace_id, traces, logs, out.tally.notes or (), record is None)


def options_of(args: argparse.Namespace) -> ModelOptions:
    """What the daemon of this configuration renders with, so that ids and attributes are the ones
    it sends. Raises ``ConfigurationError``.
    """
    from fuse_otel.assembly.parts import model_options  # noqa: PLC0415 - heavy, as below
    from fuse_otel.cli.settings_flags import load_settings  # noqa: PLC0415

    settings = load_settings(args, needs_account=False).settings
    return model_options(settings)


def _listed(
    record: CallRecord | None, log: CallLog, session_id: str, key: bytes | None
) -> ListedCall:
    if record is not None:
        return pseudonymise(record, key)
    if not session_id:
        raise NoSessionId("it is a bare list of entries, which does not say whose call it is")
    times = [entry.timestamp for entry in log.entries if entry.timestamp is not None]
    return ListedCall(
        session_id=session_id,
        start=min(times, default=None),
        end=max(times, default=None),
        direction=Direction.UNKNOWN,
        type="",
        logged=True,
        user_hash=None,
        destination=None,
    )
