"""What a back end of the tests is asked to answer, and what has come to it."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from typing import Generic, Protocol, Self, TypeVar

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from support.fakes.otlp_request import Request
from support.patience import PATIENCE


class _Answer(Protocol):
    @property
    def keeps(self) -> bool: ...


A = TypeVar("A", bound=_Answer)


class Receiver(Generic[A]):
    """``answers`` are given one a request; when they are used up ``decide`` is asked, and what it
    leaves as ``None`` is ``accepted``.
    """

    def __init__(
        self, answers: tuple[A, ...], decide: Callable[[Request], A | None], accepted: A
    ) -> None:
        self._answers = deque(answers)
        self.decide = decide
        self._accepted = accepted
        self._requests: list[Request] = []
        self._changed = threading.Condition()

    @property
    def requests(self) -> list[Request]:
        """All that could be decoded, taken or not, in the order of their arrival."""
        with self._changed:
            return list(self._requests)

    def spans(self) -> list[Span]:
        """Of the requests that were kept."""
        return [span for request in self.requests if request.kept for span in request.spans]

    def records(self) -> list[LogRecord]:
        return [record for request in self.requests if request.kept for record in request.records]

    def sessions(self) -> set[str]:
        """The session ids of all that was kept."""
        return {
            session for request in self.requests if request.kept for session in request.sessions
        }

    def duplicates(self) -> dict[tuple[str, str], int]:
        """(trace id, span id or ``log.record.uid``) → how often it was kept, if more than once."""
        counted = Counter(key for request in self.requests if request.kept for key in request.keys)
        return {key: count for key, count in counted.items() if count > 1}

    def then(self, *answers: A) -> None:
        """Give these to the next requests."""
        with self._changed:
            self._answers.extend(answers)

    def wait_for(self, condition: Callable[[Self], object]) -> None:
        """Until the condition holds; asked anew at every request. Fails after ``PATIENCE``."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while not condition(self):
                if not self._changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"not within {PATIENCE:g} s")

    # --- running ---

    def start(self) -> Self:
        raise NotImplementedError

    def stop(self) -> None:
        """Ends all connections. Raises what went wrong inside, so that no test passes over it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take(self, request: Request) -> A:
        """Keep it; the answer to it."""
        with self._changed:
            answer = self._answers.popleft() if self._answers else self.decide(request)
            answer = answer or self._accepted
            self._requests.append(replace(request, kept=answer.keeps))
            self._changed.notify_all()
        return answer
