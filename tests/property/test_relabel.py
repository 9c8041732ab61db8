"""Logs relabelled for another back-end profile are the bytes that the writer makes of the call."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.builders.telemetry_values import (
    NOON,
    SECOND,
    make_record,
    make_span,
    make_telemetry,
    telemetries,
)
from support.oracle.writer import encode_logs, encode_traces
from support.scale import scaled

from fuse_otel.core.encoding.relabel import relabel_logs
from fuse_otel.core.model.telemetry import Profile

PROFILES = st.sampled_from(Profile)
NAMES = st.sampled_from(["", "off", "service.instance.id", "hour"])


@settings(max_examples=scaled(150))
@given(telemetries(), PROFILES, NAMES, PROFILES, NAMES)
def test_it_makes_no_difference_how_the_call_was_written_before(call, was, was_name, now, name):
    # As the transform gives them.
    call = replace(call, records=sorted(call.records, key=lambda record: record.time))
    before = encode_logs(call, was, was_name)
    assert relabel_logs(before, now, name) == encode_logs(call, now, name)


def test_a_call_over_three_hours_is_parted_by_the_hour_and_joined_again():
    hours = [NOON + hour * 3600 * SECOND for hour in range(3) for _ in range(2)]
    call = make_telemetry(records=[make_record(time) for time in hours])
    generic = encode_logs(call, Profile.GENERIC, "hour")
    loki = encode_logs(call, Profile.LOKI, "hour")

    assert loki.count(b"2025-11-18T1") == 3
    assert relabel_logs(generic, Profile.LOKI, "hour") == loki
    assert relabel_logs(loki, Profile.GENERIC, "hour") == generic


def test_an_attribute_of_that_name_that_shows_no_hour_is_the_users():
    resource = {"service.instance.id": "pod-7", "service.name": "claims"}
    call = make_telemetry(records=[make_record()], resource=resource)
    generic = encode_logs(call, Profile.GENERIC, "")

    assert relabel_logs(generic, Profile.GENERIC, "service.instance.id") == generic
    assert relabel_logs(generic, Profile.LOKI, "service.instance.id") == encode_logs(
        call, Profile.LOKI, "service.instance.id"
    )


@settings(max_examples=scaled(50))
@given(st.binary(max_size=60))
def test_other_bytes_raise_nothing_but_a_value_error(data):
    with suppress(ValueError):
        relabel_logs(data, Profile.LOKI, "hour")


def test_what_is_no_call_is_refused():
    traces = encode_traces(make_telemetry(spans=[make_span()]))
    for data in (traces + b"\x12\x00", b"\x08\x01", b"\x0a\x02\x0a\xff"):
        with pytest.raises(ValueError, match=r"not the logs|no message"):
            relabel_logs(data, Profile.LOKI, "hour")
