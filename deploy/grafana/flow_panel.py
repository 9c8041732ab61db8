"""The call flow as Grafana's node graph, from Prometheus alone.

The node graph finds what it draws by the names of fields: ``id``, ``title``, ``mainstat`` and so
on. The fields of a query are its labels and one value. Renaming a field gives it another title, but
keeps its name. So ``count_values`` makes the numbers in the picture labels, and a calculation gives
the value the name that the graph looks for.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders import nodegraph
from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.board import SOURCE
from deploy.grafana.panels import WHOLE, Panel, cells

_NODES, _EDGES = "nodes", "edges"
_LOST, _STAYED = "arc__lost", "arc__stayed"
_THICKEST = 5
_EDGE = "id, source, target"
# "menu main_menu" is a type and a name; "exit", "hangup" and "transfer" are the ends of calls.
_TYPE_AND_NAME = r'"id", "(?:(\\S+) )?(.*)"'


def flow(title: str, description: str, steps: str, lost: str, link: str = "") -> Panel:
    """``steps`` and ``lost`` are counts by ``from`` and ``to``: all steps, and those from a module
    to a hang-up. ``link``: the address of the same picture elsewhere.
    """
    arcs = [
        nodegraph.ArcOption().field(field).color(color)
        for field, color in ((_LOST, "red"), (_STAYED, "green"))
    ]
    page = DashboardLink("Call flow in the pages of fuse-otel").url(link).target_blank(True)
    return (
        nodegraph.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit("short")
        .span(WHOLE)
        .height(18)
        .nodes(nodegraph.NodeOptions().arcs(arcs))
        .links([page] if link else [])
        .with_target(cells(nodes(steps, lost), _NODES))
        .with_target(cells(edges(steps), _EDGES))
        .with_transformation(_named(_EDGES, "thickness"))
        .with_transformation(_named(_NODES, _LOST))
        .with_transformation(_rest(_NODES, _LOST, _STAYED))
    )


def edges(steps: str) -> str:
    """Each step, as thick as it is frequent, with its number and its share of the steps from
    the same module.
    """
    each = _edges_of(steps)
    count = f'count_values by ({_EDGE}) ("mainstat", {each})'
    share = f"round(100 * {each} / on (source) group_left () sum by (source) ({each}))"
    shares = _percent(f'count_values by ({_EDGE}) ("secondarystat", {share})')
    thickness = f"(1 + {_THICKEST - 1} * {each} / scalar(max({each})))"
    on = f"on ({_EDGE}) group_left"
    return f"{count} * {on} (secondarystat) {shares} * {on} () {thickness}"


def nodes(steps: str, lost: str) -> str:
    """Every end of an edge: how often calls came to it, or left it where they begin, and the share
    of callers who hung up there.
    """
    visits = f"({_sum(steps, 'to')} or {_sum(steps, 'from')})"
    # A module that nobody hung up in has a share, too: 0.
    share = f"clamp_max({_sum(lost, 'from')} / on (id) {visits} or 0 * {visits}, 1)"
    count = f'count_values by (id) ("mainstat", {visits})'
    shares = _percent(f'count_values by (id) ("secondarystat", round(100 * {share}))')
    each = f"{count} * on (id) group_left (secondarystat) {shares} * on (id) group_left () {share}"
    titled = f'label_replace({each}, "title", "$2", {_TYPE_AND_NAME})'
    return f'label_replace({titled}, "subtitle", "$1", {_TYPE_AND_NAME})'


def _edges_of(steps: str) -> str:
    source = _copied(steps, "source", "from")
    target = _copied(source, "target", "to")
    named = f'label_join({target}, "id", " → ", "from", "to")'
    return f"(sum by ({_EDGE}) ({named}))"


def _sum(counts: str, end: str) -> str:
    return f"sum by (id) ({_copied(counts, 'id', end)})"


def _copied(expression: str, label: str, of: str) -> str:
    return f'label_join({expression}, "{label}", "", "{of}")'


def _percent(counted: str) -> str:
    """``counted`` has the share as a number in ``secondarystat``; 0 is not shown."""
    shown = f'label_replace({counted}, "secondarystat", "$1 %", "secondarystat", "(.+)")'
    return f'label_replace({shown}, "secondarystat", "", "secondarystat", "0 %")'


def _named(frame: str, name: str) -> models.DataTransformerConfig:
    """The only number of a frame once more, by this name."""
    reduced = {"mode": "reduceRow", "reduce": {"reducer": "sum"}, "alias": name}
    return _calculated(frame, reduced)


def _rest(frame: str, part: str, name: str) -> models.DataTransformerConfig:
    binary = {"left": "1", "operator": "-", "right": part}
    return _calculated(frame, {"mode": "binary", "binary": binary, "alias": name})


def _calculated(frame: str, options: dict[str, object]) -> models.DataTransformerConfig:
    # Without `timeSeries` Grafana would join the frames by their times first.
    return models.DataTransformerConfig(
        id_val="calculateField",
        filter_val=models.MatcherConfig(id_val="byRefId", options=frame),
        options={**options, "timeSeries": False, "replaceFields": False},
    )
