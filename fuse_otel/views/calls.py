"""Calls of the index: which ones a page or a command asks for, and a call as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fuse_otel.core.model.call import Direction
from fuse_otel.core.timing.moment_text import read_moment
from fuse_otel.core.translation.translate import CallOutcome
from fuse_otel.errors import WrongQuery
from fuse_otel.humanize import quoted
from fuse_otel.ports import CallQuery, IndexedCall

FILTERS = (
    "application", "account", "outcome", "direction", "module", "error", "from", "to", "q",
)  # fmt: skip
OUTCOMES = tuple(each.value for each in CallOutcome)
DIRECTIONS = tuple(each.value for each in Direction)
_ERROR = {"true": True, "false": False}


def read_query(
    texts: Mapping[str, str], now: float, label: Callable[[str], str] = str
) -> CallQuery:
    """``texts``: values of ``FILTERS`` by their names; an empty one counts as absent. ``label``
    makes of a filter's name what the person wrote. Raises ``WrongQuery``.
    """
    given = {name: text.strip() for name, text in texts.items() if text.strip()}
    problems: list[str] = []
    for name, words in (("outcome", OUTCOMES), ("direction", DIRECTIONS), ("error", [*_ERROR])):
        check_word(given, name, words, label, problems)
    start, end = read_range(given, ("from", "to"), now, label, problems)
    if problems:
        raise WrongQuery(problems)
    return CallQuery(
        application=given.get("application", ""),
        account=given.get("account", ""),
        outcome=given.get("outcome", ""),
        direction=given.get("direction", ""),
        module=given.get("module", ""),
        error=_ERROR.get(given.get("error", "")),
        start=start,
        end=end,
        key=given.get("q", ""),
    )


def check_word(
    given: Mapping[str, str],
    name: str,
    words: Sequence[str],
    label: Callable[[str], str],
    problems: list[str],
) -> None:
    """A filter that takes only certain words. A mistake goes to ``problems``, a sentence."""
    if name in given and given[name] not in words:
        known = ", ".join(words)
        problems.append(f"{label(name)}: {quoted(given[name])} is not one of {known}.")


def read_range(
    given: Mapping[str, str],
    names: tuple[str, str],
    now: float,
    label: Callable[[str], str],
    problems: list[str],
) -> tuple[float | None, float | None]:
    """The moments of two filters, UNIX seconds. Mistakes go to ``problems``, a sentence each."""
    moments: dict[str, float] = {}
    first, last = names
    for name in names:
        try:
            moments |= {name: read_moment(given[name], now)} if name in given else {}
        except ValueError as error:
            problems.append(f"{label(name)}: {error}")
    if len(moments) > 1 and moments[last] <= moments[first]:
        problems.append(f"{label(last)}: {quoted(given[last])} is not after {label(first)}.")
    return moments.get(first), moments.get(last)


def call_json(call: IndexedCall) -> dict[str, object]:
    """The form of ``/calls/`` and ``fuse-otel calls --json``. Times are UNIX seconds."""
    return {
        "session_id": call.session_id,
        "trace_id": call.trace_id,
        "application": call.application,
        "version": call.version or None,
        "account": call.account,
        "outcome": call.outcome,
        "direction": call.direction,
        "error": call.error,
        "start": call.start,
        "end": call.end,
        "failed_module": call.failed_module or None,
        "error_type": call.error_type or None,
    }
