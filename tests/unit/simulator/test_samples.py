"""Given documents in place of a world."""

import json

import pytest

from fuse_otel.simulator.requests import ApiQuery
from fuse_otel.simulator.samples import SamplesWorld

FIRST, SECOND = "300060;001;1529552581", "400050;001;1529549919"
RECORD = {"dest": "8005550111", "src": "2125550123", "type": "inbound", "log": True}
CALLS = {
    "calls": [
        {**RECORD, "start": 1529552691, "end": 1529552697, "session_id": FIRST},
        {**RECORD, "start": 1529550008, "end": 1529550036, "session_id": SECOND},
    ],
    "total_calls": 2,
}
DATA = {"module_type": "exit", "result_variable": "hangup"}
LOG = [{"event": {"line": "Exiting application", "data": DATA}, "class": "info",
        "timestamp": 1529552696}]  # fmt: skip
BULK = {"calls": [{"session_id": "100035;000;1575898377", "detail": LOG}]}


@pytest.fixture
def folder(tmp_path):
    for name, document in (("calls", CALLS), ("call-300060", LOG), ("all_logs", BULK)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    return tmp_path


def page(world, endpoint="calls", **more):
    return json.loads(world.page(ApiQuery(endpoint, **more), 0))


def test_every_window_is_answered_with_the_documents(folder):
    world = SamplesWorld.from_folder(folder)
    assert page(world) == page(world, start=5, end=6) == CALLS
    assert page(world, "all_logs") == BULK


def test_the_documents_are_paged(folder):
    world = SamplesWorld.from_folder(folder)
    assert page(world, offset=1) == {**CALLS, "calls": CALLS["calls"][1:]}
    assert page(world, limit=1) == {**CALLS, "calls": CALLS["calls"][:1]}
    assert page(world, offset=2)["calls"] == []


def test_a_log_belongs_to_the_call_its_file_names(folder):
    world = SamplesWorld.from_folder(folder)
    status, body = world.log(FIRST, 0)
    assert (status, json.loads(body)) == (200, LOG)
    status, body = world.log(SECOND, 0)
    assert (status, json.loads(body)) == (404, {"error": "No call log was found."})


def test_the_truth_is_what_the_list_says():
    world = SamplesWorld(CALLS, {FIRST: LOG})
    (call,) = world.ended(1529552697, 1529552698)
    assert (call.session_id, call.entries, call.exited) == (FIRST, 1, True)
    (other,) = world.ended(0, 1529552697)
    assert (other.session_id, other.entries, other.exited) == (SECOND, 0, False)
    assert world.entries(FIRST) == tuple(LOG)
    with pytest.raises(KeyError):
        world.entries(SECOND)


def test_documents_that_are_no_logs_have_no_entries():
    assert SamplesWorld(CALLS, {FIRST: {"error": "gone"}}).entries(FIRST) == ()


def test_bulk_and_logs_may_be_absent(tmp_path):
    (tmp_path / "calls.json").write_text(json.dumps(CALLS))
    world = SamplesWorld.from_folder(tmp_path)
    assert page(world, "all_logs") == {"calls": []}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("calls", "not json", "does not hold JSON"),
        ("calls", "[]", "holds no list of calls"),
        ("calls", '{"calls": [{}]}', "holds no list of calls"),
        ("call-999", "[]", "begins with 999"),
    ],
)
def test_a_folder_that_makes_no_sense_is_refused_with_a_sentence(folder, name, text, sentence):
    (folder / f"{name}.json").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        SamplesWorld.from_folder(folder)
