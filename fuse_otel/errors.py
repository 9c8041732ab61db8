"""Every error of the product, flat, named by what its handler can do about it.

FuseOtelError
├── SeveralProblems        a person corrects what is named
│   ├── ConfigurationError settings
│   └── WrongQuery         filters of calls
├── CannotListen           the address of the pages is taken, or not ours
├── Stopping               the daemon ends: the client asks again after its next start
├── SourceError            the poller waits, halves the window or keeps a gap
│   ├── Unauthorized       401: wrong key or inactive account
│   ├── Throttled          429: wait as long as the API says
│   ├── ServerFailed       5xx
│   ├── Unreachable        no connection, or one that broke
│   ├── TimedOut           the overall deadline of the request passed
│   ├── Malformed          an answer that is no list and no log (HTML, cut, empty, no JSON)
│   ├── TooLarge           the answer passed the size bound and was cut off
│   ├── Unexpected         any other status: our request or a proxy
│   └── InternalError      an unexpected exception of a library or of our code
└── StoreError             the step is not done and may be repeated
    ├── Busy               another daemon holds the store
    ├── Full               the cap or the disk is reached
    ├── LeaseLost          another replica took the account over
    ├── Corrupt            the file is damaged or gone: the next start begins a new one
    └── Broken             the store cannot be used (read-only, foreign, newer schema)
        └── MissingStore   there is none yet, and a command does not create one
"""

from __future__ import annotations

import re
import traceback
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class FuseOtelError(Exception):
    """The sentence in ``str(error)`` may be shown to the operator as it is."""


def code_location(error: BaseException) -> str:
    """Where an error came from, as ``poller/ingest.py:41``: no value that the message may quote."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown"
    return f"{'/'.join(PurePath(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}"


class SeveralProblems(FuseOtelError):
    """All that is wrong, a sentence a problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ConfigurationError(SeveralProblems):
    pass


class WrongQuery(SeveralProblems):
    pass


class CannotListen(FuseOtelError):
    pass


class Stopping(FuseOtelError):
    def __init__(self) -> None:
        super().__init__("The daemon is stopping.")


class SourceError(FuseOtelError):
    """A request failed. ``retry_after``: the wait in seconds that the API named, if it did."""

    error_type: ClassVar[str] = "other"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unauthorized(SourceError):
    error_type = "unauthorized"


class Throttled(SourceError):
    error_type = "throttled"


class ServerFailed(SourceError):
    error_type = "server_error"


class Unreachable(SourceError):
    error_type = "unreachable"


class TimedOut(SourceError):
    error_type = "timeout"


class Malformed(SourceError):
    error_type = "malformed"


class TooLarge(SourceError):
    error_type = "too_large"


class Unexpected(SourceError):
    error_type = "unexpected_status"


class InternalError(SourceError):
    """An exception that no code expected. The message has its type and place and none of its words,
    because those may quote data.
    """

    error_type = "internal"

    @classmethod
    def of(cls, error: BaseException) -> InternalError:
        return cls(f"An unexpected {type(error).__name__} at {code_location(error)}")


class StoreError(FuseOtelError):
    """The transaction was rolled back whole. ``error_type``: the class's name in snake case."""

    error_type: ClassVar[str] = "other"

    def __init_subclass__(cls) -> None:
        cls.error_type = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Busy(StoreError):
    pass


class Full(StoreError):
    """``needed``: the bytes that found no room, if they were counted."""

    def __init__(self, message: str, *, needed: int = 0) -> None:
        super().__init__(message)
        self.needed = needed


class LeaseLost(StoreError):
    pass


class Corrupt(StoreError):
    pass


class Broken(StoreError):
    pass


class MissingStore(Broken):
    pass
