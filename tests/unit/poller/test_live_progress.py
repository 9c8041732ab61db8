"""Several live scans of a number at once: the cursor never passes a call that is still read."""

from fuse_otel.poller.live_progress import MOST_READING, Claims, LiveProgress


def test_the_cursor_moves_when_all_earlier_scans_have_finished():
    progress = LiveProgress()
    first, second, third = (progress.begin() for _ in range(3))
    assert progress.finish(second, 200) is None
    assert progress.finish(first, 100) == 200
    assert progress.finish(third, 300) == 300


def test_after_a_scan_that_ended_early_no_later_one_moves_the_cursor():
    progress = LiveProgress()
    first, second = progress.begin(), progress.begin()
    progress.close(first)
    assert progress.finish(second, 200) is None
    new = progress.begin()
    assert progress.finish(new, 300) == 300


def test_a_finished_scan_that_waits_for_an_earlier_one_is_not_closed_as_ended_early():
    progress = LiveProgress()
    first, second = progress.begin(), progress.begin()
    progress.finish(second, 200)
    progress.close(second)
    assert progress.finish(first, 100) == 200


def test_only_scans_that_still_read_make_it_crowded():
    progress = LiveProgress()
    turns = [progress.begin() for _ in range(MOST_READING)]
    assert not progress.crowded
    progress.begin()
    assert progress.crowded
    progress.finish(turns[1], 100)
    assert not progress.crowded


def test_a_claimed_call_belongs_to_one_scan_until_it_is_given_back():
    claims = Claims()
    own = claims.take(["a", "b"])
    assert claims.take(["b", "c"]) == {"c"}
    claims.give_back(own)
    assert claims.take(["a", "b", "c"]) == {"a", "b"}
