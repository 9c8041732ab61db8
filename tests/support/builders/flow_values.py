"""Calls as a list of steps, for tests of the call flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fuse_otel.core.model.call_flow import path_text
from fuse_otel.core.model.telemetry import ModuleRun
from fuse_otel.ports import IndexedCall
from support.builders.store_values import NOW


def runs(*steps: str, seconds: float = 1.0) -> tuple[ModuleRun, ...]:
    """``menu main``, with ``!`` behind it for an error and ``?`` for an answer without a match."""
    made = []
    for each in steps:
        module_type, _, name = each.rstrip("!?").rpartition(" ")
        inputs = ("no_match", "match") if "?" in each else ()
        made.append(ModuleRun(module_type, name, "!" in each, seconds, inputs=inputs))
    return tuple(made)


def stepping_call(session_id: str, steps: Sequence[ModuleRun], **changed: Any) -> IndexedCall:
    """A call of the index that went these steps, hung up unless its outcome is given."""
    fields: dict[str, Any] = {
        "trace_id": "0" * 32,
        "application": "claims line",
        "version": "0.2",
        "direction": "inbound",
        "outcome": "hangup",
        "details": "full",
        "error": False,
        "start": NOW - 60,
        "end": NOW,
        "modules": tuple(dict.fromkeys(run.module for run in steps)),
        "path": path_text(steps),
    }
    return IndexedCall(session_id=session_id, **(fields | changed))
