"""The marks of the axis above a waterfall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.views.waterfall import Scale

SECOND = 10**9


@pytest.mark.parametrize(
    ("lasted", "texts"),
    [
        (0, []),
        (0.0005, ["0:00"]),
        (0.005, ["0:00", "0.001 s", "0.002 s", "0.003 s", "0.004 s", "0.005 s"]),
        (0.9, ["0:00", "0.2 s", "0.4 s", "0.6 s", "0.8 s"]),
        (3, ["0:00", "0.5 s", "0:01", "1.5 s", "0:02", "2.5 s", "0:03"]),
        (95, ["0:00", "0:30", "1:00", "1:30"]),
        (7200, ["0:00", "30:00", "1:00:00", "1:30:00", "2:00:00"]),
    ],
)
def test_marks_are_round_times(lasted, texts):
    scale = Scale(7 * SECOND, 7 * SECOND + round(lasted * SECOND))
    assert [tick.text for tick in scale.ticks()] == texts


@given(st.integers(0, 10**19), st.integers(0, 10**19))
def test_marks_are_few_and_lie_on_the_axis(start, lasted):
    ticks = Scale(start, start + lasted).ticks()
    assert len(ticks) <= 7
    assert all(0 <= tick.share <= 1.000001 for tick in ticks)
    assert [tick.share for tick in ticks] == sorted({tick.share for tick in ticks})
