"""What the entries of an execution tell of asking: how often, and how long the answer took."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fuse_otel.core import semconv
from fuse_otel.core.call import Entry
from fuse_otel.core.reading import Reading
from fuse_otel.core.telemetry import Value
from fuse_otel.core.times import Moment

Step = tuple[Entry, Moment, Reading]


class Asking(NamedTuple):
    """``attempts``: how often the caller was asked. ``wait``: whole seconds from the last prompt
    to the last answer, ``None`` where there was no answer or no time is known.
    """

    attempts: int
    wait: int | None
    answered: bool


def asking(steps: Iterable[Step]) -> Asking:
    """A question may be several prompts. It is asked again when a prompt follows an answer, or is
    heard a second time: a private module logs no answers.
    """
    attempts, wait, answered, asked_at = 0, None, False, None
    heard: set[Value | None] = set()
    for entry, moment, reading in steps:
        second = None if moment.inferred else entry.timestamp
        if reading.log_class == "prompt":
            prompt = reading.attributes.get(semconv.PROMPT_ID)
            if not heard or (prompt is not None and prompt in heard):
                attempts += 1
                heard.clear()
            heard.add(prompt)
            asked_at = second
        elif semconv.INPUT_RESULT in reading.attributes:
            attempts += not heard  # the answer to a prompt that was not logged
            answered = True
            wait = _wait(reading, asked_at, second)
            heard.clear()
            asked_at = None
    return Asking(attempts, wait, answered)


def _wait(reading: Reading, asked_at: int | None, second: int | None) -> int | None:
    if asked_at is None or second is None:
        return None
    silent = reading.attributes[semconv.INPUT_RESULT] == "no_input"
    return None if silent else second - asked_at
