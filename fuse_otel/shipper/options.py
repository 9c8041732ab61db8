"""How patient a lane is. The defaults are the product's; tests are less patient."""

from __future__ import annotations

from msgspec import Struct

from fuse_otel.core.batching.batch import MAX_INFLATED
from fuse_otel.core.model.lane import LIVE


class ShipperOptions(Struct, frozen=True):
    """Waits in seconds, sizes in inflated bytes."""

    first_wait: float = 1.0
    longest_wait: float = 300.0
    # Between two tries while the configuration or a proxy prevents the delivery.
    suspend: float = 60.0
    # Until the outbox is read again if no commit is announced.
    idle: float = 1.0
    # A lane counts as down after so many failures in a row: a single 503 or 429 is normal.
    down_after: int = 3
    # After so many failures of one request another is tried: it shows whether it is the data.
    patience: int = 10
    # So many single calls refused in a row, none accepted between: the cause is not the data.
    refusals: int = 10
    # Whether records that the back end calls too old are parked however many they are. Loki calls
    # them so where its profile is not set; with the profile it is about the record.
    parks_old_records: bool = False
    # The lane was suspended when its daemon ended: unless a call is accepted first, one refusal is
    # enough to suspend it again.
    doubted: bool = False
    # Calls that ended within these seconds go first. It is as long as reading a call may take: else
    # calls that waited because their log could grow would come behind the whole backlog.
    live: float = LIVE
    # What may be in flight at once before no other request is begun.
    most_bytes: int = 3 * MAX_INFLATED
    most_requests: int = 32
