"""Grafana Loki as the tests query it: what a fake and a real one have in common."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import httpx
import pytest
import yaml

URL = "TEST_LOKI_URL"
DAY = 86_400
_MOST = 5_000  # a stock Loki returns no more lines per query


class Line(NamedTuple):
    """``time`` is UNIX nanoseconds; ``labels`` holds stream labels and structured metadata."""

    time: int
    text: str
    labels: Mapping[str, str]


class Loki(Protocol):
    """Times are UNIX seconds. ``tenant`` goes into ``X-Scope-OrgID``."""

    @property
    def otlp(self) -> str:
        """The base of its OTLP endpoint."""

    def lines(self, tenant: str, query: str, start: float, end: float) -> list[Line]:
        """What LogQL finds, in the order of time."""

    def streams(self, tenant: str, query: str, start: float) -> int:
        """How many streams the selector matches from ``start`` on."""

    def flush(self) -> None:
        """Make all lines visible, also those of hours ago."""

    def limits(self) -> Mapping[str, str]:
        """The limits in force, by the names of ``limits_config``."""


class RealLoki:
    """The Loki that the environment variable ``TEST_LOKI_URL`` names."""

    def __init__(self) -> None:
        if not os.environ.get(URL):
            pytest.skip(f"{URL} is not set")
        self._url = os.environ[URL].rstrip("/")
        self._http = httpx.Client(timeout=60)

    @property
    def otlp(self) -> str:
        return f"{self._url}/otlp"

    def lines(self, tenant: str, query: str, start: float, end: float) -> list[Line]:
        found: dict[tuple[object, ...], Line] = {}
        begin, stop = int(start * 1e9), int(end * 1e9)
        while True:
            page = self._page(tenant, query, begin, stop)
            found |= {(line.time, line.text, *sorted(line.labels.items())): line for line in page}
            if len(page) < _MOST or page[-1].time == begin:
                return sorted(found.values(), key=lambda line: line.time)
            begin = page[-1].time

    def _page(self, tenant: str, query: str, begin: int, stop: int) -> list[Line]:
        limit = {"start": begin, "end": stop, "limit": _MOST, "direction": "forward"}
        answer = self.ask(tenant, "query_range", query=query, **limit)
        lines = [
            Line(int(time), text, stream["stream"])
            for stream in answer["result"]
            for time, text, *_ in stream["values"]
        ]
        return sorted(lines, key=lambda line: line.time)

    def streams(self, tenant: str, query: str, start: float) -> int:
        named = {"match[]": query, "start": int(start * 1e9)}
        return len(self.ask(tenant, "series", **named))

    def flush(self) -> None:
        self._http.post(f"{self._url}/flush").raise_for_status()

    def limits(self) -> Mapping[str, str]:
        answer = self._http.get(f"{self._url}/config").raise_for_status()
        limits: dict[str, object] = yaml.safe_load(answer.text)["limits_config"]
        return {name: str(value) for name, value in limits.items()}

    def ask(self, tenant: str, verb: str, **parameters: object) -> object:
        answer = self._http.get(
            f"{self._url}/loki/api/v1/{verb}",
            params={key: str(value) for key, value in parameters.items()},
            headers={"X-Scope-OrgID": tenant},
        )
        assert answer.is_success, answer.text
        return answer.json()["data"]
