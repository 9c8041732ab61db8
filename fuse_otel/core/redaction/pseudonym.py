"""The two numbers of a call: our own may leave, the caller's or called person's becomes a hash."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

from fuse_otel.core.model.call import CallRecord, Direction, ListedCall

_OUTBOUND = "Outbound"  # the `src` of every outbound call
_NATIONAL_DIGITS = 10
_WORD = re.compile(r"[a-z][a-z_ -]{0,31}\Z")


def pseudonymise(record: CallRecord, key: bytes | None) -> ListedCall:
    """The record without the number of the caller or called person. Without a ``key`` there is no
    pseudonym either.
    """
    direction = _direction(record)
    ours, other = record.dest, record.src
    if direction is Direction.OUTBOUND:
        # `dest` is the called customer here; no field holds our own number.
        ours, other = "", record.dest
    elif direction is Direction.UNKNOWN:
        ours = ""
    start = record.end if record.start is None else record.start
    end = record.start if record.end is None else record.end
    if start is not None and end is not None:
        end = max(start, end)
    return ListedCall(
        session_id=record.session_id,
        start=start,
        end=end,
        direction=direction,
        type=_word(record.type),
        logged=record.logged,
        user_hash=_hash(other, key),
        destination=_digits(ours) or None,
    )


def developer_key_pseudonym(developer_key: str) -> bytes:
    """The HMAC key for an account without one: HKDF-SHA256 (RFC 5869), no salt, 32 bytes."""
    extracted = hmac.digest(bytes(32), developer_key.encode(), sha256)
    return hmac.digest(extracted, b"fuse-otel/pseudonym/1" + b"\1", sha256)


def _direction(record: CallRecord) -> Direction:
    if record.src == _OUTBOUND:
        return Direction.OUTBOUND
    match record.type.strip().lower():
        case "outbound":
            return Direction.OUTBOUND
        case "inbound":
            return Direction.INBOUND
        case _:
            return Direction.UNKNOWN


def _word(written: str) -> str:
    """A short word, or nothing: any other text could be personal."""
    word = written.strip().lower()
    return word if _WORD.match(word) else ""


def _hash(number: str, key: bytes | None) -> str | None:
    # Of sip:+12125551234@host and tel:… only the part that names a person.
    digits = _digits(number.partition("@")[0])
    if key is None or not digits:
        return None
    if len(digits) == _NATIONAL_DIGITS:
        digits = "1" + digits
    return hmac.digest(key, digits.encode(), sha256)[:16].hex()


def _digits(number: str) -> str:
    return "".join(char for char in number if "0" <= char <= "9")
