"""Which listed calls need something: those that the ledger does not know, or knows otherwise."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from fuse_otel.core.model.call import CallRecord, ListedCall, Seen
from fuse_otel.core.timing.windows import DAY

AnyCall = CallRecord | ListedCall

FORGET_AFTER = 600.0
MOST = 100_000


def sort_calls(
    calls: Sequence[AnyCall], known: Mapping[str, Seen], waiting: Container[str], now: float
) -> tuple[list[AnyCall], list[AnyCall], list[str]]:
    """New calls, known calls with another end than before, and the ids of known calls that the
    ledger would forget while the API still lists them.
    """
    fresh: list[AnyCall] = []
    moved: list[AnyCall] = []
    kept: list[str] = []
    old = now - DAY
    for call in calls:
        seen = known.get(call.session_id)
        if seen is None:
            if call.session_id not in waiting:
                fresh.append(call)
            continue
        if seen.end != call.end:
            moved.append(call)
        if call.end is None or call.end < old:
            kept.append(call.session_id)
    return fresh, moved, kept


class SettledCalls:
    """The calls that need nothing, with their ends. A poll lists every call of the last hour, so
    each call about 120 times, and to look one up in the ledger costs more than all the rest.

    For live scans only: gaps and rescans always look into the ledger. Whoever finds that the ledger
    has lost rows calls ``clear``. Any other change of a row is seen after ``forget_after`` seconds.
    """

    def __init__(self, forget_after: float = FORGET_AFTER) -> None:
        self._forget_after = forget_after
        self._ends: dict[str, int] = {}
        self._since = 0.0

    def clear(self) -> None:
        self._ends.clear()

    def others(self, calls: Sequence[AnyCall], now: float) -> Sequence[AnyCall]:
        """Without those that are settled and listed with the same end."""
        if not self._since <= now < self._since + self._forget_after or len(self._ends) > MOST:
            self.clear()
            self._since = now
        ends = self._ends
        return [call for call in calls if ends.get(call.session_id, -1) != call.end]

    def learn(
        self, calls: Sequence[AnyCall], known: Mapping[str, Seen], waiting: Container[str]
    ) -> None:
        """Settled are those that the ledger has with the listed end and that wait for nothing."""
        for call in calls:
            seen = known.get(call.session_id)
            is_same = seen is not None and seen.end == call.end
            if is_same and call.end is not None and call.session_id not in waiting:
                self._ends[call.session_id] = call.end
