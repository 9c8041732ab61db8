"""Of a bulk page, the logs of the wanted calls alone."""

import msgspec
import pytest
from support.builders.answer_values import body_of, entry

from fuse_otel.core.decoding.answers import decode_logs
from fuse_otel.core.decoding.lenient_json import text

ODD_IDS = [5, 1.0, True, "", None, ["a"], "\ud800".encode("utf-8", "replace").decode()]


def records(*named):
    return [{"session_id": name, "start": 1, "detail": detail} for name, detail in named]


def body(*named):
    return body_of({"calls": records(*named)})


def test_only_the_wanted_logs_are_decoded():
    data = body(("a", [entry("one")]), ("b", [5, entry("two")]), ("c", [entry("three")]))
    whole, page = decode_logs(data), decode_logs(data, {"a", "c"})
    assert page.logs == {"a": whole.logs["a"], "c": whole.logs["c"]}
    assert page.others == {"b"}
    assert (page.records, page.size) == (whole.records, whole.size)
    assert whole.anomalies == {"entry": 1}
    assert page.anomalies == {}


def test_the_size_of_the_others_is_known():
    several = records(("a", [entry("one")]), ("b", [entry("two")] * 9), ("c", None))
    page = decode_logs(msgspec.json.encode({"calls": several}), {"c"})
    assert page.others_size == sum(len(msgspec.json.encode(each)) for each in several[:2])
    assert decode_logs(body(("a", [entry("one")])), {"a"}).others_size == 0


def test_records_that_share_a_wanted_id_are_joined():
    data = body(("a", [entry("one")]), ("b", [entry("x")]), ("a", [entry("two")]))
    assert decode_logs(data, {"a"}).logs["a"] == decode_logs(data).logs["a"]


@pytest.mark.parametrize("odd", ODD_IDS)
def test_a_call_with_an_odd_id_is_found_by_the_id_that_is_stored(odd):
    data = body(("a", [entry("one")]), (odd, [entry("two")]))
    whole = decode_logs(data)
    stored = text(odd)
    page = decode_logs(data, {stored} if stored else set())
    assert page.logs.get(stored) == whole.logs.get(stored)
    assert page.records == 2


def test_a_damaged_log_of_another_call_spoils_nothing():
    data = b'{"calls": [{"session_id": "b", "detail": [1e999]}, ' + body(("a", [entry("one")]))[11:]
    assert decode_logs(data, {"a"}).logs == {"a": decode_logs(data).logs["a"]}
