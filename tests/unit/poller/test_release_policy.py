import pytest

from fuse_otel.core.model.call import (
    EXPIRED_LOG,
    MISSING_LOG,
    TOO_LARGE_LOG,
    CallLog,
    Direction,
    Entry,
    ListedCall,
    LogCompleteness,
    LogState,
    Seen,
)
from fuse_otel.poller.release_policy import (
    Export,
    KeepPending,
    Nothing,
    ReleaseTime,
    failing,
    release_policy,
)
from fuse_otel.ports import PendingReason

END = 1_790_000_000
DAY = 86_400
GROW = 120.0


def call(end: int | None = END, *, logged: bool = True) -> ListedCall:
    return ListedCall("1;2;3", end, end, Direction.INBOUND, "inbound", logged, None, None)


def log(*times: int | None, exited: bool = False) -> CallLog:
    modules = ["prompt"] * len(times)
    if exited:
        modules[-1] = "exit"
    entries = tuple(
        Entry(index, "info", "line", time, module, "x", {})
        for index, (time, module) in enumerate(zip(times, modules, strict=True))
    )
    return CallLog(LogState.PRESENT, entries, len(entries))


def at(after: float, *, may_give_up: bool = True) -> ReleaseTime:
    return ReleaseTime(END + after, END + after, may_give_up)


def decided(answer: CallLog, after: float, seen: Seen | None = None, **of_call: object):
    now = END + after
    return release_policy(call(**of_call), answer, seen, ReleaseTime(now, now), GROW)


@pytest.mark.parametrize(
    ("answer", "after", "decision"),
    [
        (log(END - 9, END, exited=True), 1, Export(LogCompleteness.FULL)),
        (log(END - 9, END, exited=True), 9 * DAY, Export(LogCompleteness.FULL)),
        (EXPIRED_LOG, 1, Export(LogCompleteness.EXPIRED)),
        (TOO_LARGE_LOG, 1, Export(LogCompleteness.OPEN)),
        # A hang-up: held shortly if the log reaches the end, …
        (log(END - 2), 14, KeepPending(PendingReason.GROWING, END + 16)),
        (log(END - 2), 15, Export(LogCompleteness.OPEN, END + 900)),
        # … longer if it does not, or does not tell.
        (log(END - 3), 119, KeepPending(PendingReason.GROWING, END + 121)),
        (log(END - 3), 120, Export(LogCompleteness.OPEN, END + 900)),
        (log(None), 20, KeepPending(PendingReason.GROWING, END + 121)),
        (log(END - 50), 899, Export(LogCompleteness.OPEN, END + 900)),
        (log(END - 50), 900, Export(LogCompleteness.OPEN)),
        # Listed while it was running, …
        (log(END + 20), 139, KeepPending(PendingReason.GROWING, END + 141)),
        (log(END + 20), 140, Export(LogCompleteness.OPEN, END + 900)),
        # … but a time that cannot be is not waited for.
        (log(END + DAY), 1020, Export(LogCompleteness.OPEN)),
        # Missing details: asked for ever more rarely, then believed.
        (MISSING_LOG, 0, KeepPending(PendingReason.MISSING, END + 16)),
        (MISSING_LOG, 100, KeepPending(PendingReason.MISSING, END + 201)),
        (MISSING_LOG, 800, KeepPending(PendingReason.MISSING, END + 901)),
        (MISSING_LOG, 900, Export(LogCompleteness.MISSING, END + 900 + 3600)),
        (MISSING_LOG, 5 * DAY, Export(LogCompleteness.MISSING)),
        # The clock may be slower than the API's.
        (MISSING_LOG, -50, KeepPending(PendingReason.MISSING, END - 34)),
    ],
)
def test_a_call_that_was_not_exported_yet(answer, after, decision):
    assert decided(answer, after) == decision


def test_a_call_without_a_log_is_exported_as_such():
    assert decided(MISSING_LOG, 1, logged=False) == Export(LogCompleteness.NONE)


def test_an_empty_log_is_open():
    assert decided(CallLog(LogState.PRESENT), 119) == KeepPending(PendingReason.GROWING, END + 121)


@pytest.mark.parametrize("answer", [log(1), MISSING_LOG])
def test_a_call_without_an_end_is_not_waited_for(answer):
    decision = decided(answer, 1, end=None)
    assert isinstance(decision, Export)
    assert decision.recheck is None


@pytest.mark.parametrize(
    ("answer", "after", "decision"),
    [
        (log(1, 2, 3), 100, Export(LogCompleteness.OPEN, END + 900)),
        (log(1, 2, 3), 900, Export(LogCompleteness.OPEN)),
        (log(1, 2, 3, exited=True), 100, Export(LogCompleteness.FULL)),
        (log(1, 2), 100, Nothing(END + 900)),
        (log(1, 2), 900, Nothing()),
        (log(1), 900, Nothing()),
        (MISSING_LOG, 900, Nothing()),
        (EXPIRED_LOG, 6 * DAY, Nothing()),
    ],
)
def test_an_exported_call_is_sent_again_only_if_it_grew(answer, after, decision):
    assert decided(answer, after, Seen(END, 2, LogCompleteness.OPEN)) == decision


def test_failing_details_are_tried_until_they_are_deleted():
    assert failing(END, at(10), 4.5) == KeepPending(PendingReason.FAILING, END + 15)
    assert failing(END, at(5 * DAY), 1) == KeepPending(PendingReason.FAILING, END + 5 * DAY + 2)
    assert failing(END, at(5 * DAY + 1), 1) == Export(LogCompleteness.MISSING)


def test_no_wait_is_over_within_the_present_second():
    assert failing(END, at(0.0), 0.5) == KeepPending(PendingReason.FAILING, END + 1)
