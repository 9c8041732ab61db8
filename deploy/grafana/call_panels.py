"""What two dashboards show of the calls of a selection."""

from __future__ import annotations

from deploy.grafana.call_queries import RANGE, CallQueries, share
from deploy.grafana.panels import Panel, number, rising


def outcome_panels(selection: CallQueries) -> tuple[Panel, ...]:
    calls = selection.counted("fuse_calls_total", RANGE)
    errors = selection.counted("fuse_calls_total", RANGE, where='status="error"')
    contained = selection.counted("fuse_contained_calls_total", RANGE)
    return (
        number("Calls", "Calls that were stored in this time range.", "short", calls),
        number(
            "Calls with an error",
            "Share of the calls that have an error according to the error policy.",
            "percentunit",
            share(errors, calls),
            limits=rising(0.05, 0.2),
        ),
        number(
            "Contained calls",
            "Share of the calls that ended without an answered transfer.",
            "percentunit",
            share(contained, calls),
        ),
    )


def steps(selection: CallQueries, where: str = "") -> str:
    """How often calls went from one module to the next."""
    made = selection.counted("fuse_module_transitions_total", RANGE, by="from, to", where=where)
    return f"round({made}) > 0"
