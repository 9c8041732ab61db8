"""The XML form of an answer, in the manner of the documentation's one example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from xml.sax.saxutils import escape


def to_xml(body: bytes) -> bytes:
    """A JSON body as XML: maps are elements, the members of an array are ``item`` elements."""
    inner = "".join(_elements(json.loads(body)))
    return f'<?xml version="1.0"?>\n<result>{inner}</result>\n'.encode()


def _elements(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"<{name}>{''.join(_elements(member))}</{name}>"
    elif isinstance(value, list):
        for member in value:
            yield f"<item>{''.join(_elements(member))}</item>"
    elif isinstance(value, bool):
        yield str(value).lower()
    elif value is not None:
        yield escape(str(value))
