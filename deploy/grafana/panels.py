"""The panels that the dashboards are made of, and the queries in them."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TypeVar

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmap_models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.board import SOURCE
from deploy.grafana.links import Link

HALF, THIRD, QUARTER, SIXTH, WHOLE = 12, 8, 6, 4, 24

Panel = Builder[models.Panel]
P = TypeVar("P", timeseries.Panel, statetimeline.Panel)
Query = prometheus.Dataquery
Limits = dashboard.ThresholdsConfig


def lines(expression: str, legend: str) -> Query:
    """A query over the time range, with the trace ids of single calls where there are any."""
    made = prometheus.Dataquery().datasource(SOURCE).expr(expression).legend_format(legend)
    return made.range().exemplar(True)


def cells(expression: str, name: str) -> Query:
    """A query of the present values, as the rows of a table. ``name`` becomes its column's name."""
    made = prometheus.Dataquery().datasource(SOURCE).expr(expression).ref_id(name)
    return made.instant().format(PromQueryFormat.TABLE)


def rising(*values: float) -> Limits:
    """Green, from the first value on yellow, from the second one on red."""
    return _limits(["green", "yellow", "red"], values)


def falling(*values: float) -> Limits:
    """Red, from the first value on yellow, from the second one on green."""
    return _limits(["red", "yellow", "green"], values)


def _limits(colors: list[str], values: tuple[float, ...]) -> Limits:
    steps = [
        models.Threshold(color=color, value=value)
        for color, value in zip(colors, [None, *values], strict=False)
    ]
    return Limits().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int = HALF,
    stacked: bool = False,
    limits: Limits | None = None,
) -> Panel:
    """Lines over time. ``unit`` is one of Grafana's. ``limits`` are drawn as dashed lines."""
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
    if limits:
        dashed = common_models.GraphThresholdsStyleMode.DASHED
        style = common.GraphThresholdsStyleConfig().mode(dashed)
        panel = panel.thresholds(limits).thresholds_style(style)
    return _with(panel, queries)


def number(
    title: str,
    description: str,
    unit: str,
    expression: str,
    *,
    limits: Limits | None = None,
    width: int = QUARTER,
) -> Panel:
    """One value for the time range."""
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .span(width)
        .height(4)
        .thresholds(limits or rising())
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
    links: list[Link] | None = None,
    limits: dict[str, Limits] | None = None,
    ascending: bool = False,
    width: int = HALF,
) -> Panel:
    """A table: the labels, then a column for each query. ``units``: of each query's column, the
    first one is sorted. ``links``: where a module's name leads to. ``limits`` color a column.
    """
    names = list(units)
    order = common.TableSortByFieldState().display_name(names[0]).desc(not ascending)
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit("short")
        .span(width)
        .height(8)
        .sort_by([order])
        .with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(_organized(names))
    )
    for name, unit in units.items():
        panel = panel.override_by_name(name, [_value("unit", unit)])
    for name, each in (limits or {}).items():
        colored = {"type": "color-text"}
        settings = [_value("thresholds", each.build()), _value("custom.cellOptions", colored)]
        panel = panel.override_by_name(name, settings)
    if links:
        panel = panel.override_by_name("module", [_value("links", links)])
    for query in queries:
        panel = panel.with_target(query)
    return panel


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
    """Whether something was up (1), down (0) or paused (2), over time."""
    texts = {
        "0": models.ValueMappingResult(text="down", color="red", index=0),
        "1": models.ValueMappingResult(text="up", color="green", index=1),
        "2": models.ValueMappingResult(text="paused", color="blue", index=2),
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


def _with(panel: P, queries: tuple[Query, ...]) -> P:
    """Grafana tells the queries of a panel apart by a letter."""
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(query.ref_id(letter))
    return panel


def _organized(names: list[str]) -> models.DataTransformerConfig:
    """A query's values get its name, and the time goes."""
    renamed = {f"Value #{name}": name for name in names} | {"Value": names[0]}
    options = {"excludeByName": {"Time": True}, "renameByName": renamed}
    return models.DataTransformerConfig(id_val="organize", options=options)


def _value(name: str, value: object) -> models.DynamicConfigValue:
    return models.DynamicConfigValue(id_val=name, value=value)
