"""The panels of *fuse-otel* about delivery. Each lane of each daemon has its own line: an average
or the best of several daemons would hide the one that is broken.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.daemon_queries import counted, least, most, of, quantile, rate
from deploy.grafana.panels import THIRD, WHOLE, cells, density, graph, lines, rising, rows

LANE = "instance, destination, signal"
TO = "{{destination}} {{signal}} ({{instance}})"


def delivery(dashboard: Dashboard) -> None:
    for part in (_lanes, _requests):
        part(dashboard)


def _lanes(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Lanes"))
    waiting = most("fuse_otel_outbox_calls", LANE)
    oldest = f"time() - {least('fuse_otel_outbox_oldest_timestamp_seconds', LANE)}"
    failed = f"time() - {most('fuse_otel_lane_last_error_timestamp_seconds', LANE)}"
    for panel in (
        rows(
            "State of the lanes",
            "Calls that wait and that are parked, the age of the oldest waiting one, and the time"
            " since a request last failed.",
            cells(waiting, "waiting"),
            cells(f"{oldest} or 0 * {waiting}", "oldest"),
            cells(most("fuse_otel_parked_calls", LANE), "parked"),
            cells(failed, "since the last error"),
            units={
                "waiting": "short",
                "oldest": "s",
                "parked": "short",
                "since the last error": "s",
            },
            limits={"parked": rising(1)},
            width=WHOLE,
        ),
        graph(
            "Waiting calls by lane",
            "Calls in the outbox.",
            "short",
            lines(waiting, TO),
            width=THIRD,
        ),
        graph(
            "Age of the oldest waiting call",
            "Time since its end; 0 while none waits.",
            "s",
            lines(f"{oldest} or 0 * {waiting}", TO),
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


def _requests(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Delivery"))
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
            lines(counted("fuse_otel_send_failed_items_total", LANE), f"{TO} failed"),
            lines(counted("fuse_otel_rejected_items_total", LANE), f"{TO} rejected"),
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
            "Size of a request",
            "95 % of the requests were smaller, before compression.",
            "bytes",
            lines(quantile(0.95, "fuse_otel_export_request_size_bytes", LANE), TO),
            width=THIRD,
        ),
        graph(
            "From the end of a caught-up call to its delivery",
            "95 % of the calls that were stored late were delivered sooner: history, backfills,"
            " grown and replayed calls.",
            "s",
            lines(quantile(0.95, "fuse_otel_caught_up_call_end_to_export_seconds", LANE), TO),
            width=THIRD,
        ),
        graph(
            "Damaged calls",
            "Calls in damaged batches of the store. They are read again, or parked.",
            "short",
            lines(counted("fuse_otel_damaged_calls_total", LANE), TO),
            width=THIRD,
        ),
    ):
        dashboard.with_panel(panel)
