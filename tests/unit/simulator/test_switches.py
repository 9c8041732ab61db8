"""How quirks, rates and durations are written."""

import pytest

from fuse_otel.simulator.quirks import Bounds, MissingLog, Quirks
from fuse_otel.simulator.switches import read_duration, read_rate


def test_quirks_are_read_as_their_kinds():
    words = ["bounds=inclusive", "page_cap=50", "running_calls=on", "log_delay=2.5",
             "list_expired=False", "missing_log=null"]  # fmt: skip
    assert Quirks.parsed(words) == Quirks(
        bounds=Bounds.INCLUSIVE,
        page_cap=50,
        running_calls=True,
        log_delay=2.5,
        list_expired=False,
        missing_log=MissingLog.NULL,
    )


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("bounds", "name=value"),
        ("bounds=open", "quirk 'bounds' takes one of: half_open, inclusive"),
        ("bound=inclusive", "there is no quirk 'bound'; there is: filter_by, bounds"),
        ("page_cap=few", "quirk 'page_cap' takes a whole number"),
        ("log_delay=inf", "quirk 'log_delay' takes a number"),
        ("running_calls=maybe", "quirk 'running_calls' takes true or false"),
    ],
)
def test_a_quirk_that_is_written_wrong_is_refused_with_a_sentence(word, sentence):
    with pytest.raises(ValueError, match=sentence):
        Quirks.parsed([word])


@pytest.mark.parametrize(
    ("text", "rate"), [("6/m", 0.1), ("0.5/s", 0.5), ("300/h", 1 / 12), ("1/d", 1 / 86_400)]
)
def test_a_rate_is_calls_a_second(text, rate):
    assert read_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["", "6", "6/y", "/m", "-1/s", "0/s", "1/s/s", "٣/s"])
def test_another_rate_is_refused(text):
    with pytest.raises(ValueError, match="a rate is written like"):
        read_rate(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("30s", 30), ("5m", 300), ("1.5h", 5400), ("2d", 172_800)]
)
def test_a_duration_is_seconds(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "3w", "h", "-3h", "1h30m", "9" * 400])
def test_another_duration_is_refused(text):
    with pytest.raises(ValueError, match="a duration is written like"):
        read_duration(text)
