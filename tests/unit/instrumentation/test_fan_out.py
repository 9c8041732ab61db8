"""One emit for many subscribers."""

from fuse_otel.events import HookAnswered
from fuse_otel.instrumentation import fan_out

EVENT = HookAnswered(202)


def broken(_event):
    raise RuntimeError("the disk of the log is full")


def test_everybody_hears_everything_in_order():
    heard = []
    emit = fan_out(lambda event: heard.append((1, event)), lambda event: heard.append((2, event)))
    emit(EVENT)
    assert heard == [(1, EVENT), (2, EVENT)]


def test_a_broken_subscriber_stops_nobody_and_the_others_are_reported():
    first, last = [], []
    fan_out(first.append, broken, last.append)(EVENT)
    _, failure = first
    assert (str(failure.loop), failure.error_type) == ("instrumentation", "RuntimeError")
    assert failure.where.startswith("instrumentation/test_fan_out.py:")
    assert first == [EVENT, failure]
    assert last == [failure, EVENT]


def test_that_all_are_broken_is_survived():
    fan_out(broken, broken)(EVENT)


def test_nobody_need_listen():
    fan_out()(EVENT)
