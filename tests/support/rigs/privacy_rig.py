"""A whole daemon in one process, on a SQLite file, fed with calls that a test makes up; and all
that it says and writes on any side.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, unquote

from fuse_otel.core.batching.export_result import Accepted, ExportResult, PermanentFailure
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.events import Event
from fuse_otel.instrumentation.log import Log
from fuse_otel.instrumentation.metrics import Metrics
from fuse_otel.poller import Poller, PollerOptions
from fuse_otel.ports import Endpoint
from fuse_otel.shipper import Shipper
from fuse_otel.source.fuse_api import ApiResponse
from fuse_otel.store import open_store
from support import http_client
from support.fakes.in_process_source import in_process_source, in_this_thread
from support.rigs.web_site import served, site

KEY = b"the key of this test"
_LANES = [Lane(name, signal) for name in ("takes", "refuses") for signal in Signal]
_WHILE = 1200  # seconds: calls that wait for their log are given up within


class MadeUpApi:
    """Takes the place of the source's HTTP exchange: the same calls, whatever window is asked.
    A call of ``/calls`` with its entries; ``failing`` says in the API's own words why a call's
    entries cannot be had.
    """

    def __init__(self, calls: Sequence[Mapping[str, Any]], failing: Mapping[str, str]) -> None:
        self._listed = [{k: v for k, v in call.items() if k != "detail"} for call in calls]
        self._details = {call["session_id"]: call["detail"] for call in calls}
        self._failing = failing

    def get(self, endpoint: Endpoint, path: str, query: Mapping[str, str]) -> ApiResponse:
        if endpoint is Endpoint.CALL:
            return self._call(unquote(path.rpartition("/")[2]))
        if endpoint is Endpoint.ALL_LOGS:
            # Every call is read alone: so each has its own fate.
            return _json({"calls": []})
        page = [] if query.get("offset") else self._listed
        return _json({"calls": page, "total_calls": len(self._listed)})

    def _call(self, session_id: str) -> ApiResponse:
        if session_id in self._failing:
            return _json({"error": self._failing[session_id]}, 500)
        return _json(self._details[session_id])

    def close(self) -> None:
        """There is no connection."""


def _json(value: object, status: int = 200) -> ApiResponse:
    return ApiResponse(status, json.dumps(value).encode())


class Quoting:
    """A destination that keeps what it gets; one that refuses quotes the request, as some do."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.got: list[bytes] = []

    def send(self, _signal: Signal, data: bytes, _items: int) -> ExportResult:
        self.got.append(inflate(data))
        if self.name == "takes":
            return Accepted("200")
        return PermanentFailure("400", f"cannot take {self.got[-1][:2000]!r}")

    def close(self) -> None:
        """There is no connection."""


class PrivacyRig:
    """``now`` is simulated time."""

    def __init__(self, folder: Path, api: MadeUpApi, start: int) -> None:
        self.now = float(start)
        self.folder = folder
        self.events: list[Event] = []
        self.stream = io.StringIO()
        self.store = open_store(
            f"sqlite:///{folder / 'state.db'}", capacity=1 << 28, clock=lambda: self.now
        )
        self.metrics = Metrics(status=self.store.control.status)
        self._log = Log(self.stream, "debug")
        source = in_process_source(api, self._emit, lambda: self.now)  # type: ignore[arg-type]
        renderings = [_rendering(signal) for signal in Signal]
        self.renderer = Renderer(ModelOptions(pseudonym_key=KEY), renderings)
        self.destinations = {name: Quoting(name) for name in ("takes", "refuses")}
        options = PollerOptions("a", pseudonym_key=KEY)
        self.poller = Poller(
            options, source, in_this_thread, self.store.ledger, self.renderer,
            self._emit, Random(1).random,
        )  # fmt: skip
        self.shippers = [
            Shipper(lane, self.store.outbox, self.destinations[lane.destination], self._emit,
                    Random(1).random)
            for lane in _LANES
        ]  # fmt: skip

    def _emit(self, event: Event) -> None:
        self.events.append(event)
        self.metrics(event)
        self._log(event)

    def run(self, seconds: float) -> None:
        """Let so much time pass, everybody stepping when they say so."""
        end = self.now + seconds
        while self.now < end:
            wake = min(each.step(self.now) for each in (self.poller, *self.shippers))
            self.now = min(max(wake, self.now + 0.5), end)

    def files(self) -> bytes:
        """The bytes of every file of the store, the write-ahead log with them."""
        return b"\n".join(file.read_bytes() for file in sorted(self.folder.iterdir()))

    def pages(self, session_ids: Sequence[str]) -> bytes:
        found = site(self.store, metrics=self.metrics.render, clock=lambda: self.now)  # type: ignore[arg-type]
        paths = ["/", "/status", "/metrics", "/calls/", "/-/ready"]
        paths += [f"/calls/{quote(one, safe='')}" for one in session_ids]
        with served(found) as url, http_client.client(base_url=url) as client:
            answers = [client.get(path) for path in paths]
        assert all(answer.status_code == 200 for answer in answers)
        return b"\n".join(answer.content for answer in answers)

    def sides(self, session_ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """(what, its bytes) of every side by which something could leave."""
        for destination in self.destinations.values():
            yield f"what {destination.name}", b"\n".join(destination.got)
        yield "the files", self.files()
        yield "the pages", self.pages(session_ids)
        yield "the log", self.stream.getvalue().encode()
        yield "the events", repr(self.events).encode()
        yield "the state", repr((self.poller.state(), self.store.control.status())).encode()


def _rendering(signal: Signal) -> Rendering:
    lanes = tuple(lane for lane in _LANES if lane.signal is signal)
    return Rendering(f"{signal}/strict/generic", signal, Profile.GENERIC, lanes)
