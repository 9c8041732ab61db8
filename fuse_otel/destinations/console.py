"""OTLP/JSON lines on a stream, for a first look."""

from __future__ import annotations

from threading import Lock
from typing import TextIO

from fuse_otel.core.outcome import Accepted, Outcome, Refused, Retry
from fuse_otel.core.telemetry import Signal
from fuse_otel.destinations.otlp_line import otlp_line


class ConsoleDestination:
    """One export request a line. The stream stays its owner's: it is never closed here."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream
        self._lock = Lock()

    @property
    def name(self) -> str:
        return self._name

    def send(self, signal: Signal, data: bytes, items: int) -> Outcome:  # noqa: ARG002 - the port's
        try:
            line = otlp_line(signal, data)
        except ValueError as error:
            return Refused("damaged", f"the stored body is damaged: {error}")
        try:
            with self._lock:
                self._stream.write(line)
                self._stream.flush()
        except OSError as error:
            return Retry("stream", f"the stream cannot be written: {error.strerror}")
        return Accepted("printed")

    def close(self) -> None:
        """Nothing of ours is open."""
