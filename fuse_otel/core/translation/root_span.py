"""The call itself as the root span."""

from __future__ import annotations

from enum import StrEnum

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import Direction, LogCompleteness
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.module_kinds import module_kind
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Span, SpanKind, Value
from fuse_otel.core.translation.attribute_limits import limited
from fuse_otel.core.translation.module_span import error_message, error_type
from fuse_otel.core.translation.timeline import Timeline

NOT_REACHED = {"busy", "noanswer"}


class CallOutcome(StrEnum):
    """How a call ended. Errors are independent of it."""

    COMPLETED = "completed"  # an exit module ran
    TRANSFERRED = "transferred"  # the last thing that ran was a transfer
    HANGUP = "hangup"  # neither
    UNKNOWN = "unknown"  # nothing is known of what happened


def root_span(
    timeline: Timeline, ids: CallIds, service: str, options: ModelOptions, tally: Tally
) -> Span:
    errors = [p for p, entry in enumerate(timeline.redacted) if entry.log_class == "error"]
    attributes = _attributes(timeline, len(errors))
    if timeline.too_large:
        tally.truncations["log"] += 1
    counted = _counted(timeline, errors, options.error_policy)
    if counted:
        attributes[semconv.ERROR_TYPE] = error_type(timeline.redacted[counted[0]])
    return Span(
        span_id=ids.span_id(0),
        parent_id=0,
        name=f"call {service}",
        kind=SpanKind.CONSUMER
        if timeline.call.direction is Direction.OUTBOUND
        else SpanKind.SERVER,
        start=timeline.start,
        end=timeline.span_end,
        attributes=limited(attributes, options.limits.span, tally),
        error=bool(counted),
        message=error_message(timeline.redacted[counted[0]]) if counted else "",
    )


def outcome(timeline: Timeline) -> CallOutcome:
    if not timeline.executions:
        return CallOutcome.UNKNOWN
    kinds = [module_kind(run.module_type) for run in timeline.executions]
    if "exit" in kinds:
        return CallOutcome.COMPLETED
    last = timeline.executions[-1]
    results = {timeline.redacted[p].attributes.get(semconv.TRANSFER_RESULT) for p in last.places}
    if kinds[-1] == "transfer" and not results & NOT_REACHED:
        return CallOutcome.TRANSFERRED
    return CallOutcome.HANGUP


def _counted(timeline: Timeline, errors: list[int], policy: str) -> list[int]:
    """The errors that make the call failed: all, or only those of the last execution."""
    if policy == "last" and timeline.executions:
        return [place for place in errors if place >= timeline.executions[-1].places[0]]
    return errors


def _attributes(timeline: Timeline, errors: int) -> dict[str, Value]:
    call = timeline.call
    attributes: dict[str, Value] = {
        semconv.SESSION_ID: timeline.session_id,
        semconv.CALL_DIRECTION: call.direction.value,
        semconv.CALL_OUTCOME: outcome(timeline).value,
    }
    if call.type:
        attributes[semconv.CALL_TYPE] = call.type
    if call.user_hash:
        attributes[semconv.USER_HASH] = call.user_hash
    if call.destination:
        attributes[semconv.CALL_DESTINATION] = call.destination
    if timeline.entries:
        inputs = sum(r.attributes.get(semconv.INPUT_RESULT) == "match" for r in timeline.redacted)
        attributes[semconv.CALL_EXECUTIONS] = len(timeline.executions)
        attributes[semconv.CALL_PROMPTS] = sum(r.log_class == "prompt" for r in timeline.redacted)
        attributes[semconv.CALL_INPUTS] = inputs
        attributes[semconv.CALL_ERRORS] = errors
    if timeline.details is not LogCompleteness.FULL:
        attributes[semconv.DETAILS] = timeline.details.value
    if timeline.too_large:
        attributes[semconv.TRUNCATED] = True
    if timeline.times.corrected or timeline.times[:2] == (None, None):
        attributes[semconv.TIME_INFERRED] = True
    return attributes
