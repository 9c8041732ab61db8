"""A ``FuseApi`` at a raw server, and what both saw."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from fuse_otel.errors import (
    SourceError,
)
from fuse_otel.events import ApiFailed, Event
from fuse_otel.source import ApiOptions, FuseApi
from support.fakes.raw_http import RawServer, Respond

NOW = 1_700_000_000.0
EMAIL, KEY, NUMBER, SESSION = "ops@example.com", "hunter2-developer", "6175551234", "300060;001;15"
GENEROUS = 30.0
EXPIRED = b'{"error": "There are no call log details available for this call."}'
ENTRIES = json.dumps(
    [
        {
            "event": {"line": "x", "data": {"module_type": "exit", "result_variable": "hangup"}},
            "class": "info",
            "timestamp": 1529552692,
        }
    ]
).encode()
CALLS = b'{"calls": [{"session_id": "a", "start": 1, "end": 2, "log": true}], "total_calls": 9}'


class SourceRig:
    """A ``FuseApi`` at a raw server, with what both saw."""

    def __init__(self, server: RawServer, api: FuseApi, events: list[Event]) -> None:
        self.server = server
        self.api = api
        self.events = events

    def calls(self):
        return self.api.list_calls(10, 20, number=NUMBER, offset=0, limit=None)

    def logs(self):
        return self.api.read_logs(10, 20, number=NUMBER, offset=0, limit=200)

    def call(self):
        return self.api.read_call(SESSION)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


@contextmanager
def source_rig(respond: Respond, **options) -> Iterator[SourceRig]:
    events: list[Event] = []
    with RawServer(respond, options.pop("connected", None)) as server:
        chosen = ApiOptions(server.url + "/api/", EMAIL, KEY, **{"deadline": GENEROUS, **options})
        api = FuseApi("main", chosen, events.append, lambda: NOW)
        try:
            yield SourceRig(server, api, events)
        finally:
            api.close()


def failing(
    respond: Respond, ask: Callable[[SourceRig], object] = SourceRig.calls, **options
) -> SourceError:
    """The error; it was told once, and shows nothing private."""
    with source_rig(respond, **options) as rig, pytest.raises(SourceError) as caught:
        ask(rig)
    error = caught.value
    (told,) = rig.of(ApiFailed)
    assert (told.account, told.error_type, told.message) == ("main", error.error_type, str(error))
    assert not [word for word in (EMAIL, KEY, NUMBER, SESSION) if word in str(error)]
    assert error.__suppress_context__ or error.__context__ is None
    return error
