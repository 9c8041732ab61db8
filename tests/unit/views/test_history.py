"""The last day as series of numbers and sentences."""

from support.builders.store_values import NOW

from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.ports import (
    SLOT,
    SLOTS,
    AccountStatus,
    CallCount,
    NumberPosition,
    ReportedState,
    Sample,
    Status,
    slot_of,
)
from fuse_otel.views.history import first_slot, history, sample_of

HERE = slot_of(NOW)  # 14:10Z
UP = ReportedState("up")


def account(name, cursor, reported=UP):
    numbers = {} if cursor is None else {"": NumberPosition(cursor, 0)}
    return AccountStatus(name, numbers, (), 0, None, 0, reported=reported)


def status(*accounts):
    return Status(accounts, (), 0, 0)


def test_a_sample_has_the_worst_of_all_accounts():
    accounts = status(account("a", NOW - 20), account("b", NOW - 500))
    assert sample_of(accounts, NOW) == Sample(HERE, 500, RETENTION - 500)


def test_an_account_that_the_daemon_does_not_have_does_not_count():
    accounts = status(account("a", NOW - 20), account("former", 0, ReportedState()))
    assert sample_of(accounts, NOW + 0.7) == Sample(HERE, 20, RETENTION - 21)


def test_before_the_first_poll_there_is_no_sample():
    assert sample_of(status(account("a", None)), NOW) is None
    assert sample_of(status(), NOW) is None


def test_a_cursor_ahead_of_the_clock_is_no_negative_lag():
    assert sample_of(status(account("a", NOW + 90)), NOW) == Sample(HERE, 0, RETENTION)


def test_each_series_has_a_value_for_each_slot_of_a_day():
    counts = [CallCount(HERE - SLOT, 12, 3), CallCount(HERE, 2, 0)]
    samples = [Sample(HERE - SLOT, 46, 400_000), Sample(HERE, 20, 400_500)]
    made = history(counts, samples, NOW)
    assert [each.name for each in made] == ["calls", "errors", "lag", "headroom"]
    assert [len(each.values) for each in made] == [SLOTS] * 4
    assert [each.values[-2:] for each in made] == [(12, 2), (3, 0), (46, 20), (400_000, 400_500)]
    assert [each.values[0] for each in made] == [0, 0, None, None]
    assert [each.top for each in made] == [12, 3, 60, RETENTION]
    assert [each.top_text for each in made] == ["2.4", "3", "1 min", "5 d"]
    assert [each.text for each in made] == [
        "14 calls, at most 2.4 a minute at 14:05Z.",
        "3 calls with an error, at most 3 in 5 minutes at 14:05Z.",
        "At most 46 s at 14:05Z, last 20 s.",
        "At least 4 d 15 h at 14:05Z, last 4 d 15 h.",
    ]


def test_without_calls_and_samples_the_sentences_say_so():
    texts = [each.text for each in history([], [], NOW)]
    nothing = "Nothing was recorded yet."
    assert texts == ["0 calls.", "0 calls with an error.", nothing, nothing]


def test_what_is_older_than_a_day_is_left_out():
    old = first_slot(NOW) - SLOT
    made = history([CallCount(old, 9, 9)], [Sample(old, 9, 9)], NOW)
    assert not any(any(each.values) for each in made)
