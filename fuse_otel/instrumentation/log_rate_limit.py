"""A trouble is named when it begins, then once a minute with its number, until it is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fuse_otel.instrumentation.log_line import Line

EVERY = 60.0


@dataclass(slots=True)
class _Trouble:
    last: Line
    told: float
    held: int = 0


class Flood:
    """Not for several threads at once. A minute without the trouble ends it."""

    def __init__(self) -> None:
        self._troubles: dict[tuple[str, ...], _Trouble] = {}

    def admits(self, line: Line, now: float) -> bool:
        """Whether the line is to be written; otherwise it is held for the next summary."""
        if not line.flood:
            return True
        trouble = self._troubles.get(line.flood)
        if trouble is None:
            self._troubles[line.flood] = _Trouble(line, now)
            return True
        trouble.last = line
        trouble.held += line.weight
        return False

    def due(self, now: float) -> Iterator[Line]:
        """The summaries of the troubles that were last told a minute ago or more."""
        for key, trouble in tuple(self._troubles.items()):
            if now - trouble.told < EVERY:
                continue
            if trouble.held == 0:
                del self._troubles[key]
                continue
            yield _summary(trouble)
            trouble.told, trouble.held = now, 0

    def rest(self) -> Iterator[Line]:
        """The summaries of all that is held, for the end."""
        yield from (_summary(trouble) for trouble in self._troubles.values() if trouble.held)
        self._troubles.clear()


def _summary(trouble: _Trouble) -> Line:
    """The last line, with ``more``: how many were held since the line before."""
    return replace(trouble.last, fields={**trouble.last.fields, "more": trouble.held})
