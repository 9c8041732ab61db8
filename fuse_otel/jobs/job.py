"""What an order asks for, and how it is written in the store."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fuse_otel.ports import Job, ParkedQuery


@dataclass(frozen=True, slots=True)
class Backfill:
    """Read the calls from ``start`` to ``end`` (UNIX seconds) of these accounts, of all if none is
    named; ``again``: send those that are known once more.
    """

    start: int
    end: int
    accounts: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """Send parked calls again. ``which.last`` is set: what is parked anew meanwhile stays."""

    which: ParkedQuery


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget parked calls."""

    which: ParkedQuery


Asked = Backfill | Replay | Drop
_KINDS: dict[str, type[Asked]] = {"backfill": Backfill, "replay": Replay, "drop": Drop}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def order_of(asked: Asked) -> Job:
    return Job(_NAMES[type(asked)], msgspec.json.encode(asked).decode())


def asked_of(order: Job) -> Asked:
    """Raises ``ValueError`` for an order of a version that knows more."""
    try:
        return msgspec.json.decode(order.arguments, type=_KINDS[order.kind])
    except (KeyError, msgspec.MsgspecError) as error:
        raise ValueError(f"This version cannot read the order ({order.kind}).") from error
