"""A back end in its own process: start, stop, kill, pause, start again."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx

from support.peers.ports import free_ports
from support.peers.waiting import wait_for
from support.rigs.program import environment

_TRIES = 3
_QUESTIONS = 5
_TAIL = 6_000
_RUNNING: list[Process] = []


class _Patient(httpx.HTTPTransport):
    """Sends a GET again that a busy back end did not answer."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(_QUESTIONS if request.method == "GET" else 0):
            with suppress(httpx.ReadTimeout, httpx.RemoteProtocolError):
                response = super().handle_request(request)
                if response.status_code != httpx.codes.GATEWAY_TIMEOUT:
                    return response
                response.close()
        return super().handle_request(request)


class Process:
    """A context manager. All state is in ``folder``; ``ports`` are given anew only if one turns
    out to be taken. Subclasses write their configuration in ``configure``.
    """

    title = ""
    named_ports: Sequence[str] = ()

    def __init__(self, executable: Path, folder: Path) -> None:
        self.executable = executable
        self.folder = folder
        self.ports: Mapping[str, int] = {}
        self.http = httpx.Client(timeout=25, transport=_Patient(trust_env=False))
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self) -> Sequence[str]:
        """Write the configuration of the program. Returns its arguments."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def url(self, port: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"

    def address(self, port: str) -> str:
        return f"127.0.0.1:{self.ports[port]}"

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        _RUNNING.append(self)
        for last in (False, False, True):
            self.ports = dict(zip(self.named_ports, free_ports(len(self.named_ports)), strict=True))
            try:
                self.start()
            except _Ended:
                if last or "address already in use" not in self.log:
                    raise
            else:
                break
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()
        self.http.close()
        _RUNNING.remove(self)

    def start(self) -> None:
        """Run the program with the present configuration and wait until it is ready."""
        words = self.configure()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.executable), *words],
                cwd=self.folder,
                env=environment(OTEL_TRACES_SAMPLER="always_off"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for(self._came_up, f"{self.title} (it has to be ready)", 120)

    def kill(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.wait(60)

    def stop(self) -> None:
        """End it as an operator does; it may write what it holds in memory."""
        assert self._process
        self._process.terminate()
        self._process.wait(60)

    def pause(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def get(self, url: str, **parameters: object) -> Any:
        """The JSON of a successful answer."""
        answer = self.http.get(url, params={k: str(v) for k, v in parameters.items()})
        answer.raise_for_status()
        return answer.json()

    def answers(self, url: str) -> bool:
        try:
            return self.http.get(url, timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _came_up(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            raise _Ended(f"{self.title} ended by itself: {self.log[-_TAIL:]}")
        return self.is_ready()


class _Ended(AssertionError):
    pass


def logs_of_running() -> list[tuple[str, str]]:
    """The last log lines of each running program, for the report of a failed test."""
    return [(f"log of {each.title}", each.log[-_TAIL:]) for each in _RUNNING]
