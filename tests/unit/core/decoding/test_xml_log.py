"""The XML form of the API's answers."""

import json

import pytest

from fuse_otel.core.decoding.answers import NotUnderstood, decode_saved
from fuse_otel.core.decoding.saved_calls import decode_xml, parse_xml
from fuse_otel.core.model.call import CallLog, LogState

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
    assert decode_saved(XML) == decode_xml(XML) == decode_saved(json.dumps(JSON).encode())


def test_a_byte_order_mark_and_a_declared_encoding_are_understood():
    assert decode_saved(b"\xef\xbb\xbf" + XML) == decode_xml(XML)
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    body = f"{declared}<result><item><event><line>café</line></event></item></result>"
    ((_, log),) = decode_xml(body.encode("latin-1"))
    assert log.entries[0].line == "café"


def test_one_entry_is_a_list_and_empty_data_an_object():
    ((record, log),) = decode_xml(
        b"<result><item><event><line>x</line><data/></event></item></result>"
    )
    assert record is None
    assert [(entry.line, dict(entry.data)) for entry in log.entries] == [("x", {})]


@pytest.mark.parametrize("name", [b"item", b"call"])
def test_calls_with_details_are_understood(name):
    call = b"<session_id>%s</session_id><start>15</start><end>17</end><detail>%s</detail>"
    item = XML[XML.index(b"<item>") : XML.index(b"</item>") + 7]
    calls = b"".join(b"<%s>%s</%s>" % (name, call % (sid, item), name) for sid in (b"a", b"b"))
    found = decode_xml(b"<result><calls>" + calls + b"</calls></result>")
    assert [(r.session_id, r.start, r.end, log.count) for r, log in found if r] == [
        ("a", 15, 17, 1),
        ("b", 15, 17, 1),
    ]


def test_a_call_without_details_is_missing():
    xml = b"<result><calls><item><session_id>a</session_id><detail/></item></calls></result>"
    assert [log for _, log in decode_xml(xml)] == [CallLog(LogState.MISSING)]


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
        (b"<!DOCTYPE html><html></html>", "document type"),
        (b"<html><body>502</body></html>", "no answer"),
        (b"<result>" * 100_000, "too deep"),
        (XML[:-12], "cut off"),
        (XML.replace(b"Sending", b"\xff"), "cut off"),
        (b"<result>&undefined;</result>", "cut off"),
        (b'<?xml version="1.0" encoding="klingon"?><result/>', "cut off"),
        (b"", "cut off"),
        (b"<result/>", "neither"),
        (b"<result>text</result>", "neither"),
        (b"<result><error>No call log was found.</error></result>", "error"),
    ],
    ids=range(13),
)
def test_what_is_no_saved_log_is_not_understood(xml, reason):
    with pytest.raises(NotUnderstood, match=reason):
        decode_xml(xml)


def test_texts_stay_texts_and_truth_is_truth():
    xml = b"<result><a>1</a><b>true</b><c>false</c><d/><e> x </e></result>"
    assert parse_xml(xml) == {"a": "1", "b": True, "c": False, "d": "", "e": " x "}
