"""The XML form of the API's answers."""

import contextlib
import json
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders.call_values import sample_call

from fuse_otel.core.decoding.answers import (
    NotUnderstood,
    decode_call,
    decode_calls,
    decode_error,
    decode_logs,
)
from fuse_otel.core.decoding.saved_calls import decode_saved
from fuse_otel.core.decoding.xml_form import parse_xml
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import CallLog, LogState, log_completeness
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import Mode, Redaction
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Profile, Signal

XML = b"""<?xml version="1.0"?>
<result>
  <item><event><line>Executing application "email test" version "0.2"</line><data>
    <module_type>start</module_type><result_variable>start</result_variable></data></event>
    <class>info</class><timestamp>1529552692</timestamp></item>
  <item><event><line>Sending &lt;email&gt;</line><data><has_audio>false</has_audio>
    <module_type>prompt</module_type><result_variable>var_0</result_variable></data></event>
    <class>prompt</class><timestamp>1529552693</timestamp></item>
</result>"""
JSON = [
    {
        "event": {
            "line": 'Executing application "email test" version "0.2"',
            "data": {"module_type": "start", "result_variable": "start"},
        },
        "class": "info",
        "timestamp": 1529552692,
    },
    {
        "event": {
            "line": "Sending <email>",
            "data": {"has_audio": False, "module_type": "prompt", "result_variable": "var_0"},
        },
        "class": "prompt",
        "timestamp": 1529552693,
    },
]


def test_both_forms_of_a_log_are_the_same_log():
    assert decode_saved(XML) == decode_saved(json.dumps(JSON).encode())


def test_a_byte_order_mark_and_a_declared_encoding_are_understood():
    assert decode_saved(b"\xef\xbb\xbf" + XML) == decode_saved(XML)
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    body = f"{declared}<result><item><event><line>café</line></event></item></result>"
    ((_, log),) = decode_saved(body.encode("latin-1"))
    assert log.entries[0].line == "café"


DECLARED = b'<?xml version="1.0" encoding="UTF-16"?>'
PLAIN = XML.replace(b'<?xml version="1.0"?>', b"").replace(b"email test", "é-mail 𝄞".encode())


@pytest.mark.parametrize("start", [b"", DECLARED, b" \r\n"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_xml_in_utf_16_is_read(encoding, start):
    """With a byte order mark, with a declaration, or with none of them."""
    data = (start + PLAIN).decode().encode(encoding)
    assert decode_saved(data) == decode_saved(PLAIN)
    assert decode_call(data) == decode_call(PLAIN)
    with_mark = (b"\xef\xbb\xbf" + start + PLAIN).decode().encode(encoding)
    assert decode_saved(with_mark) == decode_saved(PLAIN)


def test_a_declared_utf_16_that_is_really_utf_8_is_read():
    assert decode_saved(DECLARED + PLAIN) == decode_saved(PLAIN)


def test_a_list_and_an_error_in_utf_16_are_read():
    listed = "<calls><call><session_id>1;2</session_id><start>1529552581</start></call></calls>"
    page = decode_calls(listed.encode("utf-16"))
    assert [call.session_id for call in page.calls] == ["1;2"]
    error = "<result><error>database error</error></result>"
    assert decode_error(error.encode("utf-16")) == "database error"


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"\xfe\xff<", b"<\0", b"\0<\0", b"<\0h\0t\0m\0l\0>\0"]
)
def test_what_is_left_of_utf_16_is_not_understood(data):
    with pytest.raises(NotUnderstood):
        decode_saved(data)


def test_one_entry_is_a_list_and_empty_data_an_object():
    ((record, log),) = decode_saved(
        b"<result><item><event><line>x</line><data/></event></item></result>"
    )
    assert record is None
    assert [(entry.line, dict(entry.data)) for entry in log.entries] == [("x", {})]


@pytest.mark.parametrize("name", [b"item", b"call"])
def test_calls_with_details_are_understood(name):
    call = b"<session_id>%s</session_id><start>15</start><end>17</end><detail>%s</detail>"
    item = XML[XML.index(b"<item>") : XML.index(b"</item>") + 7]
    calls = b"".join(b"<%s>%s</%s>" % (name, call % (sid, item), name) for sid in (b"a", b"b"))
    found = decode_saved(b"<result><calls>" + calls + b"</calls></result>")
    assert [(r.session_id, r.start, r.end, log.count) for r, log in found if r] == [
        ("a", 15, 17, 1),
        ("b", 15, 17, 1),
    ]


def test_a_call_without_details_is_missing():
    xml = b"<result><calls><item><session_id>a</session_id><detail/></item></calls></result>"
    assert [log for _, log in decode_saved(xml)] == [CallLog(LogState.MISSING)]


BOMB = (
    b'<!DOCTYPE result [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<result><item><event><line>&b;</line></event></item></result>"
)
STRANGER = b'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/hostname">]><result>&f;</result>'


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (BOMB, "document type"),
        (STRANGER, "document type"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"<html><body>502</body></html>", "web page"),
        (b"<feed><body>502</body></feed>", "no answer"),
        (b"<result>" * 100_000, "cut off"),
        (XML[:-12], "cut off"),
        (XML.replace(b"Sending", b"\xff"), "cut off"),
        (b"<result>&undefined;</result>", "cut off"),
        (b'<?xml version="1.0" encoding="klingon"?><result/>', "cut off"),
        (b"", "cut off"),
        (b"<result/>", "neither"),
        (b"<result>text</result>", "neither"),
        (b"<result><error>No call log was found.</error></result>", "error"),
    ],
    ids=range(14),
)
def test_what_is_no_saved_log_is_not_understood(xml, reason):
    with pytest.raises(NotUnderstood, match=reason):
        decode_saved(xml)


def test_texts_stay_texts_and_truth_is_truth():
    xml = b"<result><a>1</a><b>true</b><c>false</c><d/><e> x </e></result>"
    assert parse_xml(xml, Tally()) == {"a": "1", "b": True, "c": False, "d": "", "e": " x "}


SAMPLES = Path(__file__).parents[3] / "data" / "samples"


@pytest.mark.parametrize("mode", [Mode.STRICT, Mode.STANDARD])
def test_both_forms_of_the_documented_call_become_the_same_bytes(mode):
    options = ModelOptions(redaction=Redaction(mode))
    wanted = [Rendering(each, each, Profile.GENERIC, (), options.redaction) for each in Signal]
    call, _ = sample_call()
    written = []
    for form in ("json", "xml"):
        # The two samples differ in one address, which leaves in neither mode.
        log, odd = decode_call((SAMPLES / f"call-300060.{form}").read_bytes())
        assert odd == ({"xml": 1} if form == "xml" else {})
        out = Renderer(options, wanted).render(call, log, log_completeness(call, log))
        written.append(out.parts)
    assert written[0] == written[1]


def element(name, value):
    """Any JSON value as XML, lists as `item` elements."""
    if isinstance(value, list):
        inner = "".join(element("item", each) for each in value)
    elif isinstance(value, dict):
        inner = "".join(element(key, each) for key, each in value.items())
    else:
        inner = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{inner}</{name}>"


RECORDS = [
    {"session_id": name, "start": 15, "end": 17, "src": "2125550123", "dest": "8005550111",
     "type": "inbound", "log": True, "detail": JSON[:count]}
    for name, count in (("a", 2), ("b", 1), ("c", 0))
]  # fmt: skip


def spellings(records):
    """The forms that a list may have in XML, by name."""
    inner = {name: "".join(element(name, each) for each in records) for name in ("item", "call")}
    repeated = "".join(element("calls", each) for each in records) or "<calls/>"
    total = f"<total_calls>{len(records)}</total_calls>"
    return {
        "items": f"<result><calls>{inner['item']}</calls>{total}</result>",
        "items without a total": f"<result><calls>{inner['item']}</calls></result>",
        "named": f"<result><calls>{inner['call']}</calls>{total}</result>",
        "total first": f"<result>{total}<calls>{inner['call']}</calls></result>",
        "repeated field": f"<result>{repeated}{total}</result>",
        "repeated field alone": f"<result>{repeated}</result>",
        "the list as root": f"<calls>{inner['call']}</calls>",
    }


@pytest.mark.parametrize("form", spellings([]))
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_list_in_xml_is_the_list_in_json(form, count):
    xml = spellings(RECORDS[:count])[form].encode()
    json_form = json.dumps({"calls": RECORDS[:count], "total_calls": count}).encode()
    for read in (decode_calls, decode_logs):
        page, wanted = read(xml), read(json_form)
        assert page.records == wanted.records == count
        assert page.anomalies == {**wanted.anomalies, "xml": 1}
        if read is decode_calls:
            assert page.calls == wanted.calls
            assert page.total == (count if "total" in xml.decode() else None)
        else:
            assert page.logs == wanted.logs


def test_an_empty_log_field_does_not_mean_that_a_call_has_no_log():
    xml = b"<result><calls><item><session_id>a</session_id><log/></item></calls></result>"
    page = decode_calls(xml)
    assert page.calls[0].logged
    assert page.anomalies["record_log"] == 1


def test_entries_may_repeat_the_name_of_their_field():
    entries = "".join(element("detail", each) for each in JSON)
    xml = f"<result><calls><item><session_id>a</session_id>{entries}</item></calls></result>"
    wanted = decode_logs(json.dumps({"calls": [{"session_id": "a", "detail": JSON}]}).encode())
    assert decode_logs(xml.encode()).logs == wanted.logs


@pytest.mark.parametrize(
    ("xml", "state"),
    [
        (b"<result/>", LogState.MISSING),
        (b"<result></result>", LogState.MISSING),
        (b"<result><error>No call log was found.</error></result>", LogState.MISSING),
        (b"<result><error>There are no details available.</error></result>", LogState.EXPIRED),
    ],
)
def test_a_log_that_is_not_there_is_read_in_xml(xml, state):
    log, odd = decode_call(b'\xef\xbb\xbf  <?xml version="1.0"?>\n' * (b"?xml" in xml) + xml)
    assert (log.state, odd) == (state, {"xml": 1})


def test_an_error_in_xml_is_read_as_the_apis_own_words():
    assert decode_error(b"<result><error>database error</error></result>") == "database error"
    assert decode_error(b"<html><body>502</body></html>") == ""


@pytest.mark.parametrize("read", [decode_calls, decode_logs, decode_call, decode_saved])
@pytest.mark.parametrize(
    "page", [b"<html><body>502</body></html>", b"<!DOCTYPE html><html></html>", BOMB, b"<"]
)
def test_a_web_page_is_not_understood(read, page):
    with pytest.raises(NotUnderstood):
        read(page)


def test_a_deep_value_in_xml_loses_itself_alone():
    deep = b"<a>" * 5000 + b"x" + b"</a>" * 5000
    xml = XML.replace(b"<data>", b"<data><deep>" + deep + b"</deep>", 1)
    log, odd = decode_call(xml)
    assert [entry.line for entry in log.entries] == [e["event"]["line"] for e in JSON]
    assert odd == {"xml": 1, "depth": 1}


NAMES = st.sampled_from(["calls", "item", "detail", "event", "a"])
VALUES = st.recursive(
    st.text("<>&;a \n") | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=9,
)


@given(VALUES)
def test_any_xml_is_read_or_not_understood(value):
    for root in ("result", "calls", "item"):
        for read in (decode_calls, decode_logs, decode_call, decode_saved):
            with contextlib.suppress(NotUnderstood):
                read(element(root, value).encode())
