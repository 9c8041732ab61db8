"""Calls and their logs as short as a test can say them."""

from pathlib import Path

from fuse_otel.core.decoding.answers import decode_call, decode_calls
from fuse_otel.core.model.call import (
    CallLog,
    CallRecord,
    Direction,
    Entry,
    ListedCall,
    LogState,
    log_completeness,
)
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.simulator.call import SimulatedCall
from support.oracle.translate import transform

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
KEY = b"a key of the tests"
SESSION = "300060;001;1529552581"
START, END = 1_700_000_000, 1_700_000_060


def make_call(**changes):
    values = {
        "session_id": SESSION,
        "start": START,
        "end": END,
        "direction": Direction.INBOUND,
        "type": "inbound",
        "logged": True,
        "user_hash": "ab" * 16,
        "destination": "8005550111",
    }
    return ListedCall(**{**values, **changes})


def make_record(**changes):
    """A list record as it came, the numbers in clear."""
    values = {
        "session_id": SESSION,
        "start": START,
        "end": END,
        "src": "2125550123",
        "dest": "8005550111",
        "type": "inbound",
        "logged": True,
    }
    return CallRecord(**{**values, **changes})


def listed_of(call: SimulatedCall, key: bytes) -> ListedCall:
    """A simulated call as the daemon lists it."""
    record = CallRecord(
        call.session_id, call.start, call.end, call.src, call.dest, call.type, call.log
    )
    return pseudonymise(record, key)


def make_entry(
    line="",
    module="prompt",
    name="welcome",
    log_class="info",
    at=START,
    index=0,
    **data,
):
    return Entry(index, log_class, line, at, module, name, data)


def make_log(*entries):
    """The entries as the API's array: each gets its place as its index."""
    numbered = tuple(
        Entry(place, e.log_class, e.line, e.timestamp, e.module_type, e.result_variable, e.data)
        for place, e in enumerate(entries)
    )
    return CallLog(LogState.PRESENT, numbered, len(numbered))


def made_of(*entries, call=None, options=None, sent=None):
    """The telemetry of a call with these entries."""
    call = call or make_call()
    log = make_log(*entries)
    return transform(call, log, log_completeness(call, log), options or ModelOptions(), sent)


def sample_call():
    """The documentation's own call, as (listed call, log)."""
    calls = decode_calls((SAMPLES / "calls.json").read_bytes()).calls
    log, _ = decode_call((SAMPLES / "call-300060.json").read_bytes())
    return pseudonymise(calls[0], KEY), log


APPLICATION = make_entry('Executing application "Claims" version "2.0"', "start", "start")
EXIT = make_entry("Exiting application", "exit", "hangup", at=END)
