"""The XML form of the API's answers, converted to their JSON form.

The documentation shows the form of ``/call`` alone; the form of the lists is a guess, so several
spellings of a list are read. A document type, and with it every entity, is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NoReturn
from xml.etree import ElementTree as ET

import msgspec

from fuse_otel.core.decoding.lenient_json import BOM, NotUnderstood, decode
from fuse_otel.core.model.tally import Anomaly, Tally

_DEEPEST = 100  # far deeper than any answer
_MOST_ELEMENTS = 2_000_000  # an answer of 32 MB may hold four times as many, each of 100 bytes
_WORDS = {"true": True, "false": False}
_ROOTS = frozenset({"result", "calls", "call", "logs"})
_LISTS = frozenset({"calls", "detail"})
_FIELDS = _LISTS | {"total_calls", "error", "session_id", "event"}


class _Builder(ET.TreeBuilder):
    """Drops what is nested too deep, and refuses document types: only they can declare entities (a
    few bytes that expand to gigabytes, files of this machine), and an answer has none.
    """

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = self.dropped = 0

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> NoReturn:
        raise NotUnderstood("the XML declares a document type")

    def start(self, tag: str, attributes: dict[str, str]) -> ET.Element:
        self._depth += 1
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise NotUnderstood("the XML has too many elements")
        if self._depth > _DEEPEST:
            self.dropped += 1
            return _DROPPED
        return super().start(tag, attributes)

    def data(self, data: str) -> None:
        if self._depth <= _DEEPEST:
            super().data(data)

    def end(self, tag: str) -> ET.Element:
        self._depth -= 1
        return _DROPPED if self._depth >= _DEEPEST else super().end(tag)


_DROPPED = ET.Element("dropped")
_WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}<(?:!doctype\s+)?html\b", re.IGNORECASE)
# Programs of .NET declare UTF-16, the encoding of their strings, whatever they send it in.
_SAYS_UTF_16 = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}<\?xml[^>]{0,100}utf-?16", re.IGNORECASE)
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_ANY = msgspec.json.Decoder()


def is_xml(data: bytes) -> bool:
    """By the content: a proxy that drops ``Accept`` may send any content type with it."""
    head = data[:64]
    if encoding := _utf_16(head):
        head = head.decode(encoding, "replace").removeprefix("\ufeff").encode()
    return head.removeprefix(BOM).lstrip().startswith(b"<")


def decode_document(data: bytes, tally: Tally) -> Any:  # noqa: ANN401 - any document
    """JSON or XML as JSON values. Raises ``NotUnderstood``."""
    return decode(_ANY, as_json(data, tally), tally)


def as_json(data: bytes, tally: Tally) -> bytes:
    """The answer as JSON bytes; JSON stays as it is. Raises ``NotUnderstood``."""
    if not is_xml(data):
        return data
    if encoding := _utf_16(data[:64]):
        data = data.decode(encoding, "replace").removeprefix("\ufeff").encode()
    if _WEB_PAGE.match(data):
        raise NotUnderstood("it is a web page")
    tally.anomalies[Anomaly.XML] += 1
    return msgspec.json.encode(parse_xml(data, tally))


def _utf_16(head: bytes) -> str:
    """The name of the encoding if the text begins with a byte order mark or an ASCII character of
    UTF-16, empty for any other encoding.
    """
    if head[:2] in _UTF_16:
        return _UTF_16[head[:2]]
    if len(head) > 1 and 0 in head[:2] and any(head[:2]):
        return "utf-16-le" if head[0] else "utf-16-be"
    return ""


def parse_xml(data: bytes, tally: Tally) -> object:
    """The document as JSON values. Texts stay texts, but ``true`` and ``false`` become booleans.
    ``data`` are not in UTF-16, whatever they declare.

    Raises ``NotUnderstood`` if it is no XML or its root is none of the API's.
    """
    builder = _Builder()
    encoding = "utf-8" if _SAYS_UTF_16.match(data) else None  # it was UTF-16, or never was
    try:
        parser = ET.XMLParser(target=builder, encoding=encoding)  # noqa: S314 - see _Builder
        root = ET.fromstring(data, parser)  # noqa: S314
    except NotUnderstood:
        raise
    except (ET.ParseError, LookupError, ValueError):
        raise NotUnderstood("it is no XML, or it is cut off") from None
    if root.tag not in _ROOTS:
        raise NotUnderstood("the XML is no answer of the API")
    if builder.dropped:
        tally.anomalies[Anomaly.DEPTH] += 1
    value = _value(root)
    if root.tag in _LISTS or _holds_calls(value):
        return {"calls": _listed(value)}
    return value


def _value(element: ET.Element) -> object:
    children = list(element)
    if not children:
        text = element.text or ""
        if element.tag == "log" and not text:
            return None  # false or null: unknown, so the log is requested
        return _WORDS.get(text, text)
    counted = Counter(child.tag for child in children)
    if len(counted) == 1 and _is_list(element.tag, children):
        return [_value(child) for child in children]
    found: dict[str, object] = {}
    for child in children:
        if counted[child.tag] == 1:
            value = _value(child)
            found[child.tag] = _listed(value) if child.tag in _LISTS else value
        elif isinstance(repeated := found.setdefault(child.tag, []), list):
            repeated.append(_value(child))
    return found


def _is_list(tag: str, children: list[ET.Element]) -> bool:
    """Whether the children, all of one name, are the elements of a list: ``item``, or any name that
    is repeated or is the only one in a list, except the names of the API's fields.
    """
    name = children[0].tag
    if name == "item":
        return True
    if name in _FIELDS and name != tag:
        return False
    return len(children) > 1 or (tag in _LISTS and len(children[0]) > 0)


def _listed(value: object) -> object:
    """The value of a list's field: one record or entry without a list around it is a list of one,
    an empty element is an empty list. An error stays an object.
    """
    if value == "":
        return []
    return [value] if isinstance(value, dict) and not value.keys() & {"error"} else value


def _holds_calls(value: object) -> bool:
    return isinstance(value, list) and any(
        isinstance(each, dict) and "session_id" in each for each in value
    )
