"""The call flow of an application as values: which calls are asked for, its modules and steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from fuse_otel.core.model.call_flow import CallFlow, median_seconds
from fuse_otel.errors import WrongQuery
from fuse_otel.ports import FlowQuery, Flows
from fuse_otel.views.calls import OUTCOMES, check_word, read_range

FLOW_FILTERS = (
    "from", "to", "version", "account", "outcome", "compare_version", "compare_from", "compare_to",
)  # fmt: skip


class FlowRequest(Struct, frozen=True):
    """``compared``: the calls to compare with, if it is asked for."""

    query: FlowQuery
    compared: FlowQuery | None = None


class FlowModule(Struct, frozen=True):
    """``share`` is the executions for each call: above 1 for a module that runs more than once."""

    module_type: str
    module: str
    executions: int
    lost: int
    errors: int
    no_match: int
    median: float | None
    share: float

    @property
    def name(self) -> str:
        return f"{self.module_type} {self.module}"

    @property
    def error_rate(self) -> float:
        return self.errors / self.executions

    @property
    def no_match_rate(self) -> float:
        return self.no_match / self.executions


class FlowStep(Struct, frozen=True):
    """From one module to the next. ``share``: steps for each call."""

    source: str
    target: str
    count: int
    share: float


class FlowSide(Struct, frozen=True):
    """The sums of the calls of one query, by ``module_type module``; steps by both modules."""

    calls: int
    modules: Mapping[str, FlowModule]
    steps: Mapping[tuple[str, str], FlowStep]


class FlowReport(Struct, frozen=True):
    """``compared``: the other calls, if two are compared."""

    application: str
    side: FlowSide
    compared: FlowSide | None = None


def read_flow_request(
    application: str, texts: Mapping[str, str], now: float, label: Callable[[str], str] = str
) -> FlowRequest:
    """``texts``: values of ``FLOW_FILTERS`` by their names; an empty one counts as absent.
    ``label`` makes of a filter's name what the person wrote. Raises ``WrongQuery``.
    """
    given = {name: text.strip() for name, text in texts.items() if text.strip()}
    problems: list[str] = []
    check_word(given, "outcome", OUTCOMES, label, problems)
    start, end = read_range(given, ("from", "to"), now, label, problems)
    other = read_range(given, ("compare_from", "compare_to"), now, label, problems)
    if problems:
        raise WrongQuery(problems)
    version, account, outcome = (given.get(n, "") for n in ("version", "account", "outcome"))
    query = FlowQuery(application, start, end, account, version, outcome)
    compared = None
    if any(name in given for name in ("compare_version", "compare_from", "compare_to")):
        compared = replace(query, version=given.get("compare_version", version))
        if other != (None, None):
            compared = replace(compared, start=other[0], end=other[1])
    return FlowRequest(query, compared)


def flow_report(flows: Flows, request: FlowRequest) -> FlowReport:
    compared = None if request.compared is None else flow_side(flows.flow(request.compared))
    return FlowReport(request.query.application, flow_side(flows.flow(request.query)), compared)


def flow_side(flow: CallFlow) -> FlowSide:
    """Without modules and steps that no call has any more."""
    flow = flow.by_name()
    calls = max(flow.calls, 0)
    per_call = 1 / max(calls, 1)
    names = [" ".join(module) for module in flow.places]
    modules: dict[str, FlowModule] = {}
    steps: dict[tuple[str, str], FlowStep] = {}
    for (module_type, module), node in zip(flow.places, flow.nodes, strict=True):
        if node.executions <= 0:
            continue
        made = FlowModule(
            module_type, module, node.executions, max(node.lost, 0), max(node.errors, 0),
            max(node.no_match, 0), median_seconds(node.seconds.items()),
            node.executions * per_call,
        )  # fmt: skip
        modules[made.name] = made
        for place, count in node.following.items():
            if count > 0:
                key = (made.name, names[place])
                steps[key] = FlowStep(*key, count, count * per_call)
    return FlowSide(calls, modules, steps)


def percent(share: float) -> str:
    """Whole per cents; what is not nothing is not shown as 0 %."""
    rounded = f"{100 * share:.0f} %"
    return "<1 %" if share > 0 and rounded == "0 %" else rounded


def flow_json(report: FlowReport) -> dict[str, object]:
    """The form of ``/flow/{application}`` and ``fuse-otel flow --json``."""
    made = {"application": report.application, **_side_json(report.side)}
    if report.compared is not None:
        made["compared"] = _side_json(report.compared)
    return made


def _side_json(side: FlowSide) -> dict[str, object]:
    return {
        "calls": side.calls,
        "nodes": [
            {
                "module_type": each.module_type,
                "module": each.module,
                "executions": each.executions,
                "lost": each.lost,
                "errors": each.errors,
                "median_seconds": each.median,
            }
            for each in side.modules.values()
        ],
        "edges": [
            {"from": each.source, "to": each.target, "count": each.count}
            for each in side.steps.values()
        ],
    }
