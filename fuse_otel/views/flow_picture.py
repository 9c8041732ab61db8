"""What of a call flow is drawn: the modules and steps that are worth it, and their places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from fuse_otel import humanize
from fuse_otel.views.flow import FlowModule, FlowReport, FlowStep
from fuse_otel.views.flow_layers import Edge
from fuse_otel.views.flow_layout import Layout, Sizes, lay_out

RARE = 0.01  # of the calls: what is rarer is folded
MOST_MODULES, MOST_STEPS = 300, 900  # of a drawing
SIZES = Sizes()
_HEIGHT, _LINE = 66, 16  # of a module with type, name and numbers; each further line
Key = TypeVar("Key")
Drawn = TypeVar("Drawn", FlowModule, FlowStep)


class Pair(Struct, Generic[Drawn], frozen=True):
    """A module or a step of both sides, or of one. ``shares``: of this side and of the other."""

    this: Drawn | None
    other: Drawn | None

    @property
    def shares(self) -> tuple[float, float]:
        return self.this.share if self.this else 0.0, self.other.share if self.other else 0.0

    @property
    def known(self) -> Drawn:
        """Of this side if it has it."""
        known = self.this or self.other
        if known is None:
            raise ValueError("A pair has at least one of both.")
        return known


class Picture(Struct, frozen=True):
    """``modules`` and ``steps`` are those that are drawn. ``folded_modules`` and ``folded_steps``
    count the others. ``bounded``: one of those is not rare, and had no room.
    """

    layout: Layout
    modules: Mapping[str, Pair[FlowModule]]
    steps: Mapping[Edge, Pair[FlowStep]]
    folded_modules: int
    folded_steps: int
    bounded: bool


def picture_of(report: FlowReport) -> Picture:
    other = report.compared
    every_module = pairs(report.side.modules, other.modules if other else {})
    every_step = pairs(report.side.steps, other.steps if other else {})
    modules = _largest(every_module, MOST_MODULES)
    between = {edge: pair for edge, pair in every_step.items() if {*edge} <= modules.keys()}
    steps = _largest(between, MOST_STEPS)
    weights = {edge: round(1_000 * max(pair.shares)) for edge, pair in steps.items()}
    heights = {name: _height(pair) for name, pair in modules.items()}
    return Picture(
        layout=lay_out(heights, weights, SIZES),
        modules=modules,
        steps=steps,
        folded_modules=len(every_module) - len(modules),
        folded_steps=len(every_step) - len(steps),
        bounded=_cuts(every_module, modules) or _cuts(every_step, steps),
    )


def not_drawn(picture: Picture) -> str:
    """How much that is, as a sentence. Empty if all is drawn."""
    if not (picture.folded_modules or picture.folded_steps):
        return ""
    modules = humanize.plural(picture.folded_modules, "module")
    steps = humanize.plural(picture.folded_steps, "step")
    if picture.bounded:
        most = f"{MOST_MODULES} modules and {MOST_STEPS} steps"
        return f"A picture has at most {most}. Not drawn: the rarest {modules} and {steps}."
    return f"Not drawn, as below 1 % of the calls: {modules} and {steps}."


def _height(pair: Pair[FlowModule]) -> float:
    module = pair.this
    if module is None:
        return _HEIGHT
    return _HEIGHT + _LINE * (bool(module.lost) + bool(module.errors or module.no_match))


def pairs(this: Mapping[Key, Drawn], other: Mapping[Key, Drawn]) -> dict[Key, Pair[Drawn]]:
    """What both sides have together, that of this side first."""
    return {key: Pair(this.get(key), other.get(key)) for key in dict.fromkeys((*this, *other))}


def _largest(every: Mapping[Key, Pair[Drawn]], most: int) -> dict[Key, Pair[Drawn]]:
    """Those that are not rare, in their order."""
    usual: list[Key] = [key for key, pair in every.items() if max(pair.shares) >= RARE]
    kept = {*sorted(usual, key=lambda key: max(every[key].shares), reverse=True)[:most]}
    return {key: every[key] for key in usual if key in kept}


def _cuts(every: Mapping[Key, Pair[Drawn]], kept: Mapping[Key, Pair[Drawn]]) -> bool:
    return any(max(pair.shares) >= RARE for key, pair in every.items() if key not in kept)
