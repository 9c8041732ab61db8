"""The calls of a saved answer of the API, whichever of the three it is.

The API's XML answers as the JSON they stand for. A document type, and with it every entity
of its own, is refused.
"""

from __future__ import annotations

from typing import Any, NoReturn
from xml.etree import ElementTree as ET

import msgspec

from fuse_otel.core.decoding.call_record import RawCall, call_record, merged
from fuse_otel.core.decoding.lenient_json import NotUnderstood
from fuse_otel.core.decoding.log_entries import RawDetail, call_log, joined, renumbered
from fuse_otel.core.model.call import CallLog, CallRecord
from fuse_otel.core.model.tally import Tally

_DEPTH = 100  # far deeper than any answer, far less than Python's stack
_WORDS = {"true": True, "false": False}


class _Builder(ET.TreeBuilder):
    """Entities (a few bytes that expand to gigabytes, files of this machine) can only be declared
    in a document type, and an answer has none.
    """

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> NoReturn:
        raise NotUnderstood("the XML declares a document type")

    def start(self, tag: str, attributes: dict[str, str]) -> ET.Element:
        self._depth += 1
        if self._depth > _DEPTH:
            raise NotUnderstood("the XML is nested too deep")
        return super().start(tag, attributes)

    def end(self, tag: str) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def decode_xml(data: bytes) -> list[SavedCall]:
    """Each call of a saved XML answer once, as ``saved_calls`` has it. Raises ``NotUnderstood``."""
    return saved_calls(parse_xml(data))


def parse_xml(data: bytes) -> object:
    """The document as JSON values: elements of one name in a row are an array, others an object.

    Texts stay texts, but ``true`` and ``false`` become what they are in JSON. Raises
    ``NotUnderstood`` if it is no XML or its root is not ``result``.
    """
    try:
        root = ET.fromstring(data, ET.XMLParser(target=_Builder()))  # noqa: S314 - see _Builder
    except (ET.ParseError, LookupError, ValueError) as error:
        if isinstance(error, NotUnderstood):
            raise
        raise NotUnderstood("it is no XML, or it is cut off") from None
    if root.tag != "result":
        raise NotUnderstood("the XML is no answer of the API")
    return _value(root)


def _value(element: ET.Element) -> object:
    children = list(element)
    if not children:
        text = element.text or ""
        return _WORDS.get(text, text)
    names = {child.tag for child in children}
    if names == {"item"} or (len(names) == 1 and len(children) > 1):
        return [_value(child) for child in children]
    return {child.tag: _value(child) for child in children}


SavedCall = tuple[CallRecord | None, CallLog]


def saved_calls(value: object) -> list[SavedCall]:
    """Each call of the file once: its record (``None`` for a bare list of entries) and its log.

    ``value`` is decoded JSON: an answer of ``/call``, ``/all_logs`` or ``/calls``, a list of calls
    or a single one. Nobody counts what is odd in a file. Raises ``NotUnderstood``.
    """
    tally = Tally()
    if isinstance(value, dict):
        value = _listed(value, tally)
    if not isinstance(value, list):
        raise NotUnderstood("it holds neither calls nor entries")
    if any(isinstance(element, dict) and "session_id" in element for element in value):
        return _calls(value, tally)
    detail: RawDetail = msgspec.convert(value, RawDetail)
    return [(None, call_log(detail, tally))] if value else []


def _listed(value: dict[str, Any], tally: Tally) -> object:
    """The array inside the object."""
    if "calls" in value:
        calls = value["calls"]
        return _listed(calls, tally) if isinstance(calls, dict) else calls or []
    if "session_id" in value:
        return [value]
    if "error" in value:
        raise NotUnderstood("it holds an error of the API instead of a call")
    return renumbered(value, tally)


def _calls(values: list[Any], tally: Tally) -> list[SavedCall]:
    found: dict[str, tuple[CallRecord, CallLog]] = {}
    for value in values:
        if not isinstance(value, dict):
            continue
        raw = msgspec.convert(value, RawCall)
        record = call_record(raw, tally, listed=False)
        if record is None:
            continue
        log = call_log(raw.detail, tally)
        known = found.get(record.session_id)
        if known is not None:
            record, log = merged(known[0], record), joined(known[1], log)
        found[record.session_id] = record, log
    return list(found.values())
