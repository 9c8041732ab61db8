"""Ids that follow from a call's identity alone: the same call always has the same ids, and everyone
who knows its session id can compute them.
"""

from __future__ import annotations

import re
from hashlib import sha256

MAX_SESSION_ID = 256
"""Characters of a session id that is kept as it is. The API's own have about 22."""

_KEY = re.compile(r"sha256:[0-9a-f]{64}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\\ufffd\ud800-\udfff]")
_GOLDEN = 0x9E3779B97F4A7C15  # odd: multiples of it meet every 64-bit number before repeating
_MASK = (1 << 64) - 1


def digest(namespace: str, session_id: str) -> bytes:
    """32 bytes: SHA-256 over model, namespace and session id, a zero byte between them.

    A zero byte inside a part is escaped, so that two different pairs never join to the same text.
    """
    parts = ("fuse-otel/1", namespace, session_id)
    return sha256(b"\0".join(_bytes(part) for part in parts)).digest()


def trace_id(namespace: str, session_id: str) -> bytes:
    """16 bytes, never all zero."""
    return _trace(digest(namespace, session_id))


class SessionKey(str):
    """What ``session_key`` made: used again, it stays as it is."""

    __slots__ = ()


def session_key(session_id: str) -> SessionKey:
    """What the store keeps of a session id: the id, or ``sha256:`` and the hex SHA-256 of an id
    above ``MAX_SESSION_ID`` characters or of one that looks like such a key.

    A peer that lists ids of 50,000 characters would fill the store with them. Two calls never
    share a key, because the hash is that of the whole id.
    """
    if isinstance(session_id, SessionKey):
        return session_id
    if len(session_id) > MAX_SESSION_ID or is_like_key(session_id):
        return hashed_key(session_id)
    return SessionKey(session_id)


def is_like_key(session_id: str) -> bool:
    return session_id.startswith("sha256:") and _KEY.fullmatch(session_id) is not None


def hashed_key(session_id: str) -> SessionKey:
    return SessionKey(f"sha256:{sha256(session_id.encode('utf-8', 'surrogatepass')).hexdigest()}")


def is_nameable(session_id: str) -> bool:
    """Whether a request can name the call. The log of another call can only come with
    ``/all_logs``, and it is exported when it is listed and never waits: the key in the store is no
    substitute for the id, because the ids of its trace hash the id itself.

    Not nameable are: an id that is too long for a URL or stored by its hash; ``.`` and ``..``,
    which every client resolves, also percent-encoded; a slash, which proxies decode; a control
    character; and what is no text (the decoder writes U+FFFD).
    """
    return (
        len(session_id) <= MAX_SESSION_ID
        and session_id not in {".", ".."}
        and not _UNFIT.search(session_id)
        and not is_like_key(session_id)
    )


class CallIds:
    """The ids of one call."""

    __slots__ = ("_base", "_prefix", "trace_id")

    def __init__(self, namespace: str, session_id: str) -> None:
        whole = digest(namespace, session_id)
        self.trace_id = _trace(whole)
        self._base = int.from_bytes(whole[16:24], "big")
        self._prefix = self.trace_id.hex() + "-"

    def span_id(self, number: int) -> int:
        """0 is the root, 1, 2, … the executions in the API's order. Never 0."""
        return (self._base + number * _GOLDEN) & _MASK or 1

    def log_record_uid(self, index: int) -> str:
        return f"{self._prefix}{index}"


def _trace(whole: bytes) -> bytes:
    return whole[:16] if any(whole[:16]) else bytes(15) + b"\1"


def _bytes(part: str) -> bytes:
    return part.encode("utf-8", "surrogatepass").replace(b"\0", b"\xff\xff")
