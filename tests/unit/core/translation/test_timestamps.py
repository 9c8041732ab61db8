import pytest
from support.builders.call_values import make_call, make_entry, make_log

from fuse_otel.core.timing.windows import DAY
from fuse_otel.core.translation.timeline import executions
from fuse_otel.core.translation.timestamps import FRAME, SECOND, call_times, moments

START, END = 1_700_000_000, 1_700_000_100


def timed(*seconds, start=START, end=END):
    return moments([make_entry(at=at, index=i) for i, at in enumerate(seconds)], start, end)


def at(second, step=0):
    return second * SECOND + step * 1000


def test_entries_of_a_second_stand_a_microsecond_apart():
    assert [m.nanoseconds for m in timed(START, START, START + 1, START + 1)] == [
        at(START),
        at(START, 1),
        at(START + 1),
        at(START + 1, 1),
    ]


def test_a_step_back_is_held_at_its_predecessor_and_marked():
    assert timed(START + 5, START + 3, START + 5) == [
        (at(START + 5), False),
        (at(START + 5, 1), True),
        (at(START + 5, 2), False),
    ]


@pytest.mark.parametrize("wrong", [None, END + FRAME + 1, END + 5 * 3600, 10**30])
def test_a_missing_time_or_one_behind_the_call_is_carried_forward_between_others(wrong):
    assert timed(START + 1, wrong, START + 2) == [
        (at(START + 1), False),
        (at(START + 1, 1), True),
        (at(START + 2), False),
    ]


@pytest.mark.parametrize("late", [END + FRAME + 1, END + 5 * 3600, 10**30])
def test_times_behind_the_call_are_clamped_to_half_an_hour_after_its_end(late):
    assert timed(START + 1, late, late + 7) == [
        (at(START + 1), False),
        (at(END + FRAME), True),
        (at(END + FRAME, 1), True),
    ]


@pytest.mark.parametrize("early", [START - FRAME - 1, START - 5 * 3600, -5])
def test_times_before_the_call_are_clamped_to_half_an_hour_before_its_start(early):
    assert timed(early, early - 7, START + 1) == [
        (at(START - FRAME), True),
        (at(START - FRAME, 1), True),
        (at(START + 1), False),
    ]
    assert timed(START + 1, early, START + 2)[1] == (at(START + 1, 1), True)


@pytest.mark.parametrize("edge", [START - FRAME, END + FRAME])
def test_a_time_within_half_an_hour_of_the_call_is_kept(edge):
    assert timed(edge) == [(at(edge), False)]


@pytest.mark.parametrize("hours", [-11, -5, 5, 9])
def test_entries_of_another_time_zone_do_not_stretch_a_call_to_hours(hours):
    entries = [make_entry(at=START + hours * 3600 + n, index=n) for n in range(15)]
    made = moments(entries, START, START + 15)
    assert all(moment.inferred for moment in made)
    assert made[-1].nanoseconds - made[0].nanoseconds < 2 * FRAME * SECOND
    assert at(START - FRAME) <= made[0].nanoseconds <= at(START + 15 + FRAME)


def known(start, end, *stamps):
    log = make_log(*(make_entry(at=stamp) for stamp in stamps))
    return tuple(call_times(make_call(start=start, end=end), log.entries))


YEAR = 365 * DAY


@pytest.mark.parametrize(
    ("start", "end", "stamps", "times"),
    [
        (START, END, [START, END], (START, END, False)),
        (START, START + DAY, [], (START, START + DAY, False)),
        (START, START + YEAR, [], (START, START, True)),
        (START, START + YEAR, [START, START + 9], (START, START + 9, True)),
        (START, START + YEAR, [START, None], (START, START, True)),
        (START, START + 3 * DAY, [START, START + 2 * DAY], (START, START + 3 * DAY, False)),
        (1, END, [START, END], (START, END, True)),
        (1, END, [], (1, 1, True)),
        (None, None, [START], (None, None, False)),
        (2**40, 2**40, [START], (None, None, False)),
    ],
)
def test_an_end_or_start_a_day_away_from_the_rest_of_a_call_is_ignored(start, end, stamps, times):
    assert known(start, end, *stamps) == times


def test_without_a_time_of_its_own_the_first_entry_has_the_calls_start():
    assert timed(None, START + 2) == [(at(START), True), (at(START + 2), False)]


def test_an_entry_before_the_calls_start_pulls_the_first_one_with_it():
    assert timed(None, START - 2) == [(at(START - 2), True), (at(START - 2, 1), False)]


def test_a_call_without_times_takes_those_of_its_entries():
    assert timed(None, 50, start=None, end=None) == [(at(50), True), (at(50, 1), False)]


def test_a_call_without_any_time_is_at_the_epoch():
    assert timed(None, None, start=None, end=None) == [(0, True), (1000, True)]


@pytest.mark.slow
def test_a_million_entries_of_a_second_stay_within_it():
    made = timed(*[START] * 1_000_002, START + 1)
    assert made[-2].nanoseconds == made[-3].nanoseconds == at(START, 999_999)
    assert made[-1].nanoseconds == at(START + 1)


@pytest.mark.parametrize(
    ("written", "read"),
    [(None, None), (-1, None), (0, 0), (START, START), (2**63 // SECOND, None)],
)
def test_a_time_is_readable_if_nanoseconds_can_express_it(written, read):
    assert known(written, written) == (read, read, False)


def runs(*modules, end=END):
    entries = [
        make_entry(module=module, name=name, at=START + place, index=place)
        for place, (module, name) in enumerate(modules)
    ]
    return executions(entries, moments(entries, START, END), end * SECOND if end else None)


def runs_of(found):
    return [(r.module_type, r.result_variable, r.ordinal, r.visit, r.places) for r in found]


def test_a_run_of_one_module_is_one_execution_and_a_return_another():
    assert runs_of(runs(("menu", "m"), ("menu", "m"), ("rest", "r"), ("menu", "m"))) == [
        ("menu", "m", 1, 1, [0, 1]),
        ("rest", "r", 2, 1, [2]),
        ("menu", "m", 3, 2, [3]),
    ]


def test_entries_without_a_module_join_the_execution_before_them():
    assert runs_of(runs(("menu", "m"), (None, None), ("x", None), (None, "y"))) == [
        ("menu", "m", 1, 1, [0, 1, 2, 3])
    ]


def test_leading_entries_without_a_module_open_an_unknown_one():
    assert runs_of(runs((None, None), (None, "x"), ("menu", "m"))) == [
        ("unknown", "unknown", 1, 1, [0, 1]),
        ("menu", "m", 2, 1, [2]),
    ]


def test_an_execution_ends_where_the_next_begins_and_the_last_with_the_call():
    first, last = runs(("menu", "m"), ("rest", "r"))
    assert (first.start, first.end) == (at(START), at(START + 1))
    assert (last.start, last.end) == (at(START + 1), at(END))


@pytest.mark.parametrize("end", [None, START])
def test_the_last_execution_never_ends_before_its_last_entry(end):
    assert runs(("menu", "m"), ("menu", "m"), end=end)[0].end == at(START + 1)


def test_no_entries_are_no_executions():
    assert runs() == []
