"""What the endpoints have to say, without HTTP around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from fuse_otel.simulator.question import Question
from fuse_otel.simulator.simulated_call import Entry, SimulatedCall


class Content(Protocol):
    """All bodies are JSON. ``now`` is UNIX seconds."""

    def page(self, question: Question, now: float) -> bytes:
        """The body of ``/calls`` or ``/all_logs``."""
        ...

    def log(self, session_id: str, now: float) -> tuple[int, bytes]:
        """HTTP status and body of ``/call/{session_id}``."""
        ...

    def ended(self, start: float, end: float) -> Iterable[SimulatedCall]:
        """The calls that ended in ``[start, end)``: the truth, whatever the API shows of it."""
        ...

    def entries(self, session_id: str) -> tuple[Entry, ...]:
        """A call's finished log. Raises ``KeyError`` for an unknown call."""
        ...
