"""The API's XML answers as the JSON they stand for. A document type, and with it every entity
of its own, is refused.
"""

from __future__ import annotations

from typing import NoReturn
from xml.etree import ElementTree as ET

from fuse_otel.core.json_text import NotUnderstood
from fuse_otel.core.saved_calls import SavedCall, saved_calls

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
