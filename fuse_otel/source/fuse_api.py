"""The three endpoints of the Plum Fuse API, one request each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from fuse_otel.core.decoding.answers import (
    NotUnderstood,
    decode_call,
    decode_calls,
    decode_error,
    decode_logs,
    error_log,
)
from fuse_otel.core.model.call import EXPIRED_LOG, MISSING_LOG, CallLog, CallPage, LogPage
from fuse_otel.core.model.tally import Anomaly
from fuse_otel.errors import InternalError, SourceError
from fuse_otel.events import AnomaliesSeen, ApiFailed, Emit
from fuse_otel.ports import Endpoint
from fuse_otel.source.answer import ApiOptions, ApiResponse, error_of, malformed

_Decoded = TypeVar("_Decoded")


class FuseApi:
    """A ``Source`` over HTTP. No retry, no sleep. Threads may share it if they may share ``emit``.

    Building one raises ``ConfigurationError`` for an unusable URL or proxy in the environment.
    """

    def __init__(
        self, account: str, options: ApiOptions, emit: Emit, clock: Callable[[], float]
    ) -> None:
        from fuse_otel.source.exchange import Exchange  # noqa: PLC0415 - httpx is slow to import

        self.clock_skew: float | None = None
        self._account = account
        self._emit = emit
        self._clock = clock
        self._exchange = Exchange(account, options, emit, clock)

    def list_calls(
        self, start: int, end: int, *, number: str, offset: int, limit: int | None
    ) -> CallPage:
        """A page of ``/calls``."""
        with self._failures(Endpoint.CALLS):
            answer = self._ask(Endpoint.CALLS, f"calls/{start}/{end}", number, offset, limit)
            page = self._decoded(Endpoint.CALLS, answer, decode_calls)
        self._emit_anomalies(page.anomalies)
        return page

    def read_logs(self, start: int, end: int, *, number: str, offset: int, limit: int) -> LogPage:
        """A page of ``/all_logs``."""
        with self._failures(Endpoint.ALL_LOGS):
            answer = self._ask(Endpoint.ALL_LOGS, f"all_logs/{start}/{end}", number, offset, limit)
            page = self._decoded(Endpoint.ALL_LOGS, answer, decode_logs)
        self._emit_anomalies(page.anomalies)
        return page

    def read_call(self, session_id: str) -> CallLog:
        """The log of ``/call``. A missing log is an answer, a failure is an error."""
        path = f"call/{quote(session_id, safe='', errors='replace')}"
        with self._failures(Endpoint.CALL):
            answer = self._get(Endpoint.CALL, path, {})
            log, anomalies = self._log(answer)
        self._emit_anomalies(anomalies)
        return log

    def close(self) -> None:
        self._exchange.close()

    def _ask(
        self, endpoint: Endpoint, path: str, number: str, offset: int, limit: int | None
    ) -> ApiResponse:
        query = {"number": number, "limit": limit, "offset": offset or None}
        given = {name: str(value) for name, value in query.items() if value not in (None, "")}
        return self._get(endpoint, path, given)

    def _get(self, endpoint: Endpoint, path: str, query: Mapping[str, str]) -> ApiResponse:
        answer = self._exchange.get(endpoint, path, query)
        self.clock_skew = None if answer.date is None else answer.date - self._clock()
        return answer

    def _log(self, answer: ApiResponse) -> tuple[CallLog, Mapping[str, int]]:
        if not answer.ok:
            if error_log(decode_error(answer.body)) is EXPIRED_LOG:
                return EXPIRED_LOG, {}
            if answer.status == HTTPStatus.NOT_FOUND:
                return MISSING_LOG, {}
        log, anomalies = self._decoded(Endpoint.CALL, answer, decode_call)
        if anomalies[Anomaly.DETAIL_ERROR]:
            # It is unknown whether these details are gone. A later request may still get them.
            problem = NotUnderstood("it is an unknown error")
            raise malformed(Endpoint.CALL, answer, problem, self._exchange.credentials.secrets)
        return log, anomalies

    def _decoded(
        self, endpoint: Endpoint, answer: ApiResponse, decode: Callable[[bytes], _Decoded]
    ) -> _Decoded:
        if not answer.ok:
            raise error_of(endpoint, answer, self._exchange.credentials.secrets)
        try:
            return decode(answer.body)
        except NotUnderstood as problem:
            raise malformed(endpoint, answer, problem, self._exchange.credentials.secrets) from None

    @contextmanager
    def _failures(self, endpoint: Endpoint) -> Iterator[None]:
        """Every exception becomes a ``SourceError`` and is reported. httpx and the decoders can
        raise unknown exceptions for an odd answer: a session id of 70,000 characters made httpx
        raise ``InvalidURL``, which is none of its ``HTTPError``s, and stopped the account.
        """
        try:
            yield
        except SourceError as error:
            self._report(endpoint, error)
            raise
        except Exception as unexpected:  # noqa: BLE001 - see above
            internal = InternalError.of(unexpected)
            self._report(endpoint, internal)
            raise internal from None

    def _report(self, endpoint: Endpoint, error: SourceError) -> None:
        self._emit(ApiFailed(self._account, endpoint, error.error_type, str(error)))

    def _emit_anomalies(self, anomalies: Mapping[str, int]) -> None:
        if anomalies:
            self._emit(AnomaliesSeen(self._account, tuple(sorted(Counter(anomalies).items()))))
