"""The three endpoints of the Plum Fuse API, one request each; the options of the client, the
answers, and the errors that unusable answers become.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from fuse_otel import __version__
from fuse_otel.core.decoding.answers import (
    NotUnderstood,
    decode_call,
    decode_calls,
    decode_error,
    decode_logs,
    error_log,
)
from fuse_otel.core.model.call import EXPIRED_LOG, MISSING_LOG, CallLog, CallPage, LogPage
from fuse_otel.core.model.tally import Anomaly, Tally
from fuse_otel.core.redaction.personal_data import without_personal
from fuse_otel.errors import (
    InternalError,
    Malformed,
    ServerFailed,
    SourceError,
    Throttled,
    Unauthorized,
    Unexpected,
)
from fuse_otel.events import AnomaliesSeen, ApiFailed, Emit
from fuse_otel.humanize import in_quotes
from fuse_otel.ports import Endpoint

LONGEST_REASON = 64 * 1024  # bytes of an error's body
_LONGEST_QUOTE = 200  # characters of the API's text in a message


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """``url`` is the base of the three endpoints. ``deadline``: seconds for a whole request;
    ``max_bytes``: the limit of a decoded answer. ``reread_key`` reads the key again from its file,
    if it has one, and raises ``ValueError`` if the file holds none.
    """

    url: str
    email: str = field(repr=False)
    developer_key: str = field(repr=False)
    reread_key: Callable[[], str] | None = field(default=None, repr=False)
    deadline: float = 60.0
    max_bytes: int = 32 * 1024 * 1024
    user_agent: str = f"fuse-otel/{__version__}"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """``retry_after``: the wait in seconds that the API requests; ``date``: its clock in UNIX
    seconds. ``None`` where the headers have none.
    """

    status: int
    body: bytes
    retry_after: float | None = None
    date: float | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the range of HTTP's successes


def error_of(endpoint: Endpoint, answer: ApiResponse, secrets: Sequence[str]) -> SourceError:
    """The error for an answer whose status is no success."""
    kind, sentence = _meaning(endpoint, answer.status)
    if kind is Unauthorized and any(map(in_quotes, secrets)):
        sentence += "; remove the quotes around them"
    message = sentence + _quote(answer.body, secrets)
    return kind(message, retry_after=answer.retry_after)


def malformed(
    endpoint: Endpoint, answer: ApiResponse, problem: NotUnderstood, secrets: Sequence[str]
) -> Malformed:
    """The error for a success with unusable content."""
    start = answer.body[:64].lstrip()
    reason = str(problem)
    if not start:
        reason = "it is empty"
    elif start.startswith(b"<"):
        reason = f"{reason}; is a proxy in between, or the API URL wrong?"
    quote = _quote(answer.body, secrets)
    return Malformed(f"The Fuse API's answer to /{endpoint} was not understood: {reason}{quote}")


def _meaning(endpoint: Endpoint, status: int) -> tuple[type[SourceError], str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized, (
            "The Fuse API refused the login (401): check the email and the developer key, "
            "and that the account is active"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled, f"The Fuse API asks for fewer requests (429 on /{endpoint})"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFailed, f"The Fuse API failed ({status} on /{endpoint})"
    hint = "; check the API URL, and any proxy in between"
    return Unexpected, f"The Fuse API answered {status} on /{endpoint}{hint}"


def _quote(body: bytes, secrets: Sequence[str]) -> str:
    """The API's own reason, unless it may contain private data. Never raises: a hint that cannot be
    made must not replace the error that it explains.
    """
    if not body or len(body) > LONGEST_REASON:
        return ""
    try:
        reason = " ".join(decode_error(body).split())
        private = any(secret and secret in reason for secret in secrets) or _is_personal(reason)
    except Exception:  # noqa: BLE001 - see above
        return ""
    if private or not reason or len(reason) > _LONGEST_QUOTE or not reason.isprintable():
        return ""
    return f' (it says: "{reason}")'


def _is_personal(reason: str) -> bool:
    return without_personal(reason, kept=lambda _number: False, tally=Tally()) != reason


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

    def read_logs(
        self,
        start: int,
        end: int,
        *,
        number: str,
        offset: int,
        limit: int,
        wanted: Container[str] | None = None,
    ) -> LogPage:
        """A page of ``/all_logs``."""
        with self._failures(Endpoint.ALL_LOGS):
            answer = self._ask(Endpoint.ALL_LOGS, f"all_logs/{start}/{end}", number, offset, limit)
            page = self._decoded(Endpoint.ALL_LOGS, answer, lambda body: decode_logs(body, wanted))
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
