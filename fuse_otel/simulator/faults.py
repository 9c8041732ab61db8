"""The faults of the simulated API, changeable while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from random import Random

from fuse_otel.simulator.requests import ApiQuery
from fuse_otel.simulator.switches import build, read_pairs


class FaultKind(StrEnum):
    ERROR = "error"  # HTTP `status`, by default 500 "database error"
    DOWN = "down"  # the connection is closed without an answer
    RESET = "reset"  # the connection is reset (TCP RST)
    UNAUTHORIZED = "unauthorized"  # 401, inactive account
    THROTTLED = "throttled"  # 429
    LATENCY = "latency"  # the response comes `seconds` later; other faults may join
    DRIBBLE = "dribble"  # a byte of the body every `seconds`
    CUT = "cut"  # half of the body, then the connection is closed
    HTML = "html"  # a proxy's page with status 200
    EMPTY = "empty"  # status 200 and no body
    FLOOD = "flood"  # a body of 64 MB of blanks
    XML = "xml"  # the XML form, also if the request does not accept it
    REDIRECT = "redirect"  # 302 to a login page
    BAD_HEADERS = "bad_headers"  # HTTP `status` with dates and numbers out of all ranges
    BAD_ENCODING = "bad_encoding"  # says gzip, and is not
    BAD_CHUNKS = "bad_chunks"  # a chunk whose size is no number
    BOMB = "bomb"  # 64 MB of blanks in 64 KB of gzip
    NESTED = "nested"  # 100,000 lists in each other
    GARBLED = "garbled"  # one byte in a hundred is replaced


@dataclass(frozen=True, slots=True)
class Fault:
    """Applies to requests that match all filters, with ``probability``, ``count`` times.

    ``since`` and ``until`` (UNIX seconds): list requests whose window touches the interval.
    ``session``: requests for the details of this call. ``endpoint``: ``calls``, ``all_logs`` or
    ``call``. ``retry_after`` and ``reset_after`` (seconds) make the headers of a 429.
    """

    kind: FaultKind
    endpoint: str | None = None
    since: int | None = None
    until: int | None = None
    session: str | None = None
    probability: float = 1.0
    count: int | None = None
    status: int = 500
    seconds: float = 1.0
    retry_after: float | None = None
    reset_after: float | None = None

    def __post_init__(self) -> None:
        if self.endpoint not in {None, "calls", "all_logs", "call"}:
            raise ValueError("a fault's endpoint is calls, all_logs or call")
        if not 0 <= self.probability <= 1:
            raise ValueError("a fault's probability lies between 0 and 1")
        if not 400 <= self.status <= 599:  # noqa: PLR2004 - HTTP's error statuses
            raise ValueError("a fault's status lies between 400 and 599")
        if self.seconds < 0:
            raise ValueError("a fault's seconds cannot be negative")

    @classmethod
    def parsed(cls, word: str) -> Fault:
        """From ``kind[,name=value]…``. Raises ``ValueError`` with one sentence."""
        kind, *pairs = word.split(",")
        form = "a fault is written kind,name=value,…"
        return cls.from_json({"kind": kind, **read_pairs(pairs, form)})

    @classmethod
    def from_json(cls, given: dict[str, object]) -> Fault:
        """The reverse of ``to_json``. Raises ``ValueError``."""
        if "kind" not in given:
            raise ValueError("a fault needs a kind")
        return build(cls, given, "fault switch")

    def to_json(self) -> dict[str, object]:
        """The fields that differ from their defaults."""
        values = ((field.name, getattr(self, field.name), field.default) for field in fields(self))
        return {name: value for name, value, default in values if value != default}

    def matches(self, query: ApiQuery) -> bool:
        if self.endpoint is not None and query.endpoint != self.endpoint:
            return False
        if self.session is not None and query.session_id != self.session:
            return False
        if self.since is None and self.until is None:
            return True
        if query.endpoint == "call":
            return False
        since = float("-inf") if self.since is None else self.since
        until = float("inf") if self.until is None else self.until
        return query.start <= until and query.end >= since


class Faults:
    """Thread-safe. ``seed`` decides where chance does. If several faults apply to a request, their
    latencies add up, and the first one that is no latency is used.
    """

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._dice = Random(seed)
        self._left: dict[int, tuple[Fault, int | None]] = {}
        self._next = 0
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> int:
        """Switch a fault on; return its key for ``remove``."""
        with self._lock:
            self._next += 1
            self._left[self._next] = (fault, fault.count)
            return self._next

    def remove(self, key: int) -> None:
        """Switch a fault off; a fault that is used up is off already."""
        with self._lock:
            self._left.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._left.clear()

    def replace(self, faults: Iterable[Fault]) -> None:
        """Switch exactly these on."""
        wanted = tuple(faults)
        with self._lock:
            fresh = enumerate(wanted, self._next + 1)
            self._left = {key: (fault, fault.count) for key, fault in fresh}
            self._next += len(wanted)

    def active(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(fault for fault, _ in self._left.values())

    def draw(self, query: ApiQuery) -> tuple[float, Fault | None]:
        """The latency in seconds and the fault of this request."""
        latency, chosen = 0.0, None
        with self._lock:
            for key, (fault, left) in tuple(self._left.items()):
                is_latency = fault.kind == FaultKind.LATENCY
                if (chosen and not is_latency) or not self._applies(fault, query):
                    continue
                self._use(key, fault, left)
                if is_latency:
                    latency += fault.seconds
                else:
                    chosen = fault
        return latency, chosen

    def _applies(self, fault: Fault, query: ApiQuery) -> bool:
        if not fault.matches(query):
            return False
        return fault.probability == 1 or self._dice.random() < fault.probability

    def _use(self, key: int, fault: Fault, left: int | None) -> None:
        if left is None:
            return
        if left <= 1:
            del self._left[key]
        else:
            self._left[key] = (fault, left - 1)
