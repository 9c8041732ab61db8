"""Files of OTLP/JSON lines."""

import json
from io import BytesIO

from fuse_otel.views.otlp_reader import Requests, first_lines, is_otlp_lines, read_otlp_lines


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


def written(*lines, end="\n"):
    return BytesIO(("\n".join(json.dumps(line) for line in lines) + end).encode())


def test_requests_of_all_lines_are_joined():
    requests = Requests()
    assert list(read_otlp_lines(written(traces("a"), logs("a"), traces("b")), requests)) == []
    assert len(requests.traces["resourceSpans"]) == 2
    assert requests.logs == logs("a")


def test_with_a_session_id_only_that_call_is_kept():
    requests = Requests("b")
    for request in (traces("a", "b", "b"), traces("a"), logs("b"), logs("a")):
        requests.add(request)
    assert requests.traces == traces("b", "b")
    assert requests.logs == logs("b")


def test_lines_that_are_no_request_are_named():
    lines = written(traces("a"), {"other": 1}, [], "text", logs("a"), end="\n\n{broken\n")
    requests = Requests()
    assert list(read_otlp_lines(lines, requests)) == [2, 3, 4, 7]
    assert requests.traces
    assert requests.logs


def test_a_last_line_that_is_still_being_written_is_no_fault():
    requests = Requests()
    lines = written(traces("a"), end='\n{"resourceSpa')
    assert list(read_otlp_lines(lines, requests)) == []
    assert requests.traces == traces("a")


def is_known(lines):
    return is_otlp_lines(first_lines(lines))


def test_a_file_is_known_by_its_first_line():
    assert is_known(written(traces("a"), end=""))
    assert is_known(written(logs("a")))
    assert not is_known(written({"calls": []}))
    assert not is_known(written([logs("a")]))
    assert not is_known(BytesIO(b""))
    assert not is_known(BytesIO(b"\n \n"))
    assert is_known(BytesIO(b"\n \n" + json.dumps(logs("a")).encode()))


def test_no_more_is_read_than_it_takes_to_know_it():
    """A pipe is read once."""
    lines = BytesIO(b"\n \n{}\nrest\n")
    assert first_lines(lines) == [b"\n", b" \n", b"{}\n"]
    assert lines.read() == b"rest\n"
