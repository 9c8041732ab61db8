"""A back end whose behaviour a test changes. It keeps what it took, and compares repeated bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fuse_otel.core.batching.export_result import (
    Accepted,
    ExportResult,
    PartialSuccess,
    PermanentFailure,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.telemetry import Signal

Piece = tuple[str, str]
"""(trace id, span id or ``log.record.uid``): what a back end tells spans and records apart by."""

OK = Accepted("200")
BEHAVIOURS: dict[str, ExportResult] = {
    "accepts": OK,
    "rejects some": PartialSuccess("200", 1, "one is too old"),
    "is down": Retry("503", "starting"),
    "asks to wait": Retry("429", "slow down", 40.0),
    "refuses all": PermanentFailure("400", "bad"),
    "refuses each record": PermanentFailure("400", "entry too far behind", one_record=True),
    "takes small ones": RequestTooLarge("413", "more than three calls"),
    "is misconfigured": Suspended("401", "no"),
    "refuses the poisonous": PermanentFailure("400", "bad span"),
}
FEW = 3


class UnreliableDestination:
    """``poison``: session ids that the behaviour ``refuses the poisonous`` refuses. ``taken``: how
    often each piece was accepted; ``first_at``: when first (by ``clock``).
    """

    def __init__(self, name: str, clock: Callable[[], float], passed: Callable[[float], None]):
        self.name = name
        self.behaviour = "accepts"
        self.poison: set[str] = set()
        self.taken: dict[Piece, int] = {}
        self.first_at: dict[Piece, float] = {}
        self.unequal: list[Piece] = []
        self._sent: dict[Piece, bytes] = {}
        self._clock = clock
        self._passed = passed

    def send(self, signal: Signal, data: bytes, items: int) -> ExportResult:
        self._passed(0.02)
        pieces = dict(read_pieces(signal, inflate(data)))
        assert items == len(pieces), "the request holds a piece twice, or was miscounted"
        for piece, content in pieces.items():
            if self._sent.setdefault(piece, content) != content:
                self.unequal.append(piece)
        outcome = self._outcome({session_of(content) for content in pieces.values()})
        if isinstance(outcome, Accepted):
            for piece in pieces:
                self.taken[piece] = self.taken.get(piece, 0) + 1
                self.first_at.setdefault(piece, self._clock())
        return outcome

    def close(self) -> None:
        """There is no connection."""

    def _outcome(self, sessions: set[str]) -> ExportResult:
        if self.behaviour == "takes small ones" and len(sessions) <= FEW:
            return OK
        if self.behaviour == "refuses the poisonous" and not sessions & self.poison:
            return OK
        return BEHAVIOURS[self.behaviour]


def read_pieces(signal: Signal, inflated: bytes) -> Iterator[tuple[Piece, bytes]]:
    """Every span or record with all that is said of it, its resource and scope included."""
    if signal is Signal.TRACES:
        for whole in ExportTraceServiceRequest.FromString(inflated).resource_spans:
            around = whole.resource.SerializeToString(deterministic=True)
            for scope in whole.scope_spans:
                for span in scope.spans:
                    content = span.SerializeToString(deterministic=True)
                    yield (span.trace_id.hex(), span.span_id.hex()), content + around
        return
    for each in ExportLogsServiceRequest.FromString(inflated).resource_logs:
        around = each.resource.SerializeToString(deterministic=True)
        for scope in each.scope_logs:
            for record in scope.log_records:
                content = record.SerializeToString(deterministic=True)
                yield (record.trace_id.hex(), _uid(record)), content + around


def _uid(record: object) -> str:
    found = (a.value.string_value for a in record.attributes if a.key == "log.record.uid")  # type: ignore[attr-defined]
    return next(found)


def session_of(content: bytes) -> str:
    """The session id that stands in a piece: those of the made calls are easily told."""
    at = content.index(b"made;")
    return content[at : content.index(b".", at) + 1].decode()
