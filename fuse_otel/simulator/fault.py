"""One thing that goes wrong, and for which requests."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from fuse_otel.simulator.question import Question
from fuse_otel.simulator.switches import build


class FaultKind(StrEnum):
    ERROR = "error"  # HTTP `status`, 500 "database error" unless told otherwise
    DOWN = "down"  # the connection is closed without an answer
    RESET = "reset"  # the connection is reset (TCP RST)
    UNAUTHORIZED = "unauthorized"  # 401, inactive account
    THROTTLED = "throttled"  # 429
    LATENCY = "latency"  # the answer comes `seconds` later; other faults may join
    DRIBBLE = "dribble"  # a byte of the body every `seconds`
    CUT = "cut"  # half of the body, then the connection is closed
    HTML = "html"  # a proxy's page with status 200
    EMPTY = "empty"  # status 200 and no body
    FLOOD = "flood"  # a body of 64 MB of blanks


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes requests that all the filters match, with ``probability``, ``count`` times.

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
        given: dict[str, object] = {"kind": kind}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                raise ValueError(f"a fault is written kind,name=value,…, not {word!r}")
            given[name] = value
        return cls.built(given)

    @classmethod
    def built(cls, given: dict[str, object]) -> Fault:
        """From names and values, as JSON gives them. Raises ``ValueError``."""
        if "kind" not in given:
            raise ValueError("a fault needs a kind")
        return build(cls, given, "fault switch")

    def as_json(self) -> dict[str, object]:
        """What differs from the defaults; ``built`` reads it back."""
        told = ((field.name, getattr(self, field.name), field.default) for field in fields(self))
        return {name: value for name, value, default in told if value != default}

    def matches(self, question: Question) -> bool:
        if self.endpoint is not None and question.endpoint != self.endpoint:
            return False
        if self.session is not None and question.session_id != self.session:
            return False
        if self.since is None and self.until is None:
            return True
        if question.endpoint == "call":
            return False
        since = float("-inf") if self.since is None else self.since
        until = float("inf") if self.until is None else self.until
        return question.start <= until and question.end >= since
