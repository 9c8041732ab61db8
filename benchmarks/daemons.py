"""The program as a user starts it, in real time: latency, the start, and a daemon without work."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from support.rigs.program import Running, environment, running

from benchmarks.cpu import cpu_of, peak_of
from benchmarks.peers import Account, Peers, peers
from benchmarks.sink import Received

_IDLE_RATE = 1e-9  # calls a second: none while anybody waits
_FIRST = 60.0  # seconds in which a daemon must make its first request
_SETTLED = 10.0  # seconds after which a new daemon has nothing to do but to poll
_BEFORE = 40.0  # so that the first poll is over
# A call without an `exit` module waits two minutes for its log to grow, then for a poll.
_AFTER = 240.0
_LOOK = 5.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from the end of a call to the acknowledgement of its trace and its log records.
    ``delivered`` is the share of the calls that came at all; the others have no latency.
    """

    median: float
    p99: float
    delivered: float


@dataclass(frozen=True, slots=True)
class Idle:
    """``first_request``: seconds from the start of the process. ``first_cpu``: its CPU time until
    then, which other programs hardly change. ``share`` of one core; bytes.
    """

    first_request: float
    first_cpu: float
    share: float
    memory: int


@contextmanager
def _daemon(api: Peers, folder: Path, since: str) -> Iterator[Running]:
    settings = {
        "FUSE_OTEL_API_URL": api.url,
        "FUSE_OTEL_EMAIL": api.email,
        "FUSE_OTEL_DEVELOPER_KEY": api.developer_key,
        "FUSE_OTEL_STATE_URL": f"sqlite:///{folder / 'state.db'}",
        "FUSE_OTEL_LISTEN": "127.0.0.1:0",
        "FUSE_OTEL_SINCE": since,
        "OTEL_EXPORTER_OTLP_ENDPOINT": api.sink_url,
    }
    with running(env=environment(**settings), folder=folder) as daemon:
        yield daemon


def latency(rate: float, seconds: float) -> Latency:
    """Of the calls that end within ``seconds``, at ``rate`` calls a second."""
    # Without a past: calls that began before the account is read would be missing.
    account = Account(rate, 1.0, world="steady")
    with (
        tempfile.TemporaryDirectory() as folder,
        peers(account) as api,
        _daemon(api, Path(folder), "5m"),
    ):
        begin = time.time() + _BEFORE
        end = begin + seconds
        time.sleep(end - time.time() + 1)
        calls = {
            session: facts
            for session, facts in api.ended(begin - 1000, end).items()
            if facts[0] >= begin
        }
        found = latencies(api.received(), calls)
        while len(found) < len(calls) and time.time() < end + _AFTER:
            time.sleep(_LOOK)
            found = latencies(api.received(), calls)
    if len(found) < 2:  # noqa: PLR2004 - a quantile needs two
        return Latency(float("nan"), float("nan"), len(found) / max(1, len(calls)))
    return Latency(median(found), quantiles(found, n=100)[-1], len(found) / len(calls))


def latencies(received: Received, calls: Mapping[str, tuple[int, int]]) -> list[float]:
    """``calls``: session id → end and number of entries. The API has the end in whole seconds, so
    each latency is up to a second too long.
    """
    times = {
        session: received.arrived(session, logs=bool(entries))
        for session, (_, entries) in calls.items()
    }
    return [at - calls[session][0] for session, at in times.items() if at is not None]


def start_and_idle(seconds: float) -> Idle:
    """A daemon of an account without calls, watched for ``seconds`` after it has settled."""
    with tempfile.TemporaryDirectory() as folder, peers(Account(_IDLE_RATE, 1.0)) as api:
        began = time.monotonic()
        with _daemon(api, Path(folder), "1h") as daemon:
            first = _first_request(api, began)
            pid = daemon.process.pid
            first_cpu = cpu_of(pid)
            time.sleep(_SETTLED)
            before, since = cpu_of(pid), time.monotonic()
            time.sleep(seconds)
            cpu = cpu_of(pid) - before
            share = cpu / (time.monotonic() - since)
            return Idle(first, first_cpu, share, peak_of(pid))


def _first_request(api: Peers, began: float) -> float:
    while not api.api_requests():
        if time.monotonic() > began + _FIRST:
            raise RuntimeError("the daemon did not request anything")
        time.sleep(0.005)
    return time.monotonic() - began
