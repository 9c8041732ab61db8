"""A request in flight, and the answer or the error that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from fuse_otel.core.model.call import TOO_LARGE_LOG
from fuse_otel.errors import SourceError, TooLarge
from fuse_otel.poller.requests import Outcome, ReadCalls, Request
from fuse_otel.poller.scheduler import Slot, Task


@dataclass(slots=True, eq=False)
class Flight:
    """A request on its way, and the task that waits for it. ``probe``: in the task's stead."""

    task: Task
    request: Request
    slot: Slot
    futures: Sequence[Future[Outcome]]
    probe: bool

    @property
    def done(self) -> bool:
        return all(future.done() for future in self.futures)

    def outcomes(self) -> Sequence[Outcome]:
        return [future.result() for future in self.futures]


def result_of(request: Request, outcomes: Sequence[Outcome]) -> tuple[object, SourceError | None]:
    """The answer, and the error if there is no other answer. A request for several calls fails only
    if all of them fail. A log that is too large counts as an answer: a later try changes nothing.
    """
    if not isinstance(request, ReadCalls):
        answer = outcomes[0].answer
        return answer, answer if isinstance(answer, SourceError) else None
    found = [TOO_LARGE_LOG if isinstance(o.answer, TooLarge) else o.answer for o in outcomes]
    errors = [answer for answer in found if isinstance(answer, SourceError)]
    answers = dict(zip(request.session_ids, found, strict=True))
    return answers, errors[0] if errors and len(errors) == len(found) else None
