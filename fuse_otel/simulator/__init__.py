"""A simulated Fuse API: realistic calls by seed, every open question of the API a switch.

It shares no code with the product, so that it can judge it.
"""

from fuse_otel.simulator.fault import Fault, FaultKind
from fuse_otel.simulator.faults import Faults
from fuse_otel.simulator.quirks import (
    Bounds,
    HookEncoding,
    ListOrder,
    MissingDetail,
    MissingLog,
    Moment,
    Quirks,
)
from fuse_otel.simulator.samples_world import SamplesWorld
from fuse_otel.simulator.simulated_api import DEVELOPER_KEY, EMAIL, SimulatedApi
from fuse_otel.simulator.simulated_call import Entry, SimulatedCall
from fuse_otel.simulator.world import World

__all__ = [
    "DEVELOPER_KEY",
    "EMAIL",
    "Bounds",
    "Entry",
    "Fault",
    "FaultKind",
    "Faults",
    "HookEncoding",
    "ListOrder",
    "MissingDetail",
    "MissingLog",
    "Moment",
    "Quirks",
    "SamplesWorld",
    "SimulatedApi",
    "SimulatedCall",
    "World",
]
