import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.core.timing.windows import HOUR, RETENTION, Window, WindowSize, around, pieces

windows = st.builds(
    lambda start, seconds: Window(start, start + seconds),
    st.integers(0, 500),
    st.integers(1, 100),
)


@given(windows.filter(lambda window: window.seconds > 1))
def test_halves_share_the_middle_and_are_shorter(window):
    older, newer = window.halves()
    assert (older.start, newer.end) == window
    assert older.end == newer.start
    assert 0 < older.seconds < window.seconds
    assert 0 < newer.seconds < window.seconds


@given(windows, st.lists(windows, max_size=6))
def test_without_leaves_what_the_others_do_not_hold(window, others):
    left = window.without(others)
    covered = {s for other in others for s in range(other.start, other.end)}
    expected = set(range(window.start, window.end)) - covered
    assert [s for part in left for s in range(part.start, part.end)] == sorted(expected)
    assert all(part.seconds > 0 for part in left)


def test_without_touching_neighbours_leaves_the_window_whole():
    assert Window(10, 20).without([Window(0, 10), Window(20, 30)]) == [Window(10, 20)]


@pytest.mark.parametrize(
    ("listed", "seconds"), [(0, 2 * HOUR), (999, 2 * HOUR), (1000, HOUR), (2001, HOUR // 2)]
)
def test_few_calls_make_the_next_window_longer_and_many_shorter(listed, seconds):
    size = WindowSize()
    size.learn(listed)
    assert size.seconds == seconds


def test_the_size_stays_within_a_second_and_five_days():
    size = WindowSize()
    for _ in range(20):
        size.learn(0)
    assert size.seconds == RETENTION
    for _ in range(40):
        size.learn(10_000)
    assert size.seconds == 1


def test_pieces_follow_one_another_while_the_size_learns():
    size = WindowSize()
    found = []
    for piece in pieces(Window(0, 10 * HOUR), size):
        found.append(piece)
        size.learn(0)
    assert found == [
        Window(0, HOUR),
        Window(HOUR, 3 * HOUR),
        Window(3 * HOUR, 7 * HOUR),
        Window(7 * HOUR, 10 * HOUR),
    ]
    assert list(pieces(Window(5, 5), size)) == []


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=30), st.integers(0, 900))
def test_windows_around_times_hold_all_of_them_and_little_else(times, joined):
    found = around(times, joined)
    assert all(any(window.start <= time < window.end for window in found) for time in times)
    assert {window.start for window in found} | {window.end - 1 for window in found} <= set(times)
    assert all(b.start - a.end > joined for a, b in itertools.pairwise(found))


def test_there_are_no_windows_around_nothing():
    assert around([]) == []
