"""The panels of *fuse-otel* about reading: each account, and the API of Plum."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.daemon_queries import counted, least, most, quantile, rare, rate
from deploy.grafana.panels import THIRD, WHOLE, cells, falling, graph, lines, rising, rows

_DAY = 86_400.0
# As the alerts: below three days a ticket, below one a page.
HEADROOM = falling(_DAY, 3 * _DAY)
LAG = rising(900, 1800)
_RANGE = "$__range"
# The worst of several daemons that read the same account.
_HEADROOM = least("fuse_otel_retention_headroom_seconds", "account")
_BEHIND = f"time() - {least('fuse_otel_cursor_timestamp_seconds', 'account')}"


def reading(dashboard: Dashboard) -> None:
    for part in (_accounts, _backlog, _api):
        part(dashboard)


def _accounts(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("Reading, by account"))
    failed = (
        f"{counted('fuse_otel_api_errors_total', 'account', _RANGE)}"
        f" or 0 * {most('fuse_otel_account_up', 'account')}"
    )
    requests = counted("fuse_otel_api_requests_total", "account", _RANGE)
    for panel in (
        rows(
            "State of the accounts",
            "Headroom and lag now; requests, their failures and latency of this time range.",
            cells(_HEADROOM, "headroom"),
            cells(_BEHIND, "lag"),
            cells(most("fuse_otel_gap_seconds", "account"), "still to read"),
            cells(most("fuse_otel_pending_calls", "account"), "pending calls"),
            cells(requests, "responses"),
            cells(failed, "failed requests"),
            cells(
                quantile(0.95, "fuse_otel_api_request_duration_seconds", "account", _RANGE),
                "latency (95 %)",
            ),
            units={
                "headroom": "s",
                "lag": "s",
                "still to read": "s",
                "pending calls": "short",
                "responses": "short",
                "failed requests": "short",
                "latency (95 %)": "s",
            },
            limits={"headroom": HEADROOM, "lag": LAG},
            ascending=True,
            width=WHOLE,
        ),
    ):
        dashboard.with_panel(panel)


def _backlog(dashboard: Dashboard) -> None:
    for panel in (
        graph(
            "Headroom",
            "Time until Plum deletes the log of the oldest call that is not stored. Five days is"
            " the most. Below one day the alert FuseOtelHeadroomVeryLow is a page.",
            "s",
            lines(_HEADROOM, "{{account}}"),
            limits=HEADROOM,
        ),
        graph(
            "Lag of reading",
            "How far the cursor is behind. Usually the poll interval and the settling time.",
            "s",
            lines(_BEHIND, "{{account}}"),
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
            lines(most("fuse_otel_pending_calls", "account"), "{{account}} pending"),
            lines(most("fuse_otel_failing_calls", "account"), "{{account}} failing"),
            width=THIRD,
        ),
        graph(
            "Stored calls",
            "Calls a minute, by how complete their log was.",
            "cpm",
            lines(
                rate("fuse_otel_calls_total", "account, details", every=60),
                "{{account}} {{details}}",
            ),
            width=THIRD,
        ),
    ):
        dashboard.with_panel(panel)


def _api(dashboard: Dashboard) -> None:
    dashboard.with_row(Row("API of Plum, by account"))
    for panel in (
        graph(
            "API responses",
            "Requests a second that the API answered, by endpoint and HTTP status.",
            "reqps",
            lines(
                rate("fuse_otel_api_requests_total", "account, endpoint, code"),
                "{{account}} {{endpoint}} {{code}}",
            ),
        ),
        graph(
            "API latency",
            "95 % of the responses came sooner.",
            "s",
            lines(
                quantile(0.95, "fuse_otel_api_request_duration_seconds", "account, endpoint"),
                "{{account}} {{endpoint}}",
            ),
        ),
        graph(
            "API errors",
            "Failed requests by kind, with or without an answer.",
            "short",
            lines(
                rare("fuse_otel_api_errors_total", "account, endpoint, error_type"),
                "{{account}} {{endpoint}} {{error_type}}",
            ),
            width=THIRD,
        ),
        graph(
            "Throttling",
            "Seconds a minute that reading waited because Plum asked for it.",
            "s",
            lines(
                rate("fuse_otel_api_throttled_seconds_total", "account", every=60), "{{account}}"
            ),
            width=THIRD,
        ),
        graph(
            "Duration of a poll",
            "95 % of the polls took less.",
            "s",
            lines(quantile(0.95, "fuse_otel_poll_duration_seconds", "account"), "{{account}}"),
            width=THIRD,
        ),
        graph(
            "Late and unreadable calls",
            "Calls whose log got more entries after they were stored, calls stored an hour or more"
            " after their end, and calls without their logs after unexpected errors.",
            "short",
            lines(counted("fuse_otel_calls_grown_total", "account"), "{{account}} grown"),
            lines(counted("fuse_otel_backfilled_calls_total", "account"), "{{account}} late"),
            lines(counted("fuse_otel_unreadable_calls_total", "account"), "{{account}} unreadable"),
            width=THIRD,
        ),
        graph(
            "Lists that do not add up",
            "Windows whose list had another number of calls than Plum announced.",
            "short",
            lines(counted("fuse_otel_window_mismatches_total", "account"), "{{account}}"),
            width=THIRD,
        ),
        graph(
            "Given up",
            "Seconds of the past whose logs Plum deleted before they could be read.",
            "s",
            lines(counted("fuse_otel_unreadable_seconds_total", "account"), "{{account}}"),
            width=THIRD,
        ),
    ):
        dashboard.with_panel(panel)
