"""Whatever the API sends, the memory of a daemon stays within a bound."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.raw_http import Peer, RawServer, answer
from support.rigs.program import environment

pytestmark = pytest.mark.slow

MB = 1_000_000
# Python with all modules of the daemon is some 60 MB; a call of 20 MB needs most of it.
BOUND = 450 * MB
CALLS = 10_000
ENTRIES = 100_000
GIGABYTE = 1 << 30
TIMES = 12
CHILD = Path(__file__).parents[2] / "support" / "rigs" / "peak_memory.py"


def record(number: int, now: int, *, log: bool) -> dict[str, object]:
    return {
        "dest": "8005550100",
        "src": "4155550100",
        "start": now - 900,
        "end": now - 600,
        "session_id": f"{number};001;{now - 900}",
        "type": "inbound",
        "log": log,
    }


def entries(count: int, now: int) -> list[dict[str, object]]:
    data = {"module_type": "prompt", "result_variable": "var_1", "type": "static"}
    line = "Please hold the line while somebody looks for your order."
    spoken = {"event": {"line": line, "data": data}, "class": "prompt", "timestamp": now - 700}
    last = {"module_type": "exit", "result_variable": "hangup"}
    left = {"event": {"line": "Hangup", "data": last}, "class": "info", "timestamp": now - 600}
    return [*[spoken] * (count - 1), left]


@dataclass
class Api:
    """``listed`` calls, all of them on the first page; the log of each is what ``send`` says, and
    so is any answer ``everywhere``, up to the 401 that ends it.
    """

    listed: int
    send: Callable[[Peer, Api], None]
    now: int = field(default_factory=lambda: int(time.time()))
    everywhere: bool = False
    sent: int = 0
    requests: int = 0

    def respond(self, peer: Peer, head: str) -> None:
        self.requests += 1
        path, _, query = head.split()[1].partition("?")
        if self.everywhere and self.requests > TIMES:
            peer.send(answer(b"{}", "401 Unauthorized"))
        elif self.everywhere:
            self.send(peer, self)
        elif "/calls/" in path:
            shown = self.listed if "offset=0" in query or "offset" not in query else 0
            calls = [record(number, self.now, log=True) for number in range(shown)]
            body = json.dumps({"calls": calls, "total_calls": self.listed}).encode()
            peer.send(answer(body))
        elif "/all_logs/" in path:
            shown = self.listed if "offset=0" in query or "offset" not in query else 0
            calls = [
                record(number, self.now, log=True) | {"detail": entries(3, self.now)}
                for number in range(shown)
            ]
            peer.send(answer(json.dumps({"calls": calls}).encode()))
        else:
            self.send(peer, self)


def many_entries(peer: Peer, api: Api) -> None:
    body = json.dumps(entries(ENTRIES, api.now)).encode()
    assert 15 * MB < len(body) < 32 * MB
    peer.send(answer(body))


def nothing(peer: Peer, _api: Api) -> None:
    peer.send(answer(b"[]"))


def endless(peer: Peer, api: Api) -> None:
    """A gigabyte of entries, or as much of it as anybody reads."""
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[")
    chunk = json.dumps(entries(400, api.now)).encode()[1:-1] + b","
    try:
        for _ in range(GIGABYTE // len(chunk) + 1):
            peer.send(chunk)
            api.sent += len(chunk)
    finally:
        peer.close()


def bomb(peer: Peer, api: Api) -> None:
    """A gigabyte of blanks in a megabyte of gzip."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    peer.send(f"{head}Connection: close\r\n\r\n".encode())
    deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = deflater.compress(b"[" + b" " * (MB - 1)) + deflater.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block stands for itself, and may come again and again.
    block = deflater.compress(b" " * MB) + deflater.flush(zlib.Z_FULL_FLUSH)
    peer.send(first)
    try:
        for _ in range(1_100):
            peer.send(block)
            api.sent += len(block)
    finally:
        peer.close()


def once(api: Api, folder: Path, bound: int = BOUND) -> tuple[int, OtlpReceiver]:
    """Its exit code, and the back end."""
    with RawServer(api.respond) as server, OtlpReceiver() as receiver:
        env = environment(
            FUSE_OTEL_API_URL=f"{server.url}/api",
            FUSE_OTEL_EMAIL="owner@example.com",
            FUSE_OTEL_DEVELOPER_KEY="key",
            FUSE_OTEL_STATE_URL=f"sqlite:///{folder / 'state.db'}",
            FUSE_OTEL_MAX_REQUESTS_PER_SECOND="100",
            # The API lists the same calls for any window: more history would list them again.
            FUSE_OTEL_SINCE="1h",
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
        )
        ended = subprocess.run(
            [sys.executable, str(CHILD), "once", "--timeout", "900"],
            env=env,
            capture_output=True,
            text=True,
            timeout=1000,
            check=True,
        )
    assert "Traceback" not in ended.stderr
    code, peak = map(int, ended.stdout.split())
    print(f"{peak / MB:.0f} MB")  # noqa: T201 - shown with -rP
    assert peak < bound
    return code, receiver


def test_a_page_of_ten_thousand_calls(tmp_path):
    code, receiver = once(Api(CALLS, nothing), tmp_path)
    assert code == 0
    assert len(receiver.sessions()) == CALLS


def test_a_call_of_a_hundred_thousand_entries(tmp_path):
    code, receiver = once(Api(1, many_entries), tmp_path)
    assert code == 0
    assert len(receiver.sessions()) == 1
    assert 1000 < len(receiver.records()) < ENTRIES


@pytest.mark.parametrize("send", [endless, bomb])
def test_a_body_of_a_gigabyte_is_cut_off(tmp_path, send):
    api = Api(1, send)
    code, receiver = once(api, tmp_path)
    assert code == 0
    # What was not read is in the sockets' buffers.
    assert 0 < api.sent < 100 * MB
    (root,) = receiver.spans()
    assert root.attributes


@pytest.mark.parametrize("send", [endless, bomb])
def test_bodies_that_are_cut_off_again_and_again_leave_nothing_behind(tmp_path, send):
    api = Api(0, send, everywhere=True)
    code, _ = once(api, tmp_path, bound=250 * MB)
    assert code == 1
    assert api.requests > TIMES
