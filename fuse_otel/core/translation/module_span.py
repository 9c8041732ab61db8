"""An execution of a module as a span: its attributes, its input attempts, its links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.limits import MAX_VALUE
from fuse_otel.core.model.module_kinds import ASKING, LEAVING, module_kind
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Link, Span, SpanKind, Value
from fuse_otel.core.redaction.redactor import RedactedEntry
from fuse_otel.core.redaction.scrub import REDACTED
from fuse_otel.core.translation.attribute_limits import limited
from fuse_otel.core.translation.timeline import Timeline
from fuse_otel.core.translation.timestamps import Moment

Step = tuple[Entry, Moment, RedactedEntry]


class InputAttempts(NamedTuple):
    """``attempts``: how often the module asked the caller. ``wait``: whole seconds from the last
    prompt to the last answer, ``None`` where there is no answer or no time is known.
    """

    attempts: int
    wait: int | None
    answered: bool


def input_attempts(steps: Iterable[Step]) -> InputAttempts:
    """One question may be several prompts. A new attempt begins when a prompt follows an answer, or
    is heard a second time: a private module logs no answers.
    """
    attempts, wait, answered, prompted = 0, None, False, None
    heard: set[Value | None] = set()
    for entry, moment, redacted in steps:
        second = None if moment.inferred else entry.timestamp
        if redacted.log_class == "prompt":
            prompt = redacted.attributes.get(semconv.PROMPT_ID)
            if not heard or (prompt is not None and prompt in heard):
                attempts += 1
                heard.clear()
            heard.add(prompt)
            prompted = second
        elif semconv.INPUT_RESULT in redacted.attributes:
            attempts += not heard  # the answer to a prompt that was not logged
            answered = True
            wait = _wait(redacted, prompted, second)
            heard.clear()
            prompted = None
    return InputAttempts(attempts, wait, answered)


def _wait(redacted: RedactedEntry, prompted: int | None, second: int | None) -> int | None:
    if prompted is None or second is None:
        return None
    silent = redacted.attributes[semconv.INPUT_RESULT] == "no_input"
    return None if silent else second - prompted


_HTTP_ERROR = 400
_TRACEPARENT = re.compile(
    r"(?<![0-9a-z])(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?![0-9a-f])"
)
_DASHES = 3  # in a traceparent
_SEARCHED = 4096  # characters of a text that are searched for one
_NESTED = 64  # headers that are, in any shape
_DEPTH = 4
_CONTAINERS = (dict, list)


def execution_span(
    timeline: Timeline,
    number: int,
    ids: CallIds,
    options: ModelOptions,
    tally: Tally,
    *,
    late: bool,
) -> Span:
    """The span of the ``number``-th execution, counted from 0."""
    run = timeline.executions[number]
    name = " ".join(timeline.names[number])
    errors = [place for place in run.places if timeline.redacted[place].log_class == "error"]
    attributes = _attributes(timeline, number, late=late)
    if errors:
        attributes |= _fingerprint(timeline.redacted[errors[0]])
        attributes[semconv.ERROR_TYPE] = error_type(timeline.redacted[errors[0]])
    return Span(
        span_id=ids.span_id(run.ordinal),
        parent_id=ids.span_id(0),
        name=name,
        kind=SpanKind.CLIENT
        if module_kind(timeline.names[number][0]) in LEAVING
        else SpanKind.INTERNAL,
        start=run.start,
        end=run.span_end,
        attributes=limited(attributes, options.limits.span, tally),
        error=bool(errors),
        message=error_message(timeline.redacted[errors[0]]) if errors else "",
        links=_links(timeline, number, options.limits.links, tally),
    )


def error_type(redacted: RedactedEntry) -> str:
    """From the line, else an exception's name or an HTTP status in the data."""
    if redacted.facts.error_type:
        return redacted.facts.error_type
    exception = redacted.attributes.get(semconv.ERROR_TYPE)
    if isinstance(exception, str):
        return exception
    status = redacted.attributes.get(semconv.HTTP_STATUS)
    failed = isinstance(status, int) and status >= _HTTP_ERROR
    return str(status) if failed else semconv.ERROR_TYPE_OTHER


def error_message(redacted: RedactedEntry) -> str:
    """No longer than an attribute's value."""
    return "" if redacted.body == REDACTED else redacted.body[:MAX_VALUE]


def _attributes(timeline: Timeline, number: int, *, late: bool) -> dict[str, Value]:
    run, (module_type, result_variable) = timeline.executions[number], timeline.names[number]
    attributes: dict[str, Value] = {
        semconv.SESSION_ID: timeline.session_id,
        semconv.MODULE_TYPE: module_type,
        semconv.MODULE_NAME: result_variable,
        semconv.MODULE_ORDINAL: run.ordinal,
        semconv.MODULE_VISIT: run.visit,
    }
    application = timeline.applications[number]
    if application:
        attributes[semconv.APPLICATION_NAME] = application[0]
        if application[1]:
            attributes[semconv.APPLICATION_VERSION] = application[1]
    kind = module_kind(module_type)
    _add_entries(attributes, [timeline.redacted[place] for place in run.places])
    attributes |= _input(timeline, number, kind)
    if kind in LEAVING:
        peer = attributes.get(semconv.SERVER_ADDRESS, module_type)
        attributes[semconv.SERVICE_PEER_NAME] = peer
        attributes[semconv.PEER_SERVICE] = peer
    if run.inferred:
        attributes[semconv.TIME_INFERRED] = True
    if late:
        attributes[semconv.LATE] = True
    return attributes


def _add_entries(attributes: dict[str, Value], entries: list[RedactedEntry]) -> None:
    """The attributes of the entries; of several answers to one question the last one, whole."""
    for entry in entries:
        if semconv.INPUT_RESULT in entry.attributes:
            attributes.pop(semconv.INPUT_LENGTH, None)
            attributes.pop(semconv.INPUT_MODE, None)
        if entry.attributes:
            attributes.update(entry.attributes)
    attributes.pop(semconv.ERROR_TYPE, None)
    attributes.pop(semconv.LINE_FINGERPRINT, None)


def _fingerprint(redacted: RedactedEntry) -> dict[str, Value]:
    """That of the error that the span's status describes."""
    name = semconv.LINE_FINGERPRINT
    return {name: redacted.attributes[name]} if name in redacted.attributes else {}


def _input(timeline: Timeline, number: int, kind: str) -> dict[str, Value]:
    found = input_attempts(
        (timeline.entries[place], timeline.moments[place], timeline.redacted[place])
        for place in timeline.executions[number].places
    )
    if not found.attempts or not (found.answered or kind in ASKING):
        return {}  # any other module plays prompts without a question
    attributes: dict[str, Value] = {semconv.INPUT_ATTEMPTS: found.attempts}
    if found.wait is not None:
        attributes[semconv.INPUT_WAIT] = found.wait
    return attributes


def _links(timeline: Timeline, number: int, limit: int, tally: Tally) -> tuple[Link, ...]:
    places = timeline.executions[number].places
    found = (link_in(timeline.entries[place]) for place in places)
    links = tuple(dict.fromkeys(link for link in found if link))
    if len(links) > limit:
        tally.truncations["links"] += 1
    return links[:limit]


def link_in(entry: Entry) -> Link | None:
    """The first valid W3C trace context in the entry. It holds no personal data, so it is read
    before redaction.
    """
    for value in (entry.line, *entry.data.values()):
        if isinstance(value, str):
            # Most texts hold no trace context, and this runs for each text of each entry.
            found = _link_in(value) if value.count("-") >= _DASHES else None
        elif isinstance(value, _CONTAINERS):
            links = (_link_in(text) for text in _nested(value, _DEPTH))
            found = next((link for link in links if link), None)
        else:
            continue
        if found:
            return found
    return None


def _link_in(text: str) -> Link | None:
    for match in _TRACEPARENT.finditer(text[:_SEARCHED]):
        trace_id, span_id = bytes.fromhex(match[1]), bytes.fromhex(match[2])
        if any(trace_id) and any(span_id):
            return Link(trace_id, span_id)
    return None


def _nested(value: object, depth: int) -> Iterator[str]:
    """Headers come as an object, as a list of pairs, or deeper inside a request."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, _CONTAINERS):
        values = value.values() if isinstance(value, dict) else value
        for inner in islice(values, _NESTED):
            yield from _nested(inner, depth - 1)
