"""The call flow of an application: the modules that its calls ran, one after the other, as sums.

``CallPath`` is what one call adds. Sums are linear: what a call added is taken away again with
``times=-1``, so that a call that grew counts once, with all that is known of it now.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from fuse_otel.core.model.telemetry import ModuleRun

Module = tuple[str, str]
"""Module type and module."""
OTHER: Module = ("#other#", "#other#")
MOST_MODULES = 1_000  # of a flow; all further ones are OTHER
MOST_STEPS = 2_000  # of a call; a call in a loop may run modules for hours
_LONGEST = 128  # characters of a type or a name
# A step as one number: its module, its duration, whether it failed, whether an answer did not match
_MODULE, _SECONDS = 512, 4
_ERROR, _NO_MATCH = 2, 1
# The API has whole seconds: up to a minute a duration is kept as it is, above in steps of 10 %.
_EXACT, _GROWTH, _LAST = 60, 1.1, 127


class CallPath(NamedTuple):
    """``modules`` are those that ran, each once; ``steps`` name them by their places, in order.

    ``lost``: the call ended at the last step without an exit or a transfer.
    """

    modules: tuple[Module, ...]
    steps: tuple[int, ...]
    lost: bool


class FlowNode(msgspec.Struct, array_like=True):
    """Sums of one module. ``seconds``: how many executions had a duration, by ``duration_key``.

    ``following``: how many steps led to which module, by its place in the flow.
    """

    executions: int = 0
    lost: int = 0
    errors: int = 0
    no_match: int = 0
    seconds: dict[int, int] = {}
    following: dict[int, int] = {}


class _Packed(msgspec.Struct, array_like=True):
    calls: int
    modules: list[Module]
    nodes: list[FlowNode]


_DECODER = msgspec.json.Decoder(_Packed)


class CallFlow:
    """``places``: the place of each module in ``nodes``. Calls without a step are left out."""

    __slots__ = ("calls", "nodes", "places")

    def __init__(self) -> None:
        self.calls = 0
        self.places: dict[Module, int] = {}
        self.nodes: list[FlowNode] = []

    def add(self, path: CallPath, times: int = 1) -> None:
        if not path.steps:
            return
        self.calls += times
        places = [self._place(module) for module in path.modules]
        last = None
        for step in path.steps:
            number, rest = divmod(step, _MODULE)
            place = places[number] if 0 <= number < len(places) else self._place(OTHER)
            node = self.nodes[place]
            node.executions += times
            if rest & _ERROR:
                node.errors += times
            if rest & _NO_MATCH:
                node.no_match += times
            _count(node.seconds, rest // _SECONDS, times)
            if last is not None:
                _count(last.following, place, times)
            last = node
        if path.lost and last is not None:
            last.lost += times

    def merge(self, other: CallFlow) -> None:
        self._merge(other, other.places)

    def by_name(self) -> CallFlow:
        """The same sums, where modules are one if their ``module_type module`` is the same text:
        type and name may both hold spaces.
        """
        first: dict[str, Module] = {}
        for module in self.places:
            first.setdefault(" ".join(module), module)
        flow = CallFlow()
        flow._merge(self, [first[" ".join(module)] for module in self.places])
        return flow

    def _merge(self, other: CallFlow, modules: Iterable[Module]) -> None:
        """``modules``: what each of the other's modules counts as here."""
        self.calls += other.calls
        places = [self._place(module) for module in modules]
        for place, node in zip(places, other.nodes, strict=True):
            mine = self.nodes[place]
            mine.executions += node.executions
            mine.lost += node.lost
            mine.errors += node.errors
            mine.no_match += node.no_match
            for key, count in node.seconds.items():
                _count(mine.seconds, key, count)
            for following, count in node.following.items():
                _count(mine.following, places[following], count)

    def is_empty(self) -> bool:
        return not self.calls and not any(node.executions for node in self.nodes)

    def pack(self) -> str:
        packed = _Packed(self.calls, list(self.places), self.nodes)
        return msgspec.json.encode(packed).decode()

    @classmethod
    def unpack(cls, text: str) -> CallFlow:
        """Raises ``ValueError`` for a text that ``pack`` did not write."""
        packed = _DECODER.decode(text)
        flow = cls()
        flow.calls, flow.nodes = packed.calls, packed.nodes
        flow.places = {module: place for place, module in enumerate(packed.modules)}
        if not len(flow.places) == len(packed.modules) == len(flow.nodes):
            raise ValueError("The modules of a call flow do not belong to its sums.")
        if any(key not in range(len(flow.nodes)) for node in flow.nodes for key in node.following):
            raise ValueError("A call flow leads to a module that it does not have.")
        return flow

    def _place(self, module: Module) -> int:
        place = self.places.get(module)
        if place is not None:
            return place
        if len(self.nodes) >= MOST_MODULES and module != OTHER:
            return self._place(OTHER)
        self.nodes.append(FlowNode(seconds={}, following={}))
        return self.places.setdefault(module, len(self.nodes) - 1)


def _count(counts: dict[int, int], key: int, times: int) -> None:
    count = counts.get(key, 0) + times
    if count:
        counts[key] = count
    else:
        counts.pop(key, None)


def path_text(runs: Sequence[ModuleRun]) -> str:
    """The steps of a call, for ``read_path``: the lengths of its modules' types, and a number for
    each execution. The names themselves stand beside it, each once, in the order of their first
    execution.
    """
    places: dict[str, int] = {}
    types: list[str] = []
    steps: list[str] = []
    for run in runs[:MOST_STEPS]:
        place = places.setdefault(run.module, len(places))
        if place == len(types):
            types.append(str(len(run.module_type)))
        rest = _SECONDS * duration_key(run.seconds)
        rest += _ERROR * run.error + _NO_MATCH * ("no_match" in run.inputs)
        steps.append(str(_MODULE * place + rest))
    return f"{' '.join(types)}|{' '.join(steps)}" if steps else ""


def read_path(names: Sequence[str], text: str, *, lost: bool) -> CallPath:
    """``names``: the call's modules as ``module_type module``; those that are missing at the end
    are ``OTHER``. Raises ``ValueError`` for a text that ``path_text`` did not write.
    """
    if not text:
        return CallPath((), (), lost)
    types, _, steps = text.partition("|")
    lengths = map(int, types.split())
    modules = tuple(map(_module, names, lengths))
    return CallPath(modules, tuple(map(int, steps.split())), lost)


# The calls of an application run the same modules again and again.
@lru_cache(maxsize=1024)
def _module(name: str, length: int) -> Module:
    return name[:length][:_LONGEST], name[length + 1 :][:_LONGEST]


def duration_key(seconds: float) -> int:
    if seconds <= _EXACT:
        return max(round(seconds), 0)
    return min(_EXACT + math.ceil(math.log(seconds / _EXACT, _GROWTH)), _LAST)


def duration_of(key: int) -> float:
    """The seconds that a key stands for: the middle of its range."""
    return float(key) if key <= _EXACT else round(_EXACT * _GROWTH ** (key - _EXACT - 0.5), 1)


def median_seconds(seconds: Iterable[tuple[int, int]]) -> float | None:
    """Of durations by their keys, with how often each occurred. ``None`` if there is none."""
    known = sorted((key, count) for key, count in seconds if count > 0)
    total = sum(count for _, count in known)
    if not total:
        return None
    middle = [_at(known, (total - 1) // 2), _at(known, total // 2)]
    return sum(middle) / 2


def _at(known: Sequence[tuple[int, int]], rank: int) -> float:
    passed = 0
    for key, count in known:
        passed += count
        if rank < passed:
            return duration_of(key)
    raise AssertionError(rank)
