"""The dashboard *fuse-otel*: whether the daemons read, deliver and have room."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.daemon_queries import least, most, of, quantile, rare, rate
from deploy.grafana.panels import (
    THIRD,
    board,
    cells,
    density,
    graph,
    lines,
    note,
    number,
    rows,
    states,
    variable,
)

UID = "fuse-otel"
LANE = "destination, signal"
TO = "{{destination}} ({{signal}})"


def made() -> Dashboard:
    dashboard = board("fuse-otel", UID, "The daemons that read Plum Fuse and deliver to back ends.")
    jobs = "label_values(fuse_otel_build_info, job)"
    dashboard.with_variable(variable("job", "Job", jobs))
    instances = 'label_values(fuse_otel_build_info{job=~"$job"}, instance)'
    dashboard.with_variable(variable("instance", "Instance", instances))
    for part in (_overview, _reading, _delivery, _store, _data, _own):
        part(dashboard)
    return dashboard


def _overview(dashboard: Dashboard) -> None:
    full = f"{most('fuse_otel_outbox_bytes')} / {most('fuse_otel_outbox_capacity_bytes')}"
    dashboard.with_row(Row("Overview"))
    for panel in (
        number("Daemons", "Daemons that answer.", "short", f"count ({of('fuse_otel_build_info')})"),
        number(
            "Outbox",
            "Share of FUSE_OTEL_MAX_DISK that is used. At 100 % reading stops.",
            "percentunit",
            full,
            0.8,
            0.97,
        ),
        number(
            "Waiting calls",
            "Calls that the slowest lane still has to deliver.",
            "short",
            most("fuse_otel_outbox_calls"),
        ),
        number(
            "Parked calls",
            "Calls that a destination refused permanently.",
            "short",
            f"sum ({of('fuse_otel_parked_calls')})",
            1,
        ),
        states(
            "Accounts",
            "Whether the API answers the lists and at least some of the logs of an account.",
            lines(most("fuse_otel_account_up", "account"), "{{account}}"),
        ),
        states(
            "Lanes",
            "Whether a lane can deliver to its destination.",
            lines(least("fuse_otel_lane_up", LANE), TO),
        ),
    ):
        dashboard.with_panel(panel)


def _reading(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Reading"))
    for panel in (
        graph(
            "Headroom",
            "Time until Plum deletes the log of the oldest call that is not stored. Five days is"
            " the most. Below one day the alert FuseOtelHeadroomVeryLow is a page.",
            "s",
            lines(least("fuse_otel_retention_headroom_seconds", "account"), "{{account}}"),
        ),
        graph(
            "Lag of reading",
            "How far the cursor is behind. Usually the poll interval and the settling time.",
            "s",
            lines(
                f"time() - {most('fuse_otel_cursor_timestamp_seconds', 'account')}", "{{account}}"
            ),
        ),
        graph(
            "API responses",
            "Requests a second that the API answered, by endpoint and HTTP status.",
            "reqps",
            lines(rate("fuse_otel_api_requests_total", "endpoint, code"), "{{endpoint}} {{code}}"),
        ),
        graph(
            "API latency",
            "95 % of the responses came sooner.",
            "s",
            lines(
                quantile(0.95, "fuse_otel_api_request_duration_seconds", "account, endpoint"),
                "{{endpoint}} ({{account}})",
            ),
        ),
        graph(
            "API errors",
            "Failed requests by kind, with or without an answer.",
            "short",
            lines(
                rare("fuse_otel_api_errors_total", "endpoint, error_type"),
                "{{endpoint}} {{error_type}}",
            ),
            width=THIRD,
        ),
        graph(
            "Still to read",
            "Seconds of the past in gaps.",
            "s",
            lines(most("fuse_otel_gap_seconds", "account"), "{{account}}"),
            width=THIRD,
        ),
        graph(
            "Pending and failing calls",
            "Listed calls that are not stored yet, and those whose log the API does not give.",
            "short",
            lines(most("fuse_otel_pending_calls", "account"), "pending ({{account}})"),
            lines(most("fuse_otel_failing_calls", "account"), "failing ({{account}})"),
            width=THIRD,
        ),
        graph(
            "Stored calls",
            "Calls a minute, by how complete their log was.",
            "cpm",
            lines(rate("fuse_otel_calls_total", "details", every=60), "{{details}}"),
        ),
        graph(
            "Duration of a poll",
            "95 % of the polls took less.",
            "s",
            lines(quantile(0.95, "fuse_otel_poll_duration_seconds", "account"), "{{account}}"),
        ),
    ):
        dashboard.with_panel(panel)


def _delivery(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Delivery"))
    oldest = f"time() - {least('fuse_otel_outbox_oldest_timestamp_seconds', LANE)}"
    late = "fuse_otel_call_end_to_export_seconds"
    for panel in (
        graph(
            "From the end of a live call to its delivery",
            "95 % of the live calls were delivered sooner. Caught-up calls do not count.",
            "s",
            lines(quantile(0.95, late, LANE), TO),
        ),
        density(
            "Spread of the delivery time",
            "How many live calls were delivered how long after their end.",
            "s",
            f"sum by (le) (increase({of(f'{late}_bucket')}[$__rate_interval]))",
        ),
        graph(
            "Responses of destinations",
            "Requests a second, by status or by a word such as timeout.",
            "reqps",
            lines(rate("fuse_otel_export_requests_total", f"{LANE}, code"), f"{TO} {{{{code}}}}"),
        ),
        graph(
            "Duration of a request",
            "95 % of the requests to a destination took less.",
            "s",
            lines(quantile(0.95, "fuse_otel_export_duration_seconds", LANE), TO),
        ),
        graph(
            "Delivered items",
            "Spans and log records a second that a destination accepted.",
            "ops",
            lines(rate("fuse_otel_exported_items_total", LANE), TO),
            width=THIRD,
        ),
        graph(
            "Items that were not accepted",
            "Spans and log records in failed requests, which are sent again, and rejected ones.",
            "short",
            lines(rare("fuse_otel_send_failed_items_total", LANE), f"failed {TO}"),
            lines(rare("fuse_otel_rejected_items_total", LANE), f"rejected {TO}"),
            width=THIRD,
        ),
        graph(
            "Sent bytes",
            "Compressed bytes a second, repeated requests included.",
            "Bps",
            lines(rate("fuse_otel_sent_bytes_total", LANE), TO),
            width=THIRD,
        ),
        graph(
            "Waiting calls by lane",
            "Calls in the outbox.",
            "short",
            lines(most("fuse_otel_outbox_calls", LANE), TO),
            width=THIRD,
        ),
        graph(
            "Age of the oldest waiting call",
            "Time since its end; 0 while none waits.",
            "s",
            lines(f"{oldest} or 0 * {most('fuse_otel_outbox_calls', LANE)}", TO),
            width=THIRD,
        ),
        graph(
            "Parked calls by lane",
            "Calls that a destination refused, kept for replay.",
            "short",
            lines(most("fuse_otel_parked_calls", LANE), TO),
            width=THIRD,
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
            lines(rare("fuse_otel_store_errors_total", "error_type"), "store {{error_type}}"),
            lines(rare("fuse_otel_loop_errors_total", "loop"), "loop {{loop}}"),
            width=THIRD,
        ),
        graph(
            "CPU",
            "Seconds of CPU time a second.",
            "percentunit",
            lines(rate("process_cpu_seconds_total", "instance"), "{{instance}}"),
        ),
        graph(
            "Memory",
            "Resident memory of the process.",
            "bytes",
            lines(most("process_resident_memory_bytes", "instance"), "{{instance}}"),
        ),
    ):
        dashboard.with_panel(panel)


def _data(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Data"))
    anomalies = f"sum by (kind) (increase({of('fuse_otel_parse_anomalies_total')}[$__range]))"
    for panel in (
        graph(
            "Redactions",
            "Values a second that a redaction rule removed. A sudden fall deserves a look.",
            "ops",
            lines(rate("fuse_otel_redactions_total", "rule"), "{{rule}}"),
        ),
        rows(
            "Odd data of the API",
            "Unexpected data in API answers, by kind. The page of operations explains the kinds.",
            cells(f"{anomalies} or vector(0)", "found"),
            units={"found": "short"},
        ),
    ):
        dashboard.with_panel(panel)


def _own(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Traces of the daemon itself"))
    dashboard.with_panel(
        note(
            "Own traces",
            "Where to find the traces of the daemon's own work.",
            "With `FUSE_OTEL_SELF_TRACES=on` the daemon sends a trace of each of its polls and"
            " exports through OpenTelemetry's SDK and OTLP exporter. Search the traces of the"
            " service `fuse-otel` in Explore. The configuration page says where they go.",
        )
    )
