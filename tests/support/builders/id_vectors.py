"""Test vectors of the id formula: what goes into SHA-256, and what follows from its digest."""

from hashlib import sha256
from typing import NamedTuple

from fuse_otel.core.model.ids import CallIds
from support.builders.call_values import SESSION
from support.pages.repository import ROOT

SNIPPETS = ROOT / "tests" / "data" / "ids"
CASES = (("", SESSION), ("eu", SESSION), ("", "ünïcode/✓ 7"))


class Vector(NamedTuple):
    """All but the two texts in hex."""

    namespace: str
    session_id: str
    hashed: str
    digest: str
    trace_id: str
    span_ids: tuple[str, ...]
    record_uid: str


def vectors() -> list[Vector]:
    return [_vector(*case) for case in CASES]


def _vector(namespace: str, session_id: str) -> Vector:
    ids = CallIds(namespace, session_id)
    hashed = b"\0".join((b"fuse-otel/1", namespace.encode(), session_id.encode()))
    return Vector(
        namespace=namespace,
        session_id=session_id,
        hashed=hashed.hex(),
        digest=sha256(hashed).hexdigest(),
        trace_id=ids.trace_id.hex(),
        span_ids=tuple(f"{ids.span_id(n):016x}" for n in range(3)),
        record_uid=ids.log_record_uid(0),
    )
