"""The dashboard *Call flow of an application*: the ways of its calls, and each of its modules."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.board import board, pages, variable
from deploy.grafana.call_panels import outcome_panels, steps
from deploy.grafana.call_queries import RANGE, RATE, CallQueries, share
from deploy.grafana.flow_panel import flow
from deploy.grafana.links import FLOW_UID, to_page_of_flow
from deploy.grafana.panels import THIRD, cells, graph, lines, number, rows

MODULE = "module_type, module"
NAMED = "{{module_type}} {{module}}"
_CALLS = CallQueries('account="$account",application="$application"')
counted, quantile = _CALLS.counted, _CALLS.quantile
STEPS = steps(_CALLS)
LEFT = counted("fuse_call_exits_total", RANGE, by=MODULE, where='how="hangup"')
CAME = counted("fuse_module_executions_total", RANGE, by=MODULE)


def made() -> Dashboard:
    dashboard = board(
        "Call flow of an application",
        FLOW_UID,
        "The ways that the calls of one application take through its modules.",
    )
    accounts = "label_values(fuse_module_transitions_total, account)"
    dashboard.with_variable(variable("account", "Account", accounts, several=False))
    names = 'label_values(fuse_module_transitions_total{account="$account"}, application)'
    dashboard.with_variable(variable("application", "Application", names, several=False))
    dashboard.with_variable(pages())
    for part in (_flow, _modules, _over_time):
        part(dashboard)
    return dashboard


def _flow(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Call flow"))
    for panel in (
        *outcome_panels(_CALLS),
        number(
            "Median duration",
            "Half of the calls are shorter.",
            "s",
            quantile(0.5, "fuse_call_duration_seconds", RANGE),
        ),
        flow(
            "Call flow",
            "Each circle is a module or an end of the call: its visits, and the share of callers"
            " who hung up there, in red. Each arrow is a step: how often calls took it, and its"
            " share of the steps from there. The link of this panel leads to the picture in the"
            " pages of fuse-otel.",
            STEPS,
            steps(_CALLS, where='to="hangup"'),
            to_page_of_flow(),
        ),
    ):
        dashboard.with_panel(panel)


def _modules(dashboard: Dashboard) -> None:
    failed = counted("fuse_module_executions_total", RANGE, by=MODULE, where='status="error"')
    dashboard.with_row(Row("Modules"))
    for panel in (
        rows(
            "Modules",
            "Each module: its visits, the share of visits with an error and of callers who hung up,"
            " and the time within which 95 % of its visits ended.",
            cells(CAME, "visits"),
            cells(share(failed, CAME), "with an error"),
            cells(share(LEFT, CAME), "hang-ups"),
            cells(quantile(0.95, "fuse_module_duration_seconds", RANGE, by=MODULE), "p95"),
            units={
                "visits": "short",
                "with an error": "percentunit",
                "hang-ups": "percentunit",
                "p95": "s",
            },
        ),
        rows(
            "Steps",
            "How often calls went from one module to the next.",
            cells(STEPS, "steps"),
            units={"steps": "short"},
        ),
    ):
        dashboard.with_panel(panel)


def _over_time(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Over time"))
    left = counted("fuse_call_exits_total", RATE, by=MODULE, where='how="hangup"')
    errors = counted("fuse_errors_total", RATE, by=f"{MODULE}, error_type")
    for panel in (
        graph(
            "Visits by module",
            "Executions a minute.",
            "cpm",
            lines(counted("fuse_module_executions_total", RATE, by=MODULE), NAMED),
            width=THIRD,
        ),
        graph(
            "Hang-ups by module",
            "Callers a minute who hung up in a module.",
            "cpm",
            lines(left, NAMED),
            width=THIRD,
        ),
        graph(
            "Errors by module",
            "Error entries a minute, by module and kind of error.",
            "cpm",
            lines(errors, f"{NAMED} ({{{{error_type}}}})"),
            width=THIRD,
        ),
    ):
        dashboard.with_panel(panel)
