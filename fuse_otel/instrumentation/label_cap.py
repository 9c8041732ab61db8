"""Limits labels whose values come from outside, so that no author of an application and no peer can
make the number of series grow without end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from threading import Lock

from msgspec import Struct

from fuse_otel.core.redaction.masks import mask_digits
from fuse_otel.events import Emit, LabelFull, unheard

OTHER = "#other#"
_LONGEST = 128

Overflowed = Callable[[str, Sequence[str], int], None]
"""Account, labels whose values became ``#other#``, and the limit that is reached."""


class Caps(Struct, frozen=True):
    """How many names of each account keep series of their own. ``applications`` also limits the
    classes of log entries, ``modules`` the pairs of a module with one more name.
    """

    applications: int = 200
    modules: int = 2000


class LabelCap:
    """The first ``limit`` combinations of values of an account keep their names while the process
    lives. In all others, the values behind the first ``kept`` ones become ``#other#``. The ``kept``
    values have to be limited already. The first of them is the account. For any number of threads.
    """

    def __init__(self, labels: Sequence[str], kept: int, overflowed: Overflowed) -> None:
        self.limit = 0
        self._labels = labels[kept:]
        self._kept = kept
        self._overflowed = overflowed
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._used: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, account: str, *values: str) -> tuple[str, ...]:
        key = (account, *values)
        found = self._names.get(key) or self._add(key)
        if found:
            return found
        self._overflowed(account, self._labels, self.limit)
        return (*key[: self._kept], *(OTHER for _ in self._labels))

    def _add(self, key: tuple[str, ...]) -> tuple[str, ...]:
        """Empty if the account has no room left."""
        with self._lock:
            if key not in self._names and self._used[key[0]] < self.limit:
                self._used[key[0]] += 1
                names = (mask_digits(value)[:_LONGEST] for value in key[self._kept :])
                self._names[key] = (*key[: self._kept], *names)
            return self._names.get(key, ())


class Overflows:
    """Passes every ``#other#`` to ``count``, and the first of an account and label to ``emit``."""

    def __init__(self, count: Callable[[str], None]) -> None:
        self.emit: Emit = unheard
        self._count = count
        self._known: set[tuple[str, str]] = set()

    def __call__(self, account: str, labels: Sequence[str], limit: int) -> None:
        for label in labels:
            self._count(label)
            if (account, label) not in self._known:
                self._known.add((account, label))
                self.emit(LabelFull(account, label, limit))
