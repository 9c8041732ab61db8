"""The pen that writes a call's log while an application talks to its caller."""

from __future__ import annotations

import zlib
from random import Random

from fuse_otel.simulator.simulated_call import Entry


class CallEnded(Exception):
    """The call is over: the application exited, the caller hung up, or a fault ended it."""


class Script:
    """One call on its way. Times are UNIX seconds; entries carry whole seconds as the API's do.

    ``leaves_at`` is when the caller hangs up whatever happens; ``ends_at`` is when the platform
    cuts the call off. ``dice`` is the only chance there is.
    """

    def __init__(self, dice: Random, start: float, leaves_at: float, ends_at: float) -> None:
        self.dice = dice
        self.now = start
        self.revision = ""
        self.entries: list[Entry] = []
        self.exited = False
        self._deadline = min(leaves_at, ends_at)

    def wait(self, shortest: float, longest: float) -> float:
        """Let a drawn number of seconds pass, and return it. Raises ``CallEnded`` on a hang-up."""
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
