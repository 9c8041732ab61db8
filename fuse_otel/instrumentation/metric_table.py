"""Every metric family of ours, as the documentation lists it and ``Metrics`` registers it.

A value above the last bucket of a histogram means a failure.
"""

from __future__ import annotations

from fuse_otel.core.model.call import LogCompleteness
from fuse_otel.core.model.tally import ANOMALIES, REDACTIONS, TRUNCATIONS
from fuse_otel.errors import SourceError, StoreError
from fuse_otel.instrumentation.call_families import CALL_FAMILIES, CAPPED_LABELS
from fuse_otel.instrumentation.metric_family import (
    ACCOUNT,
    Family,
    MetricKind,
    counter,
    gauge,
    histogram,
)
from fuse_otel.ports.source import Endpoint

_ENDPOINT = (*ACCOUNT, "endpoint")
LANE = ("destination", "signal")
LOOP = ("loop", *ACCOUNT, *LANE)
_DAY = 86_400.0

# A list takes a tenth of a second, a bulk page of 4 MB some seconds; minutes mean a stalled server.
_API_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
# From a back end on the same host to the usual time-out of 10 s and a slow proxy's 30 s.
_EXPORT_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# 17 s, 47 s and 167 s are what the defaults promise: with the webhook, by polling, after growing.
# From 15 min to the five days after which Plum deletes a log: catching up.
_LATENCY_SECONDS = (
    5.0, 10.0, 17.0, 30.0, 47.0, 60.0, 120.0, 167.0, 300.0, 900.0, 3600.0, 6 * 3600.0, _DAY,
    5 * _DAY,
)  # fmt: skip
# Servers of gRPC refuse more than 4 MiB; a request has 2.5 MB at most, unless one call is larger.
_REQUEST_BYTES = (1e3, 1e4, 1e5, 2.5e5, 5e5, 1e6, 2.5e6, 4_194_304.0)

_READING = (
    gauge(
        "fuse_otel_account_up",
        ACCOUNT,
        "1 if the API answers the account's lists and at least some of its logs, 0 if not.",
    ),
    counter(
        "fuse_otel_api_requests_total",
        (*_ENDPOINT, "code"),
        "Requests that the API answered, by HTTP status code.",
    ),
    histogram(
        "fuse_otel_api_request_duration_seconds",
        _ENDPOINT,
        "Time until the API had answered, including the body.",
        _API_SECONDS,
        endpoint=Endpoint,
    ),
    counter(
        "fuse_otel_api_errors_total",
        (*_ENDPOINT, "error_type"),
        "API requests that failed, with or without an answer.",
        endpoint=Endpoint,
        error_type=[each.error_type for each in SourceError.__subclasses__()],
    ),
    counter(
        "fuse_otel_api_throttled_seconds_total",
        ACCOUNT,
        "Seconds that the poller waited because the API asked for it.",
    ),
    gauge(
        "fuse_otel_api_clock_skew_seconds",
        ACCOUNT,
        "The API's clock minus the daemon's, from the last answer. Resolution: one second.",
    ),
    gauge(
        "fuse_otel_last_successful_poll_timestamp_seconds",
        ACCOUNT,
        "When the latest window was last read completely. Absent before the first time.",
    ),
    histogram(
        "fuse_otel_poll_duration_seconds",
        ACCOUNT,
        "Duration of a poll: from the list of the latest window until its new calls are stored.",
        _API_SECONDS,
    ),
    gauge(
        "fuse_otel_cursor_timestamp_seconds",
        ACCOUNT,
        "Up to which time the account was read, apart from gaps and pending calls.",
    ),
    gauge(
        "fuse_otel_retention_headroom_seconds",
        ACCOUNT,
        "Time left until the API deletes the log of the oldest call that is not stored yet, "
        "apart from the history of the first start and backfills.",
    ),
    counter(
        "fuse_otel_window_mismatches_total",
        ACCOUNT,
        "Windows whose list had another number of calls than the API announced.",
    ),
    counter(
        "fuse_otel_unreadable_seconds_total",
        ACCOUNT,
        "Seconds of the past that were given up: the API deleted their logs before they were read.",
    ),
    gauge("fuse_otel_pending_calls", ACCOUNT, "Calls that are listed but not stored yet."),
    gauge(
        "fuse_otel_failing_calls",
        ACCOUNT,
        "Pending calls whose logs the API answers with an error.",
    ),
    counter(
        "fuse_otel_unreadable_calls_total",
        ACCOUNT,
        "Calls exported without their logs after unexpected errors.",
    ),
    gauge("fuse_otel_gap_seconds", ACCOUNT, "Seconds of the past that still have to be read."),
    counter(
        "fuse_otel_calls_total",
        (*ACCOUNT, "details"),
        "Calls stored for delivery, each counted once, by how complete their log was.",
        details=LogCompleteness,
    ),
    counter(
        "fuse_otel_backfilled_calls_total",
        ACCOUNT,
        "Calls stored an hour or more after their end. The fuse_ metrics leave them out.",
    ),
    counter(
        "fuse_otel_calls_grown_total",
        ACCOUNT,
        "Stored calls whose log got more entries later.",
    ),
    counter(
        "fuse_otel_hook_requests_total",
        ("code",),
        "Responses to the post-call webhook, by HTTP status code.",
        code=("202", "400", "401", "404", "408", "413"),
    ),
    counter(
        "fuse_otel_refused_logins_total",
        ("code",),
        "Requests for pages and metrics with a wrong login (401), or after too many of them (429).",
        code=("401", "429"),
    ),
)

_EXPORT = (
    gauge("fuse_otel_lane_up", LANE, "1 if the lane can deliver, 0 if not."),
    counter(
        "fuse_otel_export_requests_total",
        (*LANE, "code"),
        "Requests to the destination, by status code or by a word such as timeout.",
    ),
    histogram(
        "fuse_otel_export_duration_seconds",
        LANE,
        "Duration of a request to the destination.",
        _EXPORT_SECONDS,
    ),
    counter(
        "fuse_otel_exported_items_total",
        LANE,
        "Spans or log records that the destination accepted.",
    ),
    counter(
        "fuse_otel_rejected_items_total",
        LANE,
        "Spans or log records that the destination rejected.",
    ),
    counter(
        "fuse_otel_send_failed_items_total",
        LANE,
        "Spans or log records in requests that failed. They are sent again, and counted each time.",
    ),
    counter(
        "fuse_otel_sent_bytes_total",
        LANE,
        "Compressed bytes of the requests to the destination, repeated ones included.",
    ),
    histogram(
        "fuse_otel_export_request_size_bytes",
        LANE,
        "Size of a request to the destination before compression.",
        _REQUEST_BYTES,
    ),
    gauge(
        "fuse_otel_lane_last_error_timestamp_seconds",
        LANE,
        "When a request of the lane last failed. Absent if none has failed.",
    ),
    histogram(
        "fuse_otel_call_end_to_export_seconds",
        LANE,
        "Time from the end of a live call until the lane delivered it.",
        _LATENCY_SECONDS,
    ),
    histogram(
        "fuse_otel_caught_up_call_end_to_export_seconds",
        LANE,
        "The same time of calls that were stored late: history, backfill, grown, replayed calls.",
        _LATENCY_SECONDS,
    ),
    counter(
        "fuse_otel_damaged_calls_total",
        LANE,
        "Calls in stored batches that were found damaged. They are read again, or parked.",
    ),
)

STORED = (
    gauge("fuse_otel_outbox_calls", LANE, "Calls that wait for the lane."),
    gauge(
        "fuse_otel_outbox_oldest_timestamp_seconds",
        LANE,
        "End of the oldest call that waits for the lane. Absent while none waits.",
    ),
    gauge("fuse_otel_parked_calls", LANE, "Calls that the destination refused, kept for replay."),
    gauge(
        "fuse_otel_lane_paused_timestamp_seconds",
        LANE,
        "When an operator paused the lane. Absent if it is not paused.",
    ),
    gauge("fuse_otel_outbox_bytes", (), "Bytes in the store that count for its cap."),
    gauge("fuse_otel_outbox_capacity_bytes", (), "The limit of these bytes. Polling stops there."),
    gauge("fuse_otel_store_size_bytes", (), "Size of the store's database."),
    gauge(
        "fuse_otel_store_free_disk_bytes",
        (),
        "Free bytes on the disk of the store. Absent for a store in memory.",
    ),
    gauge(
        "fuse_otel_store_moved_aside_timestamp_seconds",
        (),
        "When this store replaced a damaged one. Absent if it never did.",
    ),
)
"""These are read from the store at every scrape. They are absent while the store fails."""

_DAEMON = (
    Family(
        "fuse_otel_build_info",
        MetricKind.INFO,
        ("version", "python"),
        "Always 1. The labels are the versions of the daemon and of Python.",
    ),
    counter(
        "fuse_otel_redactions_total",
        ("rule",),
        "Values that a redaction rule removed, by rule.",
        rule=REDACTIONS,
    ),
    counter(
        "fuse_otel_truncations_total",
        ("kind",),
        "Values cut to fit a limit, by kind.",
        kind=TRUNCATIONS,
    ),
    counter(
        "fuse_otel_parse_anomalies_total",
        ("kind",),
        "Unexpected data in API answers, by kind.",
        kind=ANOMALIES,
    ),
    counter(
        "fuse_otel_label_overflows_total",
        ("label",),
        "Values of a label that became #other#, because the cap of their account was reached.",
        label=CAPPED_LABELS,
    ),
    counter(
        "fuse_otel_store_errors_total",
        ("error_type",),
        "Transactions that failed, by error.",
        error_type=[each.error_type for each in StoreError.__subclasses__()],
    ),
    counter(
        "fuse_otel_loop_errors_total",
        LOOP,
        "Unexpected errors in a loop. The loop retries with back-off.",
    ),
    gauge(
        "fuse_otel_config_last_reload_successful",
        (),
        "1 if the last reload succeeded, 0 if the old configuration was kept.",
    ),
    gauge(
        "fuse_otel_config_last_reload_success_timestamp_seconds",
        (),
        "When the configuration was last read successfully, at the start or by a reload.",
    ),
)

FAMILIES: tuple[Family, ...] = (*_DAEMON, *_READING, *_EXPORT, *STORED, *CALL_FAMILIES)
"""All of them. The process and Python families of prometheus_client come on top."""
BY_NAME = {family.name: family for family in FAMILIES}
