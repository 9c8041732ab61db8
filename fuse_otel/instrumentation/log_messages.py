"""The log line of each event: message, level, fields, and which lines repeat one problem."""

from __future__ import annotations

from functools import singledispatch

from fuse_otel import events
from fuse_otel.core.model.lane import Lane
from fuse_otel.instrumentation.log_line import Field, Line, LogLevel, timestamp

_SKEW = 5.0  # seconds; below this, windows settle longer than the clocks differ


@singledispatch
def line_of(event: object) -> Line:
    """The line of an event. Raises ``TypeError`` for any other value."""
    raise TypeError(f"{type(event).__name__} is no event the log knows")


@line_of.register
def _(event: events.ApiAnswered) -> Line:
    return Line(
        LogLevel.DEBUG,
        "api answered",
        _fields(event, "account", "endpoint", "code", "seconds"),
    )


@line_of.register
def _(event: events.ApiFailed) -> Line:
    return Line(
        LogLevel.WARN,
        "api request failed",
        _fields(event, "account", "endpoint", error=event.error_type, reason=event.message),
        repeats=(event.account, event.endpoint, event.error_type),
    )


@line_of.register
def _(event: events.ApiThrottled) -> Line:
    fields = _fields(event, "account", "seconds")
    return Line(
        LogLevel.WARN, "the api asked to wait", fields, repeats=("throttled", event.account)
    )


@line_of.register
def _(event: events.ClockSkewSeen) -> Line:
    level = LogLevel.WARN if abs(event.seconds) > _SKEW else LogLevel.DEBUG
    fields = _fields(event, "account", "seconds")
    return Line(level, "the api's clock differs from ours", fields, repeats=("skew", event.account))


@line_of.register
def _(event: events.AnomaliesSeen) -> Line:
    kinds = ",".join(f"{kind}:{count}" for kind, count in event.kinds)
    return Line(
        LogLevel.INFO,
        "unexpected data in an api answer",
        {"account": event.account, "kinds": kinds},
        repeats=("anomalies", event.account),
    )


@line_of.register
def _(event: events.PollDone) -> Line:
    return Line(
        LogLevel.INFO,
        "poll done",
        _interval(event.account, event.window_start, event.window_end)
        | _fields(event, "listed", "new", "stored", "pending", "requests", "seconds"),
    )


@line_of.register
def _(event: events.GapRead) -> Line:
    """A line when the reading begins, then one a minute; the last one has nothing left."""
    return Line(
        LogLevel.INFO,
        "reading the past",
        _fields(event, "account", "reason", read_up_to=timestamp(event.until))
        | _fields(event, "calls", left_seconds=event.left),
        repeats=("gap", event.account, event.reason),
    )


@line_of.register
def _(event: events.WindowMismatch) -> Line:
    return Line(
        LogLevel.WARN,
        "a listing has another number of calls than the api announced",
        {"account": event.account},
        repeats=("mismatch", event.account),
    )


@line_of.register
def _(event: events.WindowUnreadable) -> Line:
    return Line(
        LogLevel.ERROR,
        "an interval was given up: the api no longer keeps its calls",
        _interval(event.account, event.start, event.end),
    )


@line_of.register
def _(event: events.AccountMoved) -> Line:
    return Line(
        LogLevel.INFO if event.up else LogLevel.WARN,
        "account up" if event.up else "account down",
        _fields(event, "account", "headroom", "pending", "failing", "gap_seconds", "reason"),
    )


@line_of.register
def _(event: events.AccountStandby) -> Line:
    return Line(
        LogLevel.INFO,
        "helping with an account" if event.helps else "account on standby",
        {"account": event.account},
    )


@line_of.register
def _(event: events.CallsStored) -> Line:
    fields: dict[str, Field] = {"account": event.account, "calls": len(event.calls)}
    return Line(LogLevel.DEBUG, "calls stored", fields)


@line_of.register
def _(event: events.CallsGrown) -> Line:
    fields: dict[str, Field] = {"account": event.account, "calls": event.count}
    return Line(LogLevel.DEBUG, "stored calls grew", fields)


@line_of.register
def _(event: events.CallsUnreadable) -> Line:
    return Line(
        LogLevel.ERROR,
        "calls are exported without their logs after unexpected errors",
        {"account": event.account, "calls": event.count},
        repeats=("unreadable", event.account),
        weight=event.count,
    )


@line_of.register
def _(event: events.ExportDone) -> Line:
    fields = _lane(event.lane) | {"outcome": event.result}
    fields |= _fields(event, "code", "items", "rejected", "failed", "seconds", "reason")
    if event.result == "accepted":
        return Line(LogLevel.DEBUG, "exported", fields)
    repeats = ("export", *event.lane, event.result, event.code)
    return Line(LogLevel.WARN, "export failed", fields, repeats=repeats)


@line_of.register
def _(event: events.CallsDelivered) -> Line:
    calls = len(event.ends) + len(event.caught_up)
    return Line(LogLevel.DEBUG, "calls delivered", _lane(event.lane) | {"calls": calls})


@line_of.register
def _(event: events.CallsParked) -> Line:
    return Line(
        LogLevel.WARN,
        "calls parked",
        _lane(event.lane) | {"calls": event.count, "reason": event.reason},
        repeats=("parked", *event.lane),
        weight=event.count,
    )


@line_of.register
def _(event: events.BatchReadAgain) -> Line:
    return Line(
        LogLevel.ERROR,
        "a stored batch was damaged; its calls are read again",
        _lane(event.lane) | {"calls": event.calls, "parked": event.parked},
        repeats=("damaged",),
    )


@line_of.register
def _(event: events.LaneChanged) -> Line:
    return Line(
        LogLevel.INFO if event.up else LogLevel.WARN,
        "lane up" if event.up else "lane down",
        _lane(event.lane) | {"reason": event.reason or None, "suspended": event.suspended or None},
    )


@line_of.register
def _(event: events.LanePaused) -> Line:
    if event.since is None:
        return Line(LogLevel.INFO, "lane resumed", _lane(event.lane))
    fields = _lane(event.lane) | {"since": timestamp(event.since)}
    return Line(LogLevel.INFO, "lane paused", fields)


@line_of.register
def _(event: events.StoreFailed) -> Line:
    return Line(
        LogLevel.ERROR,
        "store failed",
        {"error": event.error_type, "reason": event.message},
        repeats=("store", event.error_type),
    )


@line_of.register
def _(event: events.JobChanged) -> Line:
    level = LogLevel.WARN if event.state == "failed" else LogLevel.INFO
    return Line(level, f"job {event.state}", {"job": event.kind, "result": event.result})


@line_of.register
def _(event: events.StoreMovedAside) -> Line:
    return Line(
        LogLevel.ERROR,
        "the store was damaged or gone; a new one reads the last five days again",
        _fields(event, "file"),
    )


@line_of.register
def _(event: events.OutboxCrossed) -> Line:
    fields: dict[str, Field] = {"used_bytes": event.used, "capacity_bytes": event.capacity}
    if event.filling:
        return Line(LogLevel.WARN, "the outbox is almost full", fields)
    return Line(LogLevel.INFO, "the outbox has room again", fields)


@line_of.register
def _(event: events.HookAnswered) -> Line:
    return Line(LogLevel.DEBUG, "hook answered", {"code": event.code})


@line_of.register
def _(event: events.LoginRefused) -> Line:
    return Line(
        LogLevel.WARN, "login refused", {"code": event.code}, repeats=("login", str(event.code))
    )


@line_of.register
def _(event: events.ConfigReloaded) -> Line:
    if event.successful:
        return Line(LogLevel.INFO, "configuration reloaded", {"note": event.message or None})
    return Line(
        LogLevel.ERROR, "reload failed; the old configuration stays", {"reason": event.message}
    )


@line_of.register
def _(event: events.LabelFull) -> Line:
    return Line(
        LogLevel.WARN,
        "a label of the metrics is full; its further values become #other#",
        {"account": event.account, "label": event.label, "limit": event.limit},
        repeats=("label", event.label),
    )


@line_of.register
def _(event: events.LoopFailed) -> Line:
    return Line(
        LogLevel.ERROR,
        "unexpected error in a loop; it retries with back-off",
        {"loop": event.loop.kind, **_fields(event.loop, "account", "destination", "signal")}
        | {"error": event.error_type, "where": event.where},
        repeats=("loop", str(event.loop), event.error_type, event.where),
    )


def _fields(event: object, *names: str, **others: Field) -> dict[str, Field]:
    """The named attributes of an event, then the others. An empty text is left out."""
    found = {name: getattr(event, name) for name in names}
    return {name: None if value == "" else value for name, value in found.items()} | others


def _interval(account: str, start: float, end: float) -> dict[str, Field]:
    return {"account": account, "from": timestamp(start), "to": timestamp(end)}


def _lane(lane: Lane) -> dict[str, Field]:
    return {"destination": lane.destination, "signal": lane.signal.value}
