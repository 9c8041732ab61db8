"""A simulated call, and the script that writes its log while an application runs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from random import Random

# An entry in the API's own JSON shape: {"event": {"line", "data"}, "class", "timestamp"}.
RawEntry = dict[str, object]


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


class CallEnded(Exception):
    """The call is over: the application exited, the caller hung up, or a fault ended it."""


class Script:
    """A call that is going on. Times are UNIX seconds; entries carry whole seconds as the API's do.

    ``leaves_at`` is when the caller hangs up at the latest; ``ends_at`` is when the platform
    cuts the call off. ``dice`` decides where chance does.
    """

    def __init__(self, dice: Random, start: float, leaves_at: float, ends_at: float) -> None:
        self.dice = dice
        self.now = start
        self.revision = ""
        self.entries: list[RawEntry] = []
        self.exited = False
        self._deadline = min(leaves_at, ends_at)

    def wait(self, shortest: float, longest: float) -> float:
        """Let a random number of seconds pass, and return it. Raises ``CallEnded`` on a hang-up."""
        seconds = self.dice.uniform(shortest, longest)
        if self.now + seconds >= self._deadline:
            self.now = max(self.now, self._deadline)
            raise CallEnded
        self.now += seconds
        return seconds

    def chance(self, probability: float) -> bool:
        return self.dice.random() < probability

    def write(self, log_class: str, line: str, module_type: str, name: str, **data: object) -> None:
        """Add an entry. ``data`` comes first, the two documented keys last, as in the samples."""
        data["module_type"] = module_type
        data["result_variable"] = name
        self._add(log_class, line, data)

    def write_bare(self, log_class: str, line: str) -> None:
        """Add an entry of the platform itself, that belongs to no module and has no data."""
        self._add(log_class, line, {})

    def say(self, text: str, module_type: str, name: str, *, static: bool = True) -> None:
        """Add a prompt, and let the time pass that it takes to be heard."""
        self.write(
            "prompt",
            text,
            module_type,
            name,
            type="static" if static else "variable",
            has_audio=False,
            revision_id=self.revision,
            prompt_id_type="module",
            prompt_id=str(500_000 + zlib.crc32(f"{self.revision}/{name}".encode()) % 400_000),
            language="en-US",
        )
        heard = len(text) / 15
        self.wait(heard * 0.5, heard)

    def _add(self, log_class: str, line: str, data: dict[str, object]) -> None:
        self.entries.append(
            {
                "event": {"line": line, "data": data},
                "class": log_class,
                "timestamp": int(self.now),
            }
        )
