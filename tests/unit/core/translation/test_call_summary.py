"""What the metrics learn of a call: errors, answers, transfers, requests, containment."""

import pytest
from support.builders.golden_calls import simulated
from support.oracle.translate import transform

from fuse_otel.core.model.call import (
    CallLog,
    Direction,
    Entry,
    ListedCall,
    LogCompleteness,
    LogState,
    log_completeness,
)
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import HttpRequest

START = 1_763_467_200


def summary_of(*entries, log_class="info"):
    """Each entry: module type, line, and what else it has."""
    made = tuple(
        Entry(
            index, facts.pop("log_class", log_class), line, START + index, module_type, "it", facts
        )
        for index, (module_type, line, facts) in enumerate(entries)
    )
    call = ListedCall(
        "1;1;1", START, START + len(made), Direction.INBOUND, "inbound",
        logged=True, user_hash=None, destination=None,
    )  # fmt: skip
    log = CallLog(LogState.PRESENT, made, len(made))
    return transform(call, log, LogCompleteness.OPEN, ModelOptions()).summary


def golden_summary(name):
    call = simulated(name)
    details = log_completeness(call.call, call.log)
    return transform(call.call, call.log, details, call.options).summary


def test_answers_are_counted_in_their_order():
    summary = summary_of(
        ("menu", "No input", {}), ("menu", "No match: 7 (dtmf)", {}),
        ("menu", "User input: 1 (dtmf)", {}),
    )  # fmt: skip
    (run,) = summary.modules
    assert run.inputs == ("no_input", "no_match", "match")
    assert (run.errors, run.transfer, run.http) == ((), "", None)


@pytest.mark.parametrize(
    ("lines", "log_class", "expected", "errors"),
    [
        (["Response: HTTP 204"], "info", "2xx", ()),
        (["Request failed: HTTP 504"], "error", "5xx", ("504",)),
        (["Request timed out"], "error", "error", ("timeout",)),
        ([], "info", "unknown", ()),
    ],
)
@pytest.mark.parametrize("kind", ["rest", "SOAP"])
def test_a_web_request_has_a_server_and_the_class_of_its_status(
    kind, lines, log_class, expected, errors
):
    first = (kind, "Request: GET https://api.example.com/v1/claims", {})
    rest = [(kind, line, {"log_class": log_class}) for line in lines]
    (run,) = summary_of(first, *rest).modules
    assert run.http == HttpRequest("api.example.com", expected)
    assert run.errors == errors


def test_a_request_that_names_no_server_says_so():
    (run,) = summary_of(("rest", "Response: HTTP 200", {})).modules
    assert run.http == HttpRequest("unknown", "2xx")


@pytest.mark.parametrize(
    ("line", "result", "contained"),
    [
        ("Transfer result: busy", "busy", True),
        ("Transfer result: noanswer", "noanswer", True),
        ("Transfer result: far_end_disconnect", "far_end_disconnect", False),
        ("Transferring", "unknown", False),
    ],
)
def test_a_call_is_contained_unless_a_transfer_was_answered(line, result, contained):
    summary = summary_of(("transfer", line, {}), ("exit", "Exiting application", {}))
    assert summary.modules[0].transfer == result
    assert summary.contained is contained


def test_a_call_without_a_transfer_is_contained_and_one_without_a_log_is_not():
    assert summary_of(("menu", "User input: 1 (dtmf)", {})).contained
    assert not summary_of().contained


def test_the_kinds_of_all_error_entries_are_kept():
    summary = summary_of(
        ("rest", "Request failed: HTTP 504", {}), ("rest", "Request timed out", {}),
        log_class="error",
    )  # fmt: skip
    assert summary.modules[0].errors == ("504", "timeout")


def test_a_simulated_call_has_what_its_log_shows():
    summary = golden_summary("payment-declined")
    runs = {run.result_variable: run for run in summary.modules}
    assert runs["charge"].http == HttpRequest("gateway.example.com", "5xx")
    assert runs["charge"].errors == ("504",)
    assert "match" in runs["account_number"].inputs
    assert golden_summary("claims-transferred").contained is False
