"""How patient a lane is. The defaults are the product's; tests are less patient."""

from __future__ import annotations

from dataclasses import dataclass

from fuse_otel.core.batching.batch import MAX_INFLATED
from fuse_otel.core.model.lane import LIVE


@dataclass(frozen=True, slots=True)
class ShipperOptions:
    """Waits in seconds, sizes in inflated bytes."""

    first_wait: float = 1.0
    longest_wait: float = 300.0
    # Between two tries while our configuration (or a proxy) stands in the way.
    hold: float = 60.0
    # Until the outbox is asked again when nobody announces a commit.
    idle: float = 1.0
    # A lane counts as down after so many failures in a row: a single 503 or 429 is everyday life.
    down_after: int = 3
    # So many failures of one shipment make it doubtful: another one tells whether it is the data.
    patience: int = 10
    # So many single calls refused in a row, none accepted between: it is not the data but us.
    refusals: int = 10
    # The lane was held when its daemon ended: unless a call is accepted first, one refusal is
    # enough to hold it again.
    doubted: bool = False
    # Calls that ended within these seconds go first: as long as reading a call may take, or those
    # that were held because their log could still grow come in behind the whole backlog.
    live: float = LIVE
    # What may be in hand at once before no other body is begun.
    most_bytes: int = 3 * MAX_INFLATED
    most_shipments: int = 32
