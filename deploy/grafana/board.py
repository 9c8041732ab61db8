"""The frame of a dashboard: its variables, its links and the marks of alerts."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

# Nobody's own Grafana has our data source: the reader chooses one at the top of the dashboard.
SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "fuse-otel"
PAGES = "pages"


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
        .with_variable(data_source("datasource", "Data source", "prometheus"))
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


def data_source(name: str, label: str, plugin: str) -> dashboard.DatasourceVariable:
    return dashboard.DatasourceVariable(name).label(label).type(plugin)


def pages() -> dashboard.TextBoxVariable:
    """The address of the daemon's own pages, for links to them."""
    return (
        dashboard.TextBoxVariable(PAGES)
        .label("Pages of fuse-otel")
        .default_value("http://localhost:9464")
    )
