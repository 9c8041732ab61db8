"""Which requests a fault strikes, and how faults are written."""

import pytest

from fuse_otel.simulator.faults import Fault, FaultKind, Faults
from fuse_otel.simulator.requests import ApiQuery

LIST = ApiQuery("calls", start=100, end=200)
BULK = ApiQuery("all_logs", start=100, end=200)
CALL = ApiQuery("call", session_id="300060;001;1529552581")


def kind(faults, question=LIST):
    _, fault = faults.draw(question)
    return None if fault is None else fault.kind


def test_without_faults_nothing_happens():
    assert Faults().draw(LIST) == (0.0, None)


def test_a_fault_strikes_its_endpoint_alone():
    faults = Faults([Fault(FaultKind.DOWN, endpoint="all_logs")])
    assert [kind(faults, q) for q in (LIST, BULK, CALL)] == [None, FaultKind.DOWN, None]


@pytest.mark.parametrize(
    ("since", "until", "struck"),
    [
        (0, 99, False), (0, 100, True), (150, 160, True), (200, 300, True), (201, None, False),
        (None, 99, False), (None, 100, True), (200, None, True),
    ],
)  # fmt: skip
def test_a_fault_strikes_windows_that_touch_its_interval(since, until, struck):
    fault = Fault(FaultKind.ERROR, since=since, until=until)
    assert fault.matches(LIST) == struck
    assert not fault.matches(CALL)


def test_a_fault_strikes_its_session_alone():
    fault = Fault(FaultKind.ERROR, session="300060;001;1529552581")
    assert fault.matches(CALL)
    assert not fault.matches(LIST)
    assert not fault.matches(ApiQuery("call", session_id="other"))


def test_a_counted_fault_wears_off():
    faults = Faults([Fault(FaultKind.ERROR, count=2)])
    assert [kind(faults) is not None for _ in range(4)] == [True, True, False, False]
    assert faults.active() == ()


def test_a_likely_fault_strikes_as_often_as_it_should_and_the_same_by_seed():
    def run(seed):
        faults = Faults([Fault(FaultKind.ERROR, probability=0.3)], seed=seed)
        return [kind(faults) is not None for _ in range(1000)]

    assert 230 < sum(run(1)) < 370
    assert run(1) == run(1) != run(2)
    never = Faults([Fault(FaultKind.ERROR, probability=0)])
    assert kind(never) is None


def test_latencies_add_up_and_the_first_other_fault_decides():
    slow = Fault(FaultKind.LATENCY, seconds=2)
    faults = Faults([slow, Fault(FaultKind.CUT, count=1), Fault(FaultKind.HTML, count=1), slow])
    assert faults.draw(LIST) == (4.0, Fault(FaultKind.CUT, count=1))
    assert faults.draw(LIST) == (4.0, Fault(FaultKind.HTML, count=1))
    assert faults.draw(LIST) == (4.0, None)


def test_faults_are_switched_at_run_time():
    faults = Faults()
    key = faults.add(Fault(FaultKind.DOWN))
    faults.add(Fault(FaultKind.EMPTY))
    assert kind(faults) is FaultKind.DOWN
    faults.remove(key)
    faults.remove(key)
    assert kind(faults) is FaultKind.EMPTY
    faults.replace([Fault(FaultKind.CUT)])
    assert kind(faults) is FaultKind.CUT
    faults.clear()
    assert faults.active() == ()


def test_a_fault_is_written_in_one_word():
    written = "throttled,endpoint=calls,retry_after=2.5,reset_after=60,count=3,probability=0.5"
    assert Fault.parsed(written) == Fault(
        FaultKind.THROTTLED,
        endpoint="calls",
        retry_after=2.5,
        reset_after=60,
        count=3,
        probability=0.5,
    )


def test_a_fault_comes_back_from_its_json():
    fault = Fault(FaultKind.ERROR, since=5, until=9, status=503, session="a;b")
    assert fault.to_json() == {
        "kind": "error", "since": 5, "until": 9, "status": 503, "session": "a;b"
    }  # fmt: skip
    assert Fault.from_json(fault.to_json()) == fault
    assert Fault.from_json({"kind": "down", "count": None}) == Fault(FaultKind.DOWN)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("broken", "takes one of: error, down, reset"),
        ("error,endpoint=call_logs", "endpoint is calls, all_logs or call"),
        ("error,probability=2", "between 0 and 1"),
        ("error,probability=nan", "takes a number"),
        ("error,status=200", "between 400 and 599"),
        ("latency,seconds=-1", "cannot be negative"),
        ("latency,seconds=soon", "takes a number"),
        ("error,count=many", "takes a whole number"),
        ("error,colour=red", "there is no fault switch 'colour'"),
        ("error,count", "kind,name=value"),
    ],
)
def test_a_fault_that_is_written_wrong_is_refused_with_a_sentence(written, sentence):
    with pytest.raises(ValueError, match=sentence):
        Fault.parsed(written)


def test_a_fault_needs_a_kind():
    with pytest.raises(ValueError, match="needs a kind"):
        Fault.from_json({"count": 3})
