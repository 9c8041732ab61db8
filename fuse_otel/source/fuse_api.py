"""The three questions to the Plum Fuse API, one request each.

How to reach the API.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from fuse_otel.core.decoding.anomalies import Anomaly
from fuse_otel.core.decoding.answers import (
    NotUnderstood,
    decode_call,
    decode_calls,
    decode_error,
    decode_logs,
    error_log,
)
from fuse_otel.core.model.call import EXPIRED_LOG, MISSING_LOG, CallLog, CallPage, LogPage
from fuse_otel.errors import SourceError
from fuse_otel.events import AnomaliesSeen, ApiFailed, Emit
from fuse_otel.ports import Endpoint
from fuse_otel.source.exchange import ApiOptions, ApiResponse, misunderstanding, refusal

_Decoded = TypeVar("_Decoded")


class FuseApi:
    """A ``Source`` over HTTP. No retry, no sleep. Threads may share it if they may share ``emit``.

    Raises ``ConfigurationError`` when built with a URL, or a proxy in the environment, that cannot
    be used.
    """

    def __init__(
        self, account: str, options: ApiOptions, emit: Emit, clock: Callable[[], float]
    ) -> None:
        from fuse_otel.source.exchange import Exchange  # noqa: PLC0415 - httpx is slow to import

        self._account = account
        self._emit = emit
        self._secrets = (options.developer_key, options.email)
        self._exchange = Exchange(account, options, emit, clock)

    def list_calls(
        self, start: int, end: int, *, number: str, offset: int, limit: int | None
    ) -> CallPage:
        """A page of ``/calls``."""
        with self._failures(Endpoint.CALLS):
            answer = self._ask(Endpoint.CALLS, f"calls/{start}/{end}", number, offset, limit)
            page = self._understood(Endpoint.CALLS, answer, decode_calls)
        self._tell(page.anomalies)
        return page

    def read_logs(self, start: int, end: int, *, number: str, offset: int, limit: int) -> LogPage:
        """A page of ``/all_logs``."""
        with self._failures(Endpoint.ALL_LOGS):
            answer = self._ask(Endpoint.ALL_LOGS, f"all_logs/{start}/{end}", number, offset, limit)
            page = self._understood(Endpoint.ALL_LOGS, answer, decode_logs)
        self._tell(page.anomalies)
        return page

    def read_call(self, session_id: str) -> CallLog:
        """The log of ``/call``. That there is none is an answer, that it failed is an error."""
        path = f"call/{quote(session_id, safe='', errors='replace')}"
        with self._failures(Endpoint.CALL):
            answer = self._exchange.get(Endpoint.CALL, path, {})
            log, anomalies = self._log(answer)
        self._tell(anomalies)
        return log

    def close(self) -> None:
        self._exchange.close()

    def _ask(
        self, endpoint: Endpoint, path: str, number: str, offset: int, limit: int | None
    ) -> ApiResponse:
        query = {"number": number, "limit": limit, "offset": offset or None}
        given = {name: str(value) for name, value in query.items() if value not in (None, "")}
        return self._exchange.get(endpoint, path, given)

    def _log(self, answer: ApiResponse) -> tuple[CallLog, Mapping[str, int]]:
        if not answer.ok:
            if error_log(decode_error(answer.body)) is EXPIRED_LOG:
                return EXPIRED_LOG, {}
            if answer.status == HTTPStatus.NOT_FOUND:
                return MISSING_LOG, {}
        log, anomalies = self._understood(Endpoint.CALL, answer, decode_call)
        if anomalies[Anomaly.DETAIL_ERROR]:
            # Nobody knows whether these details are gone: asking again loses nothing.
            problem = NotUnderstood("it is an error of its own")
            raise misunderstanding(Endpoint.CALL, answer, problem, self._secrets)
        return log, anomalies

    def _understood(
        self, endpoint: Endpoint, answer: ApiResponse, decode: Callable[[bytes], _Decoded]
    ) -> _Decoded:
        if not answer.ok:
            raise refusal(endpoint, answer, self._secrets)
        try:
            return decode(answer.body)
        except NotUnderstood as problem:
            raise misunderstanding(endpoint, answer, problem, self._secrets) from None

    @contextmanager
    def _failures(self, endpoint: Endpoint) -> Iterator[None]:
        try:
            yield
        except SourceError as error:
            self._emit(ApiFailed(self._account, endpoint, error.error_type, str(error)))
            raise

    def _tell(self, anomalies: Mapping[str, int]) -> None:
        if anomalies:
            self._emit(AnomaliesSeen(self._account, tuple(sorted(Counter(anomalies).items()))))
