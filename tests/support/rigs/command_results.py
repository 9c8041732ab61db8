"""What commands did, as the store and the back end tell it beside whoever works on it."""

import json
import time
from contextlib import closing, contextmanager

from fuse_otel.ports import ParkedQuery
from fuse_otel.store import open_store
from support.rigs.program import fuse_otel

HOUR = 3600


def calls(api, start, end):
    """Those that certainly lie in the interval, whichever of their times the API filters by."""
    return {call.session_id for call in api.truth(start, end) if start <= call.start <= end}


def status(env):
    told = fuse_otel("status", "--json", env=env)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


@contextmanager
def looking(env):
    """What is in the store, beside whoever works on it."""
    url = env["FUSE_OTEL_STATE_URL"]
    with closing(open_store(url, capacity=1, read_only=True, clock=time.time)) as store:
        yield store.control


def open_jobs(env):
    with looking(env) as control:
        return control.status().jobs


def waiting(env):
    """The calls that wait for some lane."""
    with looking(env) as control:
        return sum(lane.calls for lane in control.status().lanes)


def lane_states(env):
    with looking(env) as control:
        return {lane.reported.state for lane in control.status().lanes}


def parked_count(env):
    with looking(env) as control:
        return control.parked_count(ParkedQuery())[0]


def copies(receiver):
    """Span id or log record → its different serialisations, of all that was kept."""
    found = {}
    for request in receiver.requests:
        if request.kept:
            for each in (*request.spans, *request.records):
                key = (each.trace_id, each.span_id, getattr(each, "time_unix_nano", None))
                found.setdefault(key, set()).add(each.SerializeToString(deterministic=True))
    return found
