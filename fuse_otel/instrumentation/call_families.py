"""The metric families of the calls: ``fuse_…``. Every one has the account and the application.

``module`` is the name that the author gave a module, ``module_type`` its type.
"""

from __future__ import annotations

from fuse_otel.core.translation.translate import CallOutcome
from fuse_otel.instrumentation.metric_family import ACCOUNT, counter, histogram

APPLICATION = (*ACCOUNT, "application")
DIRECTION = (*APPLICATION, "direction")
MODULE = (*APPLICATION, "module_type", "module")

STATUSES = ("ok", "error")
TRANSFER_RESULTS = ("noanswer", "busy", "far_end_disconnect", "maxtime_disconnect", "unknown")
CAPPED_LABELS = (
    "application", "class", "module_type", "module", "from", "to", "error_type", "server_address",
)  # fmt: skip
# Calls last from a hang-up in the greeting to the hours of a conference.
_CALL_SECONDS = (
    5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0,
)  # fmt: skip
# The API has whole seconds only: 0.5 holds the executions that took less than one. Few bounds,
# because every module has its own series.
_MODULE_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)

CALL_FAMILIES = (
    counter(
        "fuse_calls_total",
        (*DIRECTION, "outcome", "status"),
        "Calls, by how they ended. The status is error or ok.",
        outcome=CallOutcome,
        status=STATUSES,
    ),
    histogram("fuse_call_duration_seconds", DIRECTION, "Duration of calls.", _CALL_SECONDS),
    counter(
        "fuse_contained_calls_total",
        DIRECTION,
        "Calls that ended without an answered transfer. Calls of an unknown outcome are left out.",
    ),
    counter(
        "fuse_repeat_calls_total",
        APPLICATION,
        "Inbound calls whose caller had another call with the account within 24 hours before.",
    ),
    counter(
        "fuse_module_executions_total",
        (*MODULE, "status"),
        "Executions of modules. The status is error or ok.",
        status=STATUSES,
    ),
    histogram(
        "fuse_module_duration_seconds",
        MODULE,
        "Time that callers spent in a module. The API reports whole seconds.",
        _MODULE_SECONDS,
    ),
    counter(
        "fuse_errors_total",
        (*MODULE, "error_type"),
        "Entries of class error in call logs, by the kind of error.",
    ),
    counter(
        "fuse_transfers_total",
        (*MODULE, "result"),
        "Executions of transfer modules, by result. The result is unknown if Plum logged none.",
        result=TRANSFER_RESULTS,
    ),
    counter(
        "fuse_inputs_total",
        (*MODULE, "result"),
        "Answers of callers to a question: match, no_match or no_input.",
        result=("match", "no_match", "no_input"),
    ),
    counter(
        "fuse_http_requests_total",
        (*MODULE, "server_address", "status_class"),
        "Executions of REST and SOAP modules, by the class of the HTTP status: 2xx to 5xx, error"
        " if there was no response, unknown if Plum logged nothing.",
        status_class=("1xx", "2xx", "3xx", "4xx", "5xx", "error", "unknown"),
    ),
    counter(
        "fuse_module_transitions_total",
        (*APPLICATION, "from", "to"),
        "Steps of calls from a module to the next one, each as type and name. The last step of a"
        " call goes to exit, hangup or transfer.",
    ),
    counter(
        "fuse_call_exits_total",
        (*MODULE, "how"),
        "Where calls ended: the last module, and how.",
        how=CallOutcome,
    ),
    counter(
        "fuse_log_entries_total",
        (*APPLICATION, "class"),
        "Entries of call logs, by class.",
    ),
)
