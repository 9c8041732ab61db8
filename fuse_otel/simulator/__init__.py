"""A simulated Fuse API: a seed gives realistic calls, switches decide what is undocumented.

It shares no code with the product, so that tests can compare the product with it.
"""

from fuse_otel.simulator.call import RawEntry, SimulatedCall
from fuse_otel.simulator.faults import Fault, FaultKind, Faults
from fuse_otel.simulator.quirks import (
    Bounds,
    DateHeader,
    HookEncoding,
    ListOrder,
    MissingDetail,
    MissingLog,
    Quirks,
    TimeField,
)
from fuse_otel.simulator.samples import SamplesWorld
from fuse_otel.simulator.simulated_api import DEVELOPER_KEY, EMAIL, SimulatedApi
from fuse_otel.simulator.world import World

__all__ = [
    "DEVELOPER_KEY",
    "EMAIL",
    "Bounds",
    "DateHeader",
    "Fault",
    "FaultKind",
    "Faults",
    "HookEncoding",
    "ListOrder",
    "MissingDetail",
    "MissingLog",
    "Quirks",
    "RawEntry",
    "SamplesWorld",
    "SimulatedApi",
    "SimulatedCall",
    "TimeField",
    "World",
]
