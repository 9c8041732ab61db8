"""What the pages keep of a stored call: its drawing, and its facts for the index of calls."""

from __future__ import annotations

from fuse_otel.core.encoding.renderer import RenderedCall
from fuse_otel.core.model.call_flow import path_text
from fuse_otel.ports import IndexedCall, RecentCall


def recent_call(call: RenderedCall, account: str) -> RecentCall:
    summary = call.summary
    return RecentCall(
        session_id=call.session_id,
        trace_id=call.trace_id,
        application=summary.application,
        direction=summary.direction,
        outcome=summary.outcome,
        details=call.details,
        error=summary.error,
        start=call.start,
        end=call.end,
        traces=call.traces,
        logs=call.logs,
        account=account,
    )


def indexed_call(call: RenderedCall) -> IndexedCall:
    summary = call.summary
    failed = summary.failed
    return IndexedCall(
        session_id=call.session_id,
        trace_id=call.trace_id,
        application=summary.application,
        version=summary.version,
        direction=summary.direction,
        outcome=summary.outcome,
        details=call.details,
        error=summary.error,
        start=call.start,
        end=call.end,
        failed_module=failed.module if failed else "",
        error_type=failed.errors[0] if failed else "",
        modules=tuple(dict.fromkeys(run.module for run in summary.modules)),
        path=path_text(summary.modules),
    )
