import io

import pytest

from fuse_otel.cli.terminal.progress import Progress
from fuse_otel.cli.terminal.text import columns
from fuse_otel.ports import JobStatus

BACK = "\r\x1b[K"


class Shown:
    """A progress and what it wrote, with a clock that is moved by hand."""

    def __init__(self, total=1000, **options):
        self.now = 100.0
        self.stream = io.StringIO()
        self.progress = Progress(self.stream, total, clock=lambda: self.now, **options)

    def show(self, calls, entries, left, at=0.0, state="working"):
        self.now = 100.0 + at
        self.progress.show(JobStatus(1, state, "", calls, entries, left))

    @property
    def written(self):
        return self.stream.getvalue()

    @property
    def line(self):
        return self.written.rsplit(BACK, 1)[-1]


def test_a_bar_shows_share_calls_entries_rate_and_the_time_left():
    shown = Shown(live=True)
    shown.show(0, 0, 1000)
    shown.show(400, 9000, 750, at=10)

    bar, text = shown.line.split("  25%")
    assert bar.count("█") == round((len(bar)) / 4)
    assert text == "  400 calls  9,000 entries  40 calls/s  30 s left"


@pytest.mark.parametrize("width", [50, 80, 200])
def test_the_line_fits_and_leaves_the_last_column(width):
    shown = Shown(live=True, width=width)
    shown.show(0, 0, 1000)
    shown.show(123_456, 9_876_543, 999, at=3600)

    assert columns(shown.line) < width


def test_it_is_drawn_a_few_times_a_second_and_only_while_something_is_read():
    shown = Shown(live=True)
    shown.show(0, 0, 0, state="waiting")
    assert shown.written == ""
    for step in range(100):
        shown.show(step, step, 1000 - step, at=step / 100)
    assert 4 <= shown.written.count(BACK) <= 6


def test_without_a_terminal_it_is_a_line_every_ten_seconds():
    shown = Shown(live=False)
    for second in range(21):
        shown.show(second, 10 * second, 1000 - 10 * second, at=second)

    assert shown.written.splitlines() == [
        "reading the first window, 0 calls, 0 entries",
        "10%, 10 calls, 100 entries, 1 calls/s, 1 min 30 s left",
        "20%, 20 calls, 200 entries, 1 calls/s, 1 min 20 s left",
    ]


def test_what_else_is_written_stands_above_the_line():
    shown = Shown(live=True)
    shown.show(1, 1, 500)
    shown.progress.write("a warning\n")
    shown.progress.flush()
    assert shown.written.endswith(f"{BACK}a warning\n")

    shown.show(2, 2, 400, at=1)
    shown.progress.erase()
    assert shown.written.endswith(BACK)
    shown.progress.erase()
    assert shown.written.count(BACK) == 4


def test_colour_is_for_the_bar_alone():
    shown = Shown(live=True, colour=True)
    shown.show(1, 1, 500)
    assert "\x1b[36m█" in shown.line
    assert "\x1b[2m░" in shown.line
    assert "\x1b" not in shown.line.split("50%")[1]


def test_an_interval_that_is_longer_for_the_daemon_is_no_negative_share():
    shown = Shown(total=10, live=False)
    shown.show(1, 1, 500)
    assert shown.written == "reading the first window, 1 call, 1 entry\n"


def test_the_last_seconds_of_an_interval_are_not_all_of_it():
    """A backfill up to now beside a daemon: the calls are known, and the end is not settled yet."""
    shown = Shown(total=432_000, live=False)
    shown.show(0, 0, 432_000)
    shown.show(0, 0, 15, at=10)
    shown.show(0, 0, 0, at=20)
    assert shown.written.splitlines()[1:] == [
        "99%, 0 calls, 0 entries, 0 calls/s, reading the last window",
        "100%, 0 calls, 0 entries, 0 calls/s, reading the last window",
    ]
