"""Every error of the product, named by what its handler can do about it."""

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
    """A person corrects the settings that are named."""


class WrongQuery(SeveralProblems):
    """A person corrects the filters of calls that are named."""


class CannotListen(FuseOtelError):
    """The address of the pages is taken, or not ours."""


class Stopping(FuseOtelError):
    """The daemon ends: the client asks again after its next start."""

    def __init__(self) -> None:
        super().__init__("The daemon is stopping.")


class SourceError(FuseOtelError):
    """A request failed: the poller waits, halves the window or keeps a gap. ``retry_after``: the
    wait in seconds that the API named, if it did.
    """

    error_type: ClassVar[str] = "other"

    def __init_subclass__(cls, *, error_type: str) -> None:
        cls.error_type = error_type

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unauthorized(SourceError, error_type="unauthorized"):
    """401: wrong key or inactive account."""


class Throttled(SourceError, error_type="throttled"):
    """429: wait as long as the API says."""


class ServerFailed(SourceError, error_type="server_error"):
    pass


class Unreachable(SourceError, error_type="unreachable"):
    """No connection, or one that broke."""


class TimedOut(SourceError, error_type="timeout"):
    """The overall deadline of the request passed."""


class Malformed(SourceError, error_type="malformed"):
    """An answer that is no list and no log (HTML, cut, empty, no JSON)."""


class TooLarge(SourceError, error_type="too_large"):
    """The answer passed the size bound and was cut off."""


class Unexpected(SourceError, error_type="unexpected_status"):
    """Any other status: our request or a proxy."""


class InternalError(SourceError, error_type="internal"):
    """An exception that no code expected. The message has its type and place and none of its words,
    because those may quote data.
    """

    @classmethod
    def of(cls, error: BaseException) -> InternalError:
        return cls(f"An unexpected {type(error).__name__} at {code_location(error)}")


class StoreError(FuseOtelError):
    """The transaction was rolled back whole, and may be repeated. ``error_type``: the class's name
    in snake case.
    """

    error_type: ClassVar[str] = "other"

    def __init_subclass__(cls) -> None:
        cls.error_type = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Busy(StoreError):
    """Another daemon holds the store."""


class Full(StoreError):
    """The cap or the disk is reached. ``needed``: the bytes that found no room, if they were
    counted.
    """

    def __init__(self, message: str, *, needed: int = 0) -> None:
        super().__init__(message)
        self.needed = needed


class LeaseLost(StoreError):
    """Another replica took the account over."""


class Overtaken(StoreError):
    """Another replica stored a call of the step meanwhile. Look the calls up again."""


class Corrupt(StoreError):
    """The file is damaged or gone: the next start begins a new one."""


class Broken(StoreError):
    """The store cannot be used (read-only, foreign, newer schema)."""


class MissingStore(Broken):
    """There is none yet, and a command does not create one."""
