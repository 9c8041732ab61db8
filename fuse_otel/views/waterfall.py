"""What a drawing of a call shows, on pages and terminals: its facts, and a scale of time."""

from __future__ import annotations

from msgspec import Struct

from fuse_otel import humanize
from fuse_otel.views.call_tree import CallTree, TreeExecution
from fuse_otel.views.otlp_reader import PlainValue
from fuse_otel.views.table import Severity

NANOSECONDS = 1e9  # of a second
# The lower ends of the ranges of OTLP's SeverityNumber.
_ERROR, _WARNING, _INFO = 17, 13, 9
# Seconds between two marks of the axis.
_STEPS = (
    0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
    14_400, 21_600, 43_200, 86_400,
)  # fmt: skip
_MOST_STEPS = 6
_ROUNDING = 1e-9
_WITHOUT_EXECUTIONS = {
    "none": "Nothing was logged for this call.",
    "expired": "The log of this call had expired when it was read.",
    "missing": "The API did not return this call's log.",
}


class CallFacts(Struct, frozen=True):
    """What is known of a call as text, empty where it is unknown. ``started`` is UNIX seconds."""

    application: str
    version: str
    started: float | None
    lasted: str
    direction: str
    outcome: str
    details: str
    truncated: str


def facts_of(tree: CallTree) -> CallFacts:
    return CallFacts(
        application=_words(tree.resource.get("service.name")) or tree.name,
        version=_words(tree.resource.get("service.version")),
        started=tree.start / NANOSECONDS if tree.start > 0 else None,
        lasted=duration(tree.start, tree.end),
        direction=_words(tree.attributes.get("fuse.call.direction")),
        outcome=_words(tree.attributes.get("fuse.call.outcome")),
        details=value_text(tree.attributes.get("fuse.details")),
        truncated=value_text(tree.attributes.get("fuse.truncated")),
    )


def without_executions(details: str) -> str:
    """Why a call has none. ``details`` is the call's ``fuse.details``."""
    return _WITHOUT_EXECUTIONS.get(details, "No execution of a module is known.")


class Tick(Struct, frozen=True):
    """A mark on an axis of time: its place from 0 to 1, and the time since the start."""

    share: float
    text: str


def _since(seconds: float) -> str:
    return humanize.offset(seconds) if seconds % 1 == 0 else f"{seconds:.3g} s"


class Scale(Struct, frozen=True):
    """The span of time that a drawing covers: UNIX nanoseconds."""

    start: int
    end: int

    def position(self, moment: int, width: int) -> int:
        """Where the moment lies on a bar of ``width``: 0 to ``width``."""
        place = (moment - self.start) * width // max(self.end - self.start, 1)
        return min(max(place, 0), width)

    def ticks(self) -> list[Tick]:
        """Round moments, at most seven of them, the start first."""
        lasted = (self.end - self.start) / NANOSECONDS
        if lasted <= 0:
            return []
        step = next((each for each in _STEPS if each * _MOST_STEPS >= lasted), lasted / _MOST_STEPS)
        count = int(lasted / step + _ROUNDING)
        return [Tick(number * step / lasted, _since(number * step)) for number in range(count + 1)]

    def offset(self, moment: int) -> str:
        return humanize.offset((moment - self.start) / NANOSECONDS)


def scale_of(tree: CallTree) -> Scale:
    """The call with all its executions: growth may lie outside of the root span."""
    spans: tuple[CallTree | TreeExecution, ...] = (tree, *tree.executions)
    start = min((each.start for each in spans if each.start > 0), default=0)
    return Scale(start, max(each.end for each in spans))


def duration(start: int, end: int) -> str:
    return humanize.duration(max(end - start, 0) / NANOSECONDS)


def severity_of(number: int) -> Severity:
    """How a log record of this SeverityNumber is highlighted."""
    if number >= _ERROR:
        return Severity.ALARM
    if number >= _WARNING:
        return Severity.WARNING
    return Severity.PLAIN if number >= _INFO else Severity.FAINT


def value_text(value: PlainValue | object) -> str:
    """An attribute's value as text; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(value_text, value))
    return str(value)


def _words(value: PlainValue) -> str:
    return value if isinstance(value, str) else ""
