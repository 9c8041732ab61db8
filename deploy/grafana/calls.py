"""The dashboard *Calls*: how the phone applications do, and which of their parts does not."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.board import board, variable
from deploy.grafana.call_panels import outcome_panels, steps
from deploy.grafana.call_queries import RANGE, RATE, CallQueries, share
from deploy.grafana.flow_panel import flow
from deploy.grafana.links import (
    JAEGER,
    LOKI,
    TEMPO,
    TO_FLOW,
    VICTORIALOGS,
    chosen,
    to_calls_of_module,
)
from deploy.grafana.panels import THIRD, cells, density, graph, lines, number, rising, rows

UID = "fuse-calls"
MODULE = "account, application, module_type, module"
NAMED = "{{application}}: {{module_type}} {{module}}"
TO_CALLS = [TO_FLOW, *to_calls_of_module(failed=False)]
TO_FAILED_CALLS = [TO_FLOW, *to_calls_of_module(failed=True)]
_CALLS = CallQueries('account=~"$account",application=~"$application"')
counted, quantile = _CALLS.counted, _CALLS.quantile


def made() -> Dashboard:
    dashboard = board(
        "Calls", UID, "The calls of Plum Fuse applications, as fuse-otel stored them."
    )
    dashboard.with_variable(
        variable("account", "Account", "label_values(fuse_calls_total, account)")
    )
    names = 'label_values(fuse_calls_total{account=~"$account"}, application)'
    dashboard.with_variable(variable("application", "Application", names))
    for source in (JAEGER, TEMPO, LOKI, VICTORIALOGS):
        dashboard.with_variable(chosen(source, hidden=True))
    for part in (_overview, _calls, _errors, _services, _callers):
        part(dashboard)
    graph_of_all = flow(
        "Call flow",
        "The ways of the calls of the chosen applications. Modules of the same type and name are"
        " one circle, so choose one application. In red: the share of callers who hung up there.",
        steps(_CALLS),
        steps(_CALLS, where='to="hangup"'),
    )
    dashboard.with_row(Row("Call flow").with_panel(graph_of_all))
    return dashboard


def _overview(dashboard: Dashboard) -> None:
    calls = counted("fuse_calls_total", RANGE)
    transfers = counted("fuse_transfers_total", RANGE)
    lost = counted("fuse_transfers_total", RANGE, where='result=~"noanswer|busy"')
    dashboard.with_row(Row("Overview"))
    for panel in (
        *outcome_panels(_CALLS),
        number(
            "Repeat callers",
            "Share of the inbound calls whose caller had called within the 24 hours before.",
            "percentunit",
            share(
                counted("fuse_repeat_calls_total", RANGE),
                counted("fuse_calls_total", RANGE, where='direction="inbound"'),
            ),
        ),
        number(
            "Median duration",
            "Half of the calls are shorter.",
            "s",
            quantile(0.5, "fuse_call_duration_seconds", RANGE),
        ),
        number(
            "Hang-ups",
            "Share of the calls that the other party ended, outside a transfer or an exit module.",
            "percentunit",
            share(counted("fuse_calls_total", RANGE, where='outcome="hangup"'), calls),
        ),
        number(
            "Transfers not answered",
            "Share of the transfers that were busy or not answered.",
            "percentunit",
            share(lost, transfers),
            limits=rising(0.3, 0.5),
        ),
        number(
            "Questions not understood",
            "Share of the answers to questions that matched nothing.",
            "percentunit",
            share(
                counted("fuse_inputs_total", RANGE, where='result="no_match"'),
                counted("fuse_inputs_total", RANGE),
            ),
            limits=rising(0.2, 0.4),
        ),
    ):
        dashboard.with_panel(panel)


def _calls(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Calls"))
    every = counted("fuse_calls_total", RATE, by="account, application")
    failed = counted("fuse_calls_total", RATE, by="account, application", where='status="error"')
    for panel in (
        graph(
            "Calls by application",
            "Calls a minute. The points are single calls: they lead to their trace.",
            "cpm",
            lines(every, "{{application}} ({{account}})"),
            stacked=True,
        ),
        graph(
            "Calls by outcome",
            "How calls ended: an exit module, an answered transfer, or a hang-up.",
            "cpm",
            lines(counted("fuse_calls_total", RATE, by="outcome"), "{{outcome}}"),
            stacked=True,
        ),
        graph(
            "Share of calls with an error",
            "Of each application. The alert FuseCallErrorRateHigh uses the last half hour.",
            "percentunit",
            lines(share(failed, every), "{{application}} ({{account}})"),
        ),
        graph(
            "Duration of calls",
            "Half, 90 % and 99 % of the calls are shorter.",
            "s",
            *(
                lines(quantile(q, "fuse_call_duration_seconds", RATE), f"{q * 100:g} %")
                for q in (0.5, 0.9, 0.99)
            ),
        ),
        density(
            "Spread of the duration",
            "How many calls took how long.",
            "s",
            f"sum by (le) (increase(fuse_call_duration_seconds_bucket{{{_CALLS.of}}}{RATE}))",
        ),
        graph(
            "Containment and repeat callers",
            "Share of contained calls, and of inbound calls of a caller of the last 24 hours.",
            "percentunit",
            lines(
                share(
                    counted("fuse_contained_calls_total", RATE), counted("fuse_calls_total", RATE)
                ),
                "contained",
            ),
            lines(
                share(
                    counted("fuse_repeat_calls_total", RATE),
                    counted("fuse_calls_total", RATE, where='direction="inbound"'),
                ),
                "repeat callers",
            ),
        ),
    ):
        dashboard.with_panel(panel)


def _errors(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Modules"))
    runs = counted("fuse_module_executions_total", RANGE, by=MODULE)
    failed = counted("fuse_module_executions_total", RANGE, by=MODULE, where='status="error"')
    slow_now = quantile(0.95, "fuse_module_duration_seconds", RATE, by=MODULE)
    slow = quantile(0.95, "fuse_module_duration_seconds", RANGE, by=MODULE)
    for panel in (
        graph(
            "Errors by module",
            "Error entries a minute, by module and kind of error.",
            "cpm",
            lines(
                counted("fuse_errors_total", RATE, by=f"{MODULE}, error_type"),
                f"{NAMED} ({{{{error_type}}}})",
            ),
        ),
        graph(
            "Slowest modules",
            "The ten modules with the highest 95th percentile. Plum reports whole seconds.",
            "s",
            lines(f"topk(10, {slow_now})", NAMED),
        ),
        rows(
            "Failing modules",
            "Modules by the number of executions with an error.",
            cells(f"{failed} > 0", "errors"),
            cells(f"{share(failed, runs)} > 0", "share"),
            units={"errors": "short", "share": "percentunit"},
            links=TO_FAILED_CALLS,
        ),
        rows(
            "Duration of modules",
            "The twenty slowest modules: 95 % of their executions take less.",
            cells(f"topk(20, {slow})", "p95"),
            units={"p95": "s"},
            links=TO_CALLS,
        ),
    ):
        dashboard.with_panel(panel)


def _services(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("REST and SOAP"))
    answers = counted("fuse_http_requests_total", RATE, by="server_address, status_class")
    by = f"{MODULE}, server_address"
    requests = "fuse_http_requests_total"
    failing = counted(requests, RANGE, by=by, where='status_class=~"5xx|error"')
    unknown = counted(requests, RANGE, by=by, where='status_class="4xx"')
    every = counted(requests, RANGE, by=by)
    dashboard.with_panel(
        graph(
            "REST and SOAP requests by status",
            "Requests a minute. error: no answer; unknown: Plum logged none.",
            "cpm",
            lines(f"{answers} > 0", "{{server_address}} {{status_class}}"),
        )
    )
    dashboard.with_panel(
        rows(
            "REST and SOAP modules",
            "Share of their requests that failed: 5xx or no answer, as FuseHttpModuleFailing"
            " counts. 4xx is often the usual answer about a caller whom the service does not know.",
            cells(share(failing, every), "failed"),
            cells(share(unknown, every), "4xx"),
            cells(every, "requests"),
            units={"failed": "percentunit", "4xx": "percentunit", "requests": "short"},
            limits={"failed": rising(0.05, 0.2)},
            links=TO_FAILED_CALLS,
        )
    )


def _callers(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Callers"))
    left = counted("fuse_call_exits_total", RANGE, by=MODULE, where='how="hangup"')
    came = counted("fuse_module_executions_total", RANGE, by=MODULE)
    no_match = counted("fuse_inputs_total", RATE, by=MODULE, where='result="no_match"')
    for panel in (
        rows(
            "Where callers leave",
            "The module that a caller hung up in, and the share of its visits.",
            cells(f"{left} > 0", "hang-ups"),
            cells(f"{share(left, came)} > 0", "share"),
            units={"hang-ups": "short", "share": "percentunit"},
            links=TO_CALLS,
        ),
        graph(
            "Hang-ups by module",
            "Hang-ups a minute. The points lead to the traces of single calls.",
            "cpm",
            lines(counted("fuse_call_exits_total", RATE, by=MODULE, where='how="hangup"'), NAMED),
        ),
        graph(
            "Transfers by result",
            "Transfers a minute. unknown: Plum logged no result.",
            "cpm",
            lines(counted("fuse_transfers_total", RATE, by="result"), "{{result}}"),
            width=THIRD,
        ),
        graph(
            "Answers to questions",
            "Answers a minute: understood, not understood, none.",
            "cpm",
            lines(counted("fuse_inputs_total", RATE, by="result"), "{{result}}"),
            width=THIRD,
        ),
        graph(
            "Share of answers that match nothing",
            "Of the questions of each module.",
            "percentunit",
            lines(share(no_match, counted("fuse_inputs_total", RATE, by=MODULE)), NAMED),
            width=THIRD,
        ),
    ):
        dashboard.with_panel(panel)
