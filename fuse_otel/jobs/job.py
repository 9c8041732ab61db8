"""What a job asks for, and how the store keeps it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fuse_otel.ports import Job, ParkedQuery


@dataclass(frozen=True, slots=True)
class Backfill:
    """Read the calls from ``start`` to ``end`` (UNIX seconds) of these accounts, of all accounts if
    none is named. ``again``: send known calls once more.
    """

    start: int
    end: int
    accounts: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """Send parked calls again. ``which.last`` is set, so that a call which is parked again
    meanwhile is not sent again.
    """

    which: ParkedQuery


@dataclass(frozen=True, slots=True)
class Drop:
    """Delete parked calls."""

    which: ParkedQuery


@dataclass(frozen=True, slots=True)
class Erase:
    """Remove all that the store holds of a call."""

    session_id: str


JobRequest = Backfill | Replay | Drop | Erase
_TYPES: dict[str, type[JobRequest]] = {
    "backfill": Backfill, "replay": Replay, "drop": Drop, "erase": Erase,
}  # fmt: skip
_KINDS = {type_: kind for kind, type_ in _TYPES.items()}


def encode_request(request: JobRequest) -> Job:
    return Job(_KINDS[type(request)], msgspec.json.encode(request).decode())


def decode_request(job: Job) -> JobRequest:
    """Raises ``ValueError`` for a job of a version that knows more kinds or arguments."""
    try:
        return msgspec.json.decode(job.arguments, type=_TYPES[job.kind])
    except (KeyError, msgspec.MsgspecError) as error:
        raise ValueError(f"This version cannot read the job ({job.kind}).") from error
