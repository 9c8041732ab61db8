"""The parts that all dashboards are made of: variables, queries and panels."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TypeVar

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    heatmap,
    nodegraph,
    prometheus,
    stat,
    statetimeline,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmap_models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

# Nobody's own Grafana has our data source: the reader chooses one at the top of the dashboard.
SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "fuse-otel"
HALF, THIRD, WHOLE = 12, 8, 24
_COLUMNS = 6  # of the 24 of a row: a number

Panel = Builder[models.Panel]
P = TypeVar("P", timeseries.Panel, statetimeline.Panel)
Query = prometheus.Dataquery


def board(title: str, uid: str, description: str) -> dashboard.Dashboard:
    alerts = (
        dashboard.AnnotationQuery()
        .name("Alerts")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("red")
        .expr('ALERTS{alertstate="firing",alertname=~"Fuse.+"}')
    )
    others = (
        dashboard.DashboardLink("Dashboards of fuse-otel")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
        .include_vars(True)
    )
    source = dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .time("now-3h", "now")
        .refresh("1m")
        .timezone("browser")
        .annotation(alerts)
        .link(others)
        .with_variable(source)
    )


def variable(
    name: str, label: str, values: str, *, several: bool = True
) -> dashboard.QueryVariable:
    """``values`` is the query of its values. ``several``: any number can be chosen, or all."""
    made = (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(values)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )
    if several:
        everything = models.VariableOption(selected=True, text="All", value="$__all")
        made = made.multi(True).include_all(True).all_value(".+").current(everything)
    return made


def lines(expression: str, legend: str) -> Query:
    """A query over the time range, with the trace ids of single calls where there are any."""
    made = prometheus.Dataquery().datasource(SOURCE).expr(expression).legend_format(legend)
    return made.range().exemplar(True)


def cells(expression: str, name: str) -> Query:
    """A query of the present values, as the rows of a table. ``name`` becomes its column's name."""
    made = prometheus.Dataquery().datasource(SOURCE).expr(expression).ref_id(name)
    return made.instant().format(PromQueryFormat.TABLE)


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int = HALF,
    stacked: bool = False,
) -> Panel:
    """Lines over time. ``unit`` is one of Grafana's."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .min(0)
        .span(width)
        .height(8)
        .fill_opacity(10)
        .show_points(common_models.VisibilityMode.NEVER)
        .tooltip(
            common.VizTooltipOptions()
            .mode(common_models.TooltipDisplayMode.MULTI)
            .sort(common_models.SortOrder.DESCENDING)
        )
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    return _with(panel, queries)


def number(title: str, description: str, unit: str, expression: str, *limits: float) -> Panel:
    """One value for the time range. ``limits``: where it becomes yellow, and where red."""
    colors = ["green", "yellow", "red"]
    steps = [
        models.Threshold(color=color, value=value)
        for color, value in zip(colors, [None, *limits], strict=False)
    ]
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .span(_COLUMNS)
        .height(4)
        .thresholds(dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps))
        .graph_mode(common_models.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(
            prometheus.Dataquery()
            .datasource(SOURCE)
            .expr(expression)
            .instant()
            .ref_id("A")
            .legend_format(title)
        )
    )


def rows(
    title: str,
    description: str,
    *queries: Query,
    units: dict[str, str],
    link: str = "",
    width: int = HALF,
) -> Panel:
    """A table: the labels, then a column for each query. ``units``: of each query's column, the
    first one is sorted. ``link``: the address that a module's name leads to.
    """
    names = list(units)
    renamed = {f"Value #{name}": name for name in names} | {"Value": names[0]}
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit("short")
        .span(width)
        .height(9)
        .sort_by([common.TableSortByFieldState().display_name(names[0]).desc(True)])
        .with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(_organized(renamed))
    )
    for name, unit in units.items():
        panel = panel.override_by_name(name, [models.DynamicConfigValue(id_val="unit", value=unit)])
    if link:
        target = {"title": "Call flow of the application", "url": link}
        links = models.DynamicConfigValue(id_val="links", value=[target])
        panel = panel.override_by_name("module", [links])
    for query in queries:
        panel = panel.with_target(query)
    return panel


def flow(title: str, description: str, nodes: str, edges: str) -> Panel:
    """A node graph. Grafana takes the frames of the queries ``nodes`` and ``edges`` by these names:
    an edge has ``id``, ``source`` and ``target``, a node ``id`` and ``title``, both a ``mainstat``.
    """
    return (
        nodegraph.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit("short")
        .span(WHOLE)
        .height(16)
        .with_target(cells(nodes, "nodes"))
        .with_target(cells(edges, "edges"))
        .with_transformation(_organized({"Value #nodes": "mainstat", "Value #edges": "mainstat"}))
    )


def density(title: str, description: str, unit: str, expression: str) -> Panel:
    """How the observations of a histogram spread over time."""
    query = lines(expression, "{{le}}").ref_id("A").format(PromQueryFormat.HEATMAP)
    return (
        heatmap.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit("short")
        .span(HALF)
        .height(8)
        .y_axis(heatmap.YAxisConfig().unit(unit))
        .color(heatmap.HeatmapColorOptions().mode(heatmap_models.HeatmapColorMode.SCHEME).steps(64))
        .with_target(query)
    )


def states(title: str, description: str, *queries: Query) -> Panel:
    """Whether something was up (1) or down (0), over time."""
    texts = {
        "0": models.ValueMappingResult(text="down", color="red", index=0),
        "1": models.ValueMappingResult(text="up", color="green", index=1),
    }
    panel = (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit("short")
        .span(HALF)
        .height(6)
        .mappings([models.ValueMap(options=texts)])
        .show_value(common_models.VisibilityMode.NEVER)
    )
    return _with(panel, queries)


def note(title: str, description: str, markdown: str) -> Panel:
    return (
        text.Panel().title(title).description(description).content(markdown).span(WHOLE).height(5)
    )


def _with(panel: P, queries: tuple[Query, ...]) -> P:
    """Grafana tells the queries of a panel apart by a letter."""
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(query.ref_id(letter))
    return panel


def _organized(renamed: dict[str, str]) -> models.DataTransformerConfig:
    options = {"excludeByName": {"Time": True}, "renameByName": renamed}
    return models.DataTransformerConfig(id_val="organize", options=options)
