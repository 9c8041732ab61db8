"""An execution of a module as a span: its attributes, its input attempts, its links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fuse_otel.core.model import semconv
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.limits import MAX_VALUE
from fuse_otel.core.model.module_kinds import ASKING, LEAVING, module_kind
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Link, Span, SpanKind, Value
from fuse_otel.core.redaction.compiled_entries import RedactedEntry
from fuse_otel.core.redaction.scrub import REDACTED
from fuse_otel.core.translation.attribute_limits import limited
from fuse_otel.core.translation.timeline import Execution, Timeline


class InputAttempts(NamedTuple):
    """``attempts``: how often the module asked the caller. ``prompt`` and ``answer``: the last
    answer and the prompt before it, as positions in the execution; ``None`` without both of them,
    and where the caller said nothing.
    """

    attempts: int
    answered: bool
    prompt: int | None
    answer: int | None


def input_attempts(entries: Iterable[RedactedEntry]) -> InputAttempts:
    """One question may be several prompts. A new attempt begins when a prompt follows an answer, or
    is heard a second time: a private module logs no answers.
    """
    attempts, answered, prompted = 0, False, None
    waited: tuple[int | None, int | None] = None, None
    heard: set[Value | None] = set()
    for at, redacted in enumerate(entries):
        if redacted.log_class == "prompt":
            prompt = redacted.attributes.get(semconv.PROMPT_ID)
            if not heard or (prompt is not None and prompt in heard):
                attempts += 1
                heard.clear()
            heard.add(prompt)
            prompted = at
        elif semconv.INPUT_RESULT in redacted.attributes:
            attempts += not heard  # the answer to a prompt that was not logged
            answered = True
            silent = redacted.attributes[semconv.INPUT_RESULT] == "no_input"
            waited = (None, None) if silent or prompted is None else (prompted, at)
            heard.clear()
            prompted = None
    return InputAttempts(attempts, answered, *waited)


def input_wait(timeline: Timeline, run: Execution, found: InputAttempts) -> int | None:
    """Whole seconds from the last prompt to the last answer; ``None`` where there is no answer or
    no time is known.
    """
    if found.prompt is None or found.answer is None:
        return None
    prompt, answer = run.places[found.prompt], run.places[found.answer]
    if timeline.moments[prompt].inferred or timeline.moments[answer].inferred:
        return None
    prompted, heard = timeline.entries[prompt].timestamp, timeline.entries[answer].timestamp
    return None if prompted is None or heard is None else heard - prompted


_HTTP_ERROR = 400


def execution_span(
    timeline: Timeline,
    number: int,
    ids: CallIds,
    options: ModelOptions,
    tally: Tally,
    attempts: InputAttempts,
    *,
    late: bool,
) -> Span:
    """The span of the ``number``-th execution, counted from 0."""
    run = timeline.executions[number]
    name = " ".join(timeline.names[number])
    errors = [place for place in run.places if timeline.redacted[place].log_class == "error"]
    attributes = _attributes(timeline, number, attempts, late=late)
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


def _attributes(
    timeline: Timeline, number: int, attempts: InputAttempts, *, late: bool
) -> dict[str, Value]:
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
    attributes |= _input(timeline, run, attempts)
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


def _input(timeline: Timeline, run: Execution, found: InputAttempts) -> dict[str, Value]:
    if not found.attempts:
        return {}
    attributes: dict[str, Value] = {semconv.INPUT_ATTEMPTS: found.attempts}
    wait = input_wait(timeline, run, found)
    if wait is not None:
        attributes[semconv.INPUT_WAIT] = wait
    return attributes


def attempts_of(timeline: Timeline, number: int) -> InputAttempts:
    """The input attempts of an execution; any other module plays prompts without a question."""
    run, (module_type, _) = timeline.executions[number], timeline.names[number]
    found = input_attempts(timeline.redacted[place] for place in run.places)
    if found.answered or module_kind(module_type) in ASKING:
        return found
    return _NOTHING


_NOTHING = InputAttempts(0, answered=False, prompt=None, answer=None)


def _links(timeline: Timeline, number: int, limit: int, tally: Tally) -> tuple[Link, ...]:
    found = (timeline.redacted[place].link for place in timeline.executions[number].places)
    links = tuple(dict.fromkeys(link for link in found if link))
    if len(links) > limit:
        tally.truncations["links"] += 1
    return links[:limit]
