"""The contracts between the loops and the outside: one source, one store with five interfaces,
and destinations. Every adapter passes the conformance suite of its port (``tests``).

All times are UNIX seconds. ``account`` is an account's configured name; ``number`` is the phone
number a scan is limited to, ``""`` for all numbers of the account.
"""

from fuse_otel.ports.calls import (
    EVERY_CALL,
    SLOT,
    SLOTS,
    CallCount,
    CallIndex,
    CallQuery,
    IndexedCall,
    Neighbours,
    Sample,
    slot_of,
)
from fuse_otel.ports.control import (
    AccountStatus,
    Control,
    Erased,
    Job,
    JobStatus,
    JobStep,
    LaneStatus,
    ParkedCall,
    ParkedQuery,
    ReplicaStatus,
    ReportedState,
    Status,
    Unreadable,
)
from fuse_otel.ports.destination import Destination
from fuse_otel.ports.flows import FlowPart, FlowQuery, Flows
from fuse_otel.ports.ledger import (
    RECENT_CALLS,
    CallerRow,
    Gap,
    GapReason,
    Lease,
    Ledger,
    NumberPosition,
    Pending,
    PendingReason,
    Position,
    RecentCall,
    SeenRow,
    Step,
)
from fuse_otel.ports.outbox import Acknowledgement, Outbox, ParkedCopy, Reread
from fuse_otel.ports.source import Endpoint, Source
from fuse_otel.ports.store import Store

__all__ = [
    "EVERY_CALL",
    "RECENT_CALLS",
    "SLOT",
    "SLOTS",
    "AccountStatus",
    "Acknowledgement",
    "CallCount",
    "CallIndex",
    "CallQuery",
    "CallerRow",
    "Control",
    "Destination",
    "Endpoint",
    "Erased",
    "FlowPart",
    "FlowQuery",
    "Flows",
    "Gap",
    "GapReason",
    "IndexedCall",
    "Job",
    "JobStatus",
    "JobStep",
    "LaneStatus",
    "Lease",
    "Ledger",
    "Neighbours",
    "NumberPosition",
    "Outbox",
    "ParkedCall",
    "ParkedCopy",
    "ParkedQuery",
    "Pending",
    "PendingReason",
    "Position",
    "RecentCall",
    "ReplicaStatus",
    "ReportedState",
    "Reread",
    "Sample",
    "SeenRow",
    "Source",
    "Status",
    "Step",
    "Store",
    "Unreadable",
    "slot_of",
]
