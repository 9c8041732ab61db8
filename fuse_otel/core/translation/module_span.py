"""An execution of a module as a span.

What the entries of an execution tell of asking: how often, and how long the answer took.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.limits import MAX_VALUE
from fuse_otel.core.model.module_kinds import ASKING, LEAVING, module_kind
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Link, Span, SpanKind, Tally, Value
from fuse_otel.core.redaction.scrub import REDACTED
from fuse_otel.core.redaction.strict_rules import RedactedEntry
from fuse_otel.core.translation.attribute_limits import limited
from fuse_otel.core.translation.timeline import Timeline
from fuse_otel.core.translation.timestamps import Moment

Step = tuple[Entry, Moment, RedactedEntry]


class InputAttempts(NamedTuple):
    """``attempts``: how often the caller was asked. ``wait``: whole seconds from the last prompt
    to the last answer, ``None`` where there was no answer or no time is known.
    """

    attempts: int
    wait: int | None
    answered: bool


def input_attempts(steps: Iterable[Step]) -> InputAttempts:
    """A question may be several prompts. It is asked again when a prompt follows an answer, or is
    heard a second time: a private module logs no answers.
    """
    attempts, wait, answered, asked_at = 0, None, False, None
    heard: set[Value | None] = set()
    for entry, moment, reading in steps:
        second = None if moment.inferred else entry.timestamp
        if reading.log_class == "prompt":
            prompt = reading.attributes.get(semconv.PROMPT_ID)
            if not heard or (prompt is not None and prompt in heard):
                attempts += 1
                heard.clear()
            heard.add(prompt)
            asked_at = second
        elif semconv.INPUT_RESULT in reading.attributes:
            attempts += not heard  # the answer to a prompt that was not logged
            answered = True
            wait = _wait(reading, asked_at, second)
            heard.clear()
            asked_at = None
    return InputAttempts(attempts, wait, answered)


def _wait(reading: RedactedEntry, asked_at: int | None, second: int | None) -> int | None:
    if asked_at is None or second is None:
        return None
    silent = reading.attributes[semconv.INPUT_RESULT] == "no_input"
    return None if silent else second - asked_at


_HTTP_ERROR = 400


def execution_span(
    story: Timeline, number: int, ids: CallIds, options: ModelOptions, tally: Tally, *, late: bool
) -> Span:
    """The span of the ``number``-th execution, counted from 0."""
    run = story.executions[number]
    name = " ".join(story.names[number])
    errors = [place for place in run.places if story.readings[place].log_class == "error"]
    attributes = _attributes(story, number, late=late)
    if errors:
        attributes[semconv.ERROR_TYPE] = error_type(story.readings[errors[0]])
    return Span(
        span_id=ids.span_id(run.ordinal),
        parent_id=ids.span_id(0),
        name=name,
        kind=SpanKind.CLIENT
        if module_kind(story.names[number][0]) in LEAVING
        else SpanKind.INTERNAL,
        start=run.start,
        end=run.end,
        attributes=limited(attributes, options.limits.span, tally.truncations),
        error=bool(errors),
        message=error_message(story.readings[errors[0]]) if errors else "",
        links=_links(story, number, options.limits.links, tally),
    )


def error_type(reading: RedactedEntry) -> str:
    """What the line tells, else an exception's name or an HTTP status in the data."""
    if reading.facts.error_type:
        return reading.facts.error_type
    told = reading.attributes.get(semconv.ERROR_TYPE)
    if isinstance(told, str):
        return told
    status = reading.attributes.get(semconv.HTTP_STATUS)
    failed = isinstance(status, int) and status >= _HTTP_ERROR
    return str(status) if failed else semconv.ERROR_TYPE_OTHER


def error_message(reading: RedactedEntry) -> str:
    """No longer than an attribute's value."""
    return "" if reading.body == REDACTED else reading.body[:MAX_VALUE]


def _attributes(story: Timeline, number: int, *, late: bool) -> dict[str, Value]:
    run, (module_type, result_variable) = story.executions[number], story.names[number]
    attributes: dict[str, Value] = {
        semconv.SESSION_ID: story.call.session_id,
        semconv.MODULE_TYPE: module_type,
        semconv.MODULE_NAME: result_variable,
        semconv.MODULE_ORDINAL: run.ordinal,
        semconv.MODULE_VISIT: run.visit,
    }
    application = story.applications[number]
    if application:
        attributes[semconv.APPLICATION_NAME] = application[0]
        if application[1]:
            attributes[semconv.APPLICATION_VERSION] = application[1]
    kind = module_kind(module_type)
    _add_told(attributes, [story.readings[place] for place in run.places])
    attributes |= _asked(story, number, kind)
    if kind in LEAVING:
        peer = attributes.get(semconv.SERVER_ADDRESS, module_type)
        attributes[semconv.SERVICE_PEER_NAME] = peer
        attributes[semconv.PEER_SERVICE] = peer
    if run.inferred:
        attributes[semconv.TIME_INFERRED] = True
    if late:
        attributes[semconv.LATE] = True
    return attributes


def _add_told(attributes: dict[str, Value], readings: list[RedactedEntry]) -> None:
    """What the entries tell; of several answers to one question the last one, whole."""
    for reading in readings:
        told = reading.attributes
        if semconv.INPUT_RESULT in told:
            attributes.pop(semconv.INPUT_LENGTH, None)
            attributes.pop(semconv.INPUT_MODE, None)
        if told:
            attributes.update(told)
    attributes.pop(semconv.ERROR_TYPE, None)


def _asked(story: Timeline, number: int, kind: str) -> dict[str, Value]:
    told = input_attempts(
        (story.entries[place], story.moments[place], story.readings[place])
        for place in story.executions[number].places
    )
    if not told.attempts or not (told.answered or kind in ASKING):
        return {}  # any other module plays prompts and asks nothing
    attributes: dict[str, Value] = {semconv.INPUT_ATTEMPTS: told.attempts}
    if told.wait is not None:
        attributes[semconv.INPUT_WAIT] = told.wait
    return attributes


def _links(story: Timeline, number: int, most: int, tally: Tally) -> tuple[Link, ...]:
    places = story.executions[number].places
    found = (story.readings[place].link for place in places)
    links = tuple(dict.fromkeys(link for link in found if link))
    if len(links) > most:
        tally.truncations["links"] += 1
    return links[:most]
