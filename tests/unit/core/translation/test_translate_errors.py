"""What an error makes of its span and its call, and what a trace context links."""

import pytest
from support.builders.call_values import APPLICATION, EXIT, START, made_of, make_entry

from fuse_otel.core.model.options import ModelOptions

ERROR = make_entry("Request failed: HTTP 503", "rest", "find", "error", START + 5)
OTHER_ERROR = make_entry("nobody knows this", "evaluate js", "js", "error", START + 6)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_an_error_entry_fails_its_span_and_the_call():
    root, _, span, _ = made_of(APPLICATION, ERROR, EXIT).spans
    for failed in (root, span):
        assert failed.error
        assert failed.message == "Request failed: HTTP 503"
        assert failed.attributes["error.type"] == "503"


@pytest.mark.parametrize(
    ("entry", "error_type", "message"),
    [
        (OTHER_ERROR, "_OTHER", ""),
        (make_entry("x", "rest", "r", "error", status_code=404), "404", ""),
        (make_entry("x", "rest", "r", "ERROR", status_code=200), "_OTHER", ""),
        (make_entry("x", "dynamodb", "d", "error", error="ThrottlingException"),
         "ThrottlingException", ""),
        (make_entry("Maximum number of attempts reached", "menu", "m", "error"),
         "max_attempts", "Maximum number of attempts reached"),
    ],
)  # fmt: skip
def test_the_kind_of_an_error_is_a_word_of_few(entry, error_type, message):
    made = made_of(entry)
    assert made.spans[1].attributes["error.type"] == error_type
    assert made.spans[1].message == message
    assert made.records[0].attributes["error.type"] == error_type


def test_the_error_policy_last_lets_only_the_last_execution_fail_the_call():
    last = ModelOptions(error_policy="last")
    assert not made_of(ERROR, EXIT, options=last).spans[0].error
    assert made_of(ERROR, OTHER_ERROR, options=last).spans[0].attributes["error.type"] == "_OTHER"
    assert made_of(ERROR, EXIT, options=last).spans[1].error


@pytest.mark.parametrize(
    "where",
    [
        {"line": f"traceparent={TRACEPARENT}"},
        {"headers": {"traceparent": TRACEPARENT}},
        {"headers": [["traceparent", TRACEPARENT]]},
        {"request": {"headers": [{"name": "traceparent", "value": TRACEPARENT}]}},
        {"note": f"<{TRACEPARENT}>"},
    ],
)
def test_a_traceparent_becomes_a_link_of_its_span(where):
    (link,) = (
        made_of(make_entry(module="rest", **where), make_entry(module="rest", **where))
        .spans[1]
        .links
    )
    assert link.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert link.span_id.hex() == "b7ad6b7169203331"


def test_a_span_has_128_links_at_most():
    links = [f"00-{n:032x}-b7ad6b7169203331-01" for n in range(1, 200)]
    made = made_of(*(make_entry(module="rest", note=link) for link in [*links, *links]))
    assert [link.trace_id for link in made.spans[1].links] == [
        n.to_bytes(16, "big") for n in range(1, 129)
    ]
    assert made.tally.truncations == {"links": 1}


@pytest.mark.parametrize(
    "text",
    [
        TRACEPARENT.replace("00-", "ff-"),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        TRACEPARENT[:-3],
        "1" + TRACEPARENT,
        " " * 5000 + TRACEPARENT,
    ],
)
def test_what_is_no_traceparent_links_nothing(text):
    assert made_of(make_entry(text)).spans[1].links == ()


def test_a_trace_context_too_deep_in_the_data_is_not_searched_for():
    deep = TRACEPARENT
    for _ in range(5000):
        deep = [deep]
    assert made_of(make_entry(x=deep)).spans[1].links == ()
