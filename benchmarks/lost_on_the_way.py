"""What gets lost between a program and its back end: `BatchSpanProcessor` with the stock OTLP
exporter, and fuse-otel's shipper, against one server that misbehaves in the same way for both.

    make benchmarks

A call counts as arrived when the server kept it. "Unnoticed" are the lost ones that the exporter
reported as delivered.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from support.fakes.otlp_answer import HTML, Answer, spans_rejected, status, text
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.otlp_request import Request

from benchmarks.two_ways import by_sdk, by_shipper, killed, put_in_store

Decide = Callable[[Request], Answer | None]
BAD = "call 7"


@dataclass(frozen=True, slots=True)
class Size:
    """``timeout`` of an attempt, how long a passing fault lasts, and what a slow answer takes, in
    seconds; the calls of a burst.
    """

    timeout: float
    outage: float
    pause: float
    burst: int


FULL = Size(timeout=10.0, outage=25.0, pause=0.1, burst=100_000)
SMALL = Size(timeout=1.0, outage=3.0, pause=0.5, burst=10_000)


@dataclass(frozen=True, slots=True)
class Row:
    """Counts of calls. ``parked`` ones can be looked at and replayed."""

    fault: str
    calls: int
    sdk_lost: int
    sdk_unnoticed: int
    our_lost: int
    our_parked: int


@dataclass(frozen=True, slots=True)
class Fault:
    """``decide`` is built again for each way, with the address of a page for people. ``rejects``:
    the calls that the server leaves out of what it takes.
    """

    name: str
    decide: Callable[[Size, str], Decide]
    calls: Callable[[Size], int] = lambda _: 300
    rejects: frozenset[str] = frozenset()


def _for_a_while(answer: Answer) -> Callable[[Size, str], Decide]:
    """From the first request on."""
    return lambda size, _: _passing(size.outage, answer)


def _redirected(size: Size, login: str) -> Decide:
    return _passing(size.outage, text(302, Location=login).but(keep=False))


def _passing(seconds: float, answer: Answer) -> Decide:
    began: list[float] = []

    def decide(_: Request) -> Answer | None:
        began.append(time.monotonic())
        return answer if began[-1] - began[0] < seconds else None

    return decide


def _one_refused(_size: Size, _login: str) -> Decide:
    def decide(request: Request) -> Answer | None:
        return status(400, "a bad span") if BAD in request.sessions else None

    return decide


def _one_rejected(_size: Size, _login: str) -> Decide:
    return lambda request: (
        spans_rejected(1, "a span is too old") if BAD in request.sessions else None
    )


def _slow(size: Size, _login: str) -> Decide:
    def decide(_: Request) -> None:
        time.sleep(size.pause)

    return decide


FAULTS = (
    Fault("503 for longer than the time-out", _for_a_while(text(503, "starting"))),
    Fault("400 for one call", _one_refused),
    Fault("partial success without one call", _one_rejected, rejects=frozenset({BAD})),
    Fault("a redirect to a login page", _redirected),
    Fault("a proxy's page with status 200", _for_a_while(HTML.but(keep=False))),
    Fault("a burst", _slow, lambda size: size.burst),
)
KILLED = "kill -9"


def compare(fault: Fault, size: Size) -> Row:
    sessions = [f"call {number}" for number in range(fault.calls(size))]
    with tempfile.TemporaryDirectory() as folder, _login_page() as login:
        with OtlpReceiver(decide=fault.decide(size, login)) as receiver:
            reported = by_sdk(receiver.url, sessions, size.timeout)
            sdk = receiver.sessions() - fault.rejects
        store = Path(folder) / "store.db"
        put_in_store(store, sessions)
        with OtlpReceiver(decide=fault.decide(size, login)) as receiver:
            parked = by_shipper(receiver.url, store, size.timeout)
            ours = receiver.sessions() - fault.rejects
    return _row(fault.name, sessions, sdk, reported.delivered, ours, parked)


def compare_killed(size: Size) -> Row:
    """The process dies with calls that the back end has not seen yet."""
    sessions = [f"call {number}" for number in range(300)]
    with tempfile.TemporaryDirectory() as folder:
        with OtlpReceiver() as receiver:
            killed("sdk", receiver.url, *sessions)
            sdk = receiver.sessions()
        store = Path(folder) / "store.db"
        killed("ours", str(store), *sessions)
        with OtlpReceiver() as receiver:
            parked = by_shipper(receiver.url, store, size.timeout)
            ours = receiver.sessions()
    return _row(KILLED, sessions, sdk, [], ours, parked)


def _row(
    fault: str,
    sessions: Sequence[str],
    sdk: set[str],
    delivered: Sequence[str],
    ours: set[str],
    parked: Sequence[str],
) -> Row:
    sdk_lost = set(sessions) - sdk
    return Row(
        fault,
        len(sessions),
        len(sdk_lost),
        len(sdk_lost & set(delivered)),
        len(set(sessions) - ours - set(parked)),
        len(set(parked)),
    )


@contextmanager
def _login_page() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Login)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/login"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Login(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(HTML.body)))
        self.end_headers()
        self.wfile.write(HTML.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing: the table shows the result."""


def main(size: Size = FULL) -> None:
    print(f"{'':34}{'':>8}  {'the SDK':>20}  {'fuse-otel':>20}")
    print(f"{'fault':34}{'calls':>8}  {'lost':>9} {'unnoticed':>10}  {'lost':>9} {'parked':>10}")
    rows = (*(compare(fault, size) for fault in FAULTS), compare_killed(size))
    for row in rows:
        print(
            f"{row.fault:34}{row.calls:8}  {row.sdk_lost:9} {row.sdk_unnoticed:10}"
            f"  {row.our_lost:9} {row.our_parked:10}"
        )


if __name__ == "__main__":
    main()
