"""The dashboard *fuse-otel*: whether the daemons read, deliver and have room."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.board import board, variable
from deploy.grafana.daemon_delivery import LANE, TO, delivery
from deploy.grafana.daemon_queries import least, most, of, rare, rate
from deploy.grafana.daemon_reading import HEADROOM, LAG, reading
from deploy.grafana.links import JAEGER, TEMPO, chosen
from deploy.grafana.panels import SIXTH, THIRD, cells, graph, lines, number, rising, rows, states
from deploy.grafana.trace_panels import jaeger_row, tempo_row

UID = "fuse-otel"


def made() -> Dashboard:
    dashboard = board("fuse-otel", UID, "The daemons that read Plum Fuse and deliver to back ends.")
    jobs = "label_values(fuse_otel_build_info, job)"
    dashboard.with_variable(variable("job", "Job", jobs))
    for name, label, family in (
        ("instance", "Instance", "fuse_otel_build_info"),
        ("account", "Account", "fuse_otel_account_up"),
        ("destination", "Destination", "fuse_otel_lane_up"),
    ):
        values = f'label_values({family}{{job=~"$job"}}, {name})'
        dashboard.with_variable(variable(name, label, values))
    for source in (JAEGER, TEMPO):
        dashboard.with_variable(chosen(source))
    for part in (_overview, _states, reading, delivery, _store, _data):
        part(dashboard)
    for row in (jaeger_row(), tempo_row()):
        dashboard.with_row(row)
    return dashboard


def _overview(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Overview"))
    behind = f"max (time() - {of('fuse_otel_cursor_timestamp_seconds')})"
    full = f"max ({of('fuse_otel_outbox_bytes')} / {of('fuse_otel_outbox_capacity_bytes')})"
    waiting = f"sum ({most('fuse_otel_outbox_calls', 'instance')})"
    parked = f"sum ({of('fuse_otel_parked_calls')})"
    for title, description, unit, expression, limits in (
        (
            "Daemons",
            "Daemons that answer.",
            "short",
            f"count ({of('fuse_otel_build_info')})",
            rising(),
        ),
        (
            "Least headroom",
            "Of the account that is nearest to losing calls. Five days is the most.",
            "s",
            f"min ({of('fuse_otel_retention_headroom_seconds')})",
            HEADROOM,
        ),
        (
            "Greatest lag",
            "Of the account whose reading is furthest behind.",
            "s",
            behind,
            LAG,
        ),
        (
            "Fullest outbox",
            "Share of FUSE_OTEL_MAX_DISK that is used. At 100 % reading stops.",
            "percentunit",
            full,
            rising(0.8, 0.97),
        ),
        (
            "Waiting calls",
            "Calls that the slowest lane of each daemon still has to deliver.",
            "short",
            waiting,
            rising(),
        ),
        (
            "Parked calls",
            "Calls that a destination refused permanently.",
            "short",
            parked,
            rising(1),
        ),
    ):
        dashboard.with_panel(
            number(title, description, unit, expression, limits=limits, width=SIXTH)
        )


def _states(dashboard: Dashboard) -> None:
    paused = f"2 + 0 * {most('fuse_otel_lane_paused_timestamp_seconds', LANE)}"
    for panel in (
        states(
            "Accounts",
            "Whether the API answers the lists and at least some of the logs of an account.",
            lines(least("fuse_otel_account_up", "instance, account"), "{{account}} ({{instance}})"),
        ),
        states(
            "Lanes",
            "Whether a lane can deliver to its destination, or an operator has paused it.",
            lines(f"{paused} or {least('fuse_otel_lane_up', LANE)}", TO),
        ),
    ):
        dashboard.with_panel(panel)


def _store(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Store and process"))
    for panel in (
        graph(
            "Outbox and its cap",
            "Bytes that count for the cap, and the cap.",
            "bytes",
            lines(most("fuse_otel_outbox_bytes", "instance"), "used ({{instance}})"),
            lines(most("fuse_otel_outbox_capacity_bytes", "instance"), "cap ({{instance}})"),
            width=THIRD,
        ),
        graph(
            "Store and free disk",
            "Size of the database's files, and what the disk still has.",
            "bytes",
            lines(most("fuse_otel_store_size_bytes", "instance"), "store ({{instance}})"),
            lines(least("fuse_otel_store_free_disk_bytes", "instance"), "free ({{instance}})"),
            width=THIRD,
        ),
        graph(
            "Errors of store and loops",
            "Failed transactions, and unexpected errors in loops.",
            "short",
            lines(
                rare("fuse_otel_store_errors_total", "instance, error_type"),
                "store {{error_type}} ({{instance}})",
            ),
            lines(rare("fuse_otel_loop_errors_total", "loop"), "loop {{loop}}"),
            width=THIRD,
        ),
        graph(
            "CPU",
            "Seconds of CPU time a second.",
            "percentunit",
            lines(rate("process_cpu_seconds_total", "instance"), "{{instance}}"),
            width=THIRD,
        ),
        graph(
            "Memory",
            "Resident memory of the process.",
            "bytes",
            lines(most("process_resident_memory_bytes", "instance"), "{{instance}}"),
            width=THIRD,
        ),
        graph(
            "Age of the configuration",
            "Time since it was last read successfully, at the start or by a reload.",
            "s",
            lines(
                "time() - "
                + least("fuse_otel_config_last_reload_success_timestamp_seconds", "instance"),
                "{{instance}}",
            ),
            width=THIRD,
        ),
    ):
        dashboard.with_panel(panel)


def _data(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Data"))
    for panel in (
        graph(
            "Cut values",
            "Values cut to fit a limit, and names that found no room in the metrics, by kind.",
            "short",
            lines(rare("fuse_otel_truncations_total", "kind"), "cut {{kind}}"),
            lines(rare("fuse_otel_label_overflows_total", "label"), "no room {{label}}"),
            width=THIRD,
        ),
        graph(
            "Webhook and logins",
            "Responses to the webhook, and refused logins, by HTTP status.",
            "short",
            lines(rare("fuse_otel_hook_requests_total", "code"), "webhook {{code}}"),
            lines(rare("fuse_otel_refused_logins_total", "code"), "login {{code}}"),
            width=THIRD,
        ),
        graph(
            "Clocks",
            "Difference between the clocks of Plum and of the daemon.",
            "s",
            lines(
                f"max by (instance, account) (abs({of('fuse_otel_api_clock_skew_seconds')}))",
                "{{account}} ({{instance}})",
            ),
            width=THIRD,
        ),
        graph(
            "Redactions",
            "Values a second that a redaction rule removed. A sudden fall deserves a look.",
            "ops",
            lines(rate("fuse_otel_redactions_total", "rule"), "{{rule}}"),
        ),
        rows(
            "Odd data of the API",
            "Unexpected data in API answers, by kind. The page of operations explains the kinds.",
            cells(rare("fuse_otel_parse_anomalies_total", "kind", "$__range"), "found"),
            units={"found": "short"},
        ),
    ):
        dashboard.with_panel(panel)
