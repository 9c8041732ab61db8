"""A call of the simulated world: the list record, and what an oracle must know beside it."""

from __future__ import annotations

from dataclasses import dataclass

# An entry in the API's own JSON shape: {"event": {"line", "data"}, "class", "timestamp"}.
Entry = dict[str, object]


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """``start`` and ``end`` are UNIX seconds. ``number`` is our own line, also for outbound calls.

    ``entries`` counts the entries of the finished log; with ``log`` false the API shows none.
    ``exited``: the application ran to an ``exit`` module, so the caller did not just hang up.
    """

    session_id: str
    number: str
    src: str
    dest: str
    start: int
    end: int
    type: str
    log: bool
    application: str
    entries: int
    exited: bool

    def __repr__(self) -> str:
        return f"SimulatedCall({self.session_id!r})"
