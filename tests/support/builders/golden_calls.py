"""The calls of the golden files: the documentation's samples, one of the simulator for each
application and way to end, and those that are written by hand for what neither shows.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from fuse_otel.core.decoding.answers import decode_call, decode_calls
from fuse_otel.core.decoding.saved_calls import decode_saved
from fuse_otel.core.model.call import EXPIRED_LOG, MISSING_LOG, TOO_LARGE_LOG, CallLog, ListedCall
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import (
    KeyRule,
    Mode,
    OwnRules,
    PatternRule,
    Redaction,
    TextPart,
    TextRule,
)
from fuse_otel.core.model.telemetry import Profile
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.world import World
from support.builders.call_values import KEY, SAMPLES, listed_of, make_call, sample_call
from support.builders.scenario_logs import LOGS, scenario

NOON = 1_763_467_200  # 2025-11-18T12:00:00Z
_HOURS = 12


OPTIONS = ModelOptions(environment="test", pseudonym_key=KEY)
_OWN_RULES = OwnRules(
    allow=(KeyRule("value", frozenset({"set variable"})),),
    patterns=(PatternRule("Pay By", "brand"),),
)
_SEVERITIES = {"audit": (13, "WARN"), "debug": (1, "TRACE"), "event": (10, "INFO2")}


class GoldenCall(NamedTuple):
    """``sent`` is how many entries were sent of it before."""

    call: ListedCall
    log: CallLog
    sent: int | None = None
    options: ModelOptions = OPTIONS
    profile: Profile = Profile.GENERIC


class Drawn(NamedTuple):
    """A simulated call and the lines and classes of its log."""

    call: SimulatedCall
    lines: list[str]
    failed: bool

    def has(self, start: str) -> bool:
        return any(line.startswith(start) for line in self.lines)


_SCENARIOS: dict[str, Callable[[Drawn], bool]] = {
    "payment-completed": lambda d: (
        d.call.application == "Pay By Phone"
        and d.call.exited
        and not d.failed
        and d.has("User input: 4111111111111111")
        and d.has("Sent")
    ),
    "payment-declined": lambda d: (
        d.call.application == "Pay By Phone" and d.call.exited and d.has("Request failed")
    ),
    "payment-hangup": lambda d: (
        d.call.application == "Pay By Phone" and not d.call.exited and d.has("No match")
    ),
    "claims-completed": lambda d: (
        d.call.application == "Claims Line" and d.call.exited and d.has("Recorded")
    ),
    "claims-transferred": lambda d: (
        d.call.application == "Claims Line" and not d.call.exited and d.lines[-1] == "Transferring"
    ),
    "pharmacy-completed": lambda d: (
        d.call.application == "Pharmacy Refill" and d.call.exited and not d.failed
    ),
    "pharmacy-timeout": lambda d: (
        d.call.application == "Pharmacy Refill" and d.has("Request timed out")
    ),
    "pharmacy-platform-error": lambda d: d.lines[-1].startswith("Application error"),
    "reception-go-to-app": lambda d: (
        d.call.application == "Reception" and d.call.exited and d.has("Going to application")
    ),
    "reception-max-attempts": lambda d: (
        d.call.application == "Reception" and d.has("Maximum number of attempts")
    ),
    "survey-outbound-completed": lambda d: (
        d.call.application == "Customer Survey" and d.call.exited and not d.failed
    ),
    "survey-outbound-hangup": lambda d: (
        d.call.application == "Customer Survey" and not d.call.exited
    ),
    "conference-far-end-disconnect": lambda d: (
        d.call.application == "Conference Bridge" and d.call.exited
    ),
}


def golden_calls() -> dict[str, GoldenCall]:
    return {
        **dict(_samples()),
        **{name: simulated(name) for name in _SCENARIOS},
        **dict(_without_entries()),
        **dict(_odd_times()),
        **{name: GoldenCall(*scenario(name)) for name in LOGS},
        **dict(_configured()),
    }


def _samples() -> Iterator[tuple[str, GoldenCall]]:
    yield "sample-email-test", GoldenCall(*sample_call())
    calls = decode_calls((SAMPLES / "calls.json").read_bytes()).calls
    yield "sample-missing", GoldenCall(pseudonymise(calls[1], KEY), MISSING_LOG)
    ((record, log),) = decode_saved((SAMPLES / "all_logs.json").read_bytes())
    assert record is not None
    yield "sample-welcome", GoldenCall(pseudonymise(record, KEY), log)


def _without_entries() -> Iterator[tuple[str, GoldenCall]]:
    yield "expired", GoldenCall(make_call(), EXPIRED_LOG)
    yield "not-logged", GoldenCall(make_call(logged=False), MISSING_LOG)
    yield "too-large", GoldenCall(make_call(), TOO_LARGE_LOG)
    yield "no-times", GoldenCall(make_call(start=None, end=None), MISSING_LOG)


def _odd_times() -> Iterator[tuple[str, GoldenCall]]:
    """Records and entries whose clocks are far apart."""
    call, log = scenario("transfer-busy")
    assert call.end is not None
    away = tuple(
        replace(entry, timestamp=(entry.timestamp or 0) + 5 * 3600) for entry in log.entries
    )
    yield "entries-in-another-time-zone", GoldenCall(call, replace(log, entries=away))
    yield "end-a-year-ahead", GoldenCall(replace(call, end=call.end + 365 * 86_400), log)


def _configured() -> Iterator[tuple[str, GoldenCall]]:
    """What was sent before, what the configuration changes, and what the list record changes."""
    whole = simulated("pharmacy-completed")
    yield "pharmacy-grown", GoldenCall(whole.call, whole.log, sent=whole.log.count - 5)
    yield (
        "error-policy-last",
        GoldenCall(*scenario("soap-fault"), options=replace(OPTIONS, error_policy="last")),
    )
    yield (
        "severities",
        GoldenCall(*scenario("unknown-words"), options=replace(OPTIONS, severities=_SEVERITIES)),
    )
    yield (
        "named-service",
        GoldenCall(
            *scenario("reprompts"),
            options=replace(
                OPTIONS,
                namespace="eu",
                account="claims",
                service_names={"Reception": "front-door"},
                resource_attributes={"team": "ivr"},
            ),
        ),
    )
    for mode in (Mode.STANDARD, Mode.OFF):
        private = replace(OPTIONS, redaction=Redaction(mode))
        yield f"private-under-{mode}", GoldenCall(*scenario("private-by-default"), options=private)
    yield (
        "private-own-rules",
        GoldenCall(
            *scenario("private-by-default"),
            options=replace(OPTIONS, redaction=Redaction(rules=_OWN_RULES)),
        ),
    )
    queues = replace(OPTIONS, transfer_queues={"18005550198": "adjusters"})
    yield "transfer-queue", simulated("claims-transferred")._replace(options=queues)
    templates = replace(OPTIONS, url_templates=("/v2/charges", "/v2/{thing}"))
    yield "url-template", simulated("payment-declined")._replace(options=templates)
    option = OwnRules(texts=(TextRule(TextPart.INPUT, names=frozenset({"main_menu"})),))
    yield (
        "allowed-option",
        GoldenCall(
            *scenario("reprompts"), options=replace(OPTIONS, redaction=Redaction(rules=option))
        ),
    )
    yield (
        "outbound-busy",
        GoldenCall(*scenario("transfer-busy", src="Outbound", dest="2125550123", type="outbound")),
    )
    yield (
        "loki-two-hours",
        GoldenCall(*scenario("reprompts", start=NOON - 10), profile=Profile.LOKI),
    )


def simulated(name: str) -> GoldenCall:
    """The shortest call of half a day that is as the scenario wants it."""
    wanted = _SCENARIOS[name]
    found = [drawn for drawn in _half_a_day() if wanted(drawn)]
    drawn = min(found, key=lambda each: (len(each.lines), each.call.session_id))
    return GoldenCall(listed_of(drawn.call, KEY), _log(drawn.call))


@cache
def _world() -> World:
    return World(seed=7, rate=0.1, past=_HOURS * 3600, start=NOON)


@cache
def _half_a_day() -> tuple[Drawn, ...]:
    world = _world()
    calls = (call for call in world.starting(NOON - _HOURS * 3600, NOON) if call.log)
    return tuple(_drawn(call, world.entries(call.session_id)) for call in calls)


def _drawn(call: SimulatedCall, entries: tuple[dict[str, object], ...]) -> Drawn:
    return Drawn(
        call,
        [str(entry["event"]["line"]) for entry in entries],  # type: ignore[index]
        any(entry["class"] == "error" for entry in entries),
    )


def _log(call: SimulatedCall) -> CallLog:
    log, _ = decode_call(msgspec.json.encode(_world().entries(call.session_id)))
    return log
