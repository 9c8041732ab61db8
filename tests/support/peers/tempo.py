"""Grafana Tempo as the tests query it: what a fake and a real one have in common."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

URL = "TEST_TEMPO_URL"
SLACK = 121 * 3600.0  # seconds; Tempo's own are 120


class Tempo(Protocol):
    """Times are UNIX seconds. ``tenant`` goes into ``X-Scope-OrgID``."""

    @property
    def http(self) -> str:
        """The base of its OTLP endpoint over HTTP."""

    @property
    def grpc(self) -> str: ...

    def trace(self, tenant: str, trace_id: str) -> TracesData | None:
        """All spans of a trace; ``None`` if there is none."""

    def search(self, tenant: str, query: str, start: float, end: float) -> Mapping[str, Any]:
        """What TraceQL finds, by trace id of 32 digits: Tempo leaves out leading zeros."""


class RealTempo:
    """The Tempo that the environment variable ``TEST_TEMPO_URL`` names. It takes OTLP on the usual
    ports of the same host.
    """

    def __init__(self) -> None:
        if not os.environ.get(URL):
            pytest.skip(f"{URL} is not set")
        self._url = os.environ[URL].rstrip("/")
        self._http = httpx.Client(timeout=60)

    @property
    def http(self) -> str:
        return f"http://{urlsplit(self._url).hostname}:4318"

    @property
    def grpc(self) -> str:
        return f"http://{urlsplit(self._url).hostname}:4317"

    def trace(self, tenant: str, trace_id: str) -> TracesData | None:
        answer = self._http.get(
            f"{self._url}/api/traces/{trace_id}",
            headers={"X-Scope-OrgID": tenant, "Accept": "application/protobuf"},
        )
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return TracesData.FromString(answer.raise_for_status().content)

    def search(self, tenant: str, query: str, start: float, end: float) -> Mapping[str, Any]:
        answer = self._http.get(
            f"{self._url}/api/search",
            params={"q": query, "start": str(int(start)), "end": str(int(end)), "limit": "5000"},
            headers={"X-Scope-OrgID": tenant},
        )
        assert answer.is_success, answer.text
        return by_trace_id(answer.json().get("traces", ()))


def by_trace_id(traces: Any) -> dict[str, Any]:
    return {each["traceID"].zfill(32): each for each in traces}
