"""Files of OTLP/JSON lines."""

import json

from fuse_otel.cli.otlp_lines import Requests, is_otlp_lines, read_otlp_lines


def member(session_id, **values):
    attribute = {"key": "session.id", "value": {"stringValue": session_id}}
    return {"attributes": [{"key": "n", "value": {"intValue": "1"}}, attribute], **values}


def traces(*session_ids, resource="one"):
    spans = [member(session_id, traceId="ab") for session_id in session_ids]
    group = {"resource": {"name": resource}, "scopeSpans": [{"scope": {}, "spans": spans}]}
    return {"resourceSpans": [group]}


def logs(*session_ids):
    records = [member(session_id, traceId="ab") for session_id in session_ids]
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}


def written(tmp_path, *lines, end="\n"):
    file = tmp_path / "otlp.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines) + end, encoding="utf-8")
    return file


def test_requests_of_all_lines_are_joined(tmp_path):
    file = written(tmp_path, traces("a"), logs("a"), traces("b"))
    requests = Requests()
    assert list(read_otlp_lines(file, requests)) == []
    assert len(requests.traces["resourceSpans"]) == 2
    assert requests.logs == logs("a")


def test_with_a_session_id_only_that_call_is_kept():
    requests = Requests("b")
    for request in (traces("a", "b", "b"), traces("a"), logs("b"), logs("a")):
        requests.add(request)
    assert requests.traces == traces("b", "b")
    assert requests.logs == logs("b")


def test_lines_that_are_no_request_are_named(tmp_path):
    file = written(tmp_path, traces("a"), {"other": 1}, [], "text", logs("a"))
    file.write_text(file.read_text() + "\n{broken\n", encoding="utf-8")
    requests = Requests()
    assert list(read_otlp_lines(file, requests)) == [2, 3, 4, 7]
    assert requests.traces
    assert requests.logs


def test_a_last_line_that_is_still_being_written_is_no_fault(tmp_path):
    file = written(tmp_path, traces("a"))
    file.write_text(file.read_text() + '{"resourceSpa', encoding="utf-8")
    requests = Requests()
    assert list(read_otlp_lines(file, requests)) == []
    assert requests.traces == traces("a")


def test_a_file_is_known_by_its_first_line(tmp_path):
    assert is_otlp_lines(written(tmp_path, traces("a"), end=""))
    assert is_otlp_lines(written(tmp_path, logs("a")))
    assert not is_otlp_lines(written(tmp_path, {"calls": []}))
    assert not is_otlp_lines(written(tmp_path, [logs("a")]))
    empty = tmp_path / "empty"
    empty.write_text("\n \n")
    assert not is_otlp_lines(empty)
    empty.write_text("\n \n" + json.dumps(logs("a")))
    assert is_otlp_lines(empty)
