"""Which call a post-call webhook speaks of. The author of the application chose the encoding, so
every usual one is tried, whatever the content type says; what is not understood names no call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import Message
from urllib.parse import parse_qs

import msgspec

_NAMES = ("session.id", "session_id", "sessionid")
_LONGEST = 256


def session_id(query: Mapping[str, str], content_type: str, body: bytes) -> str | None:
    """The session id from the query, a form (URL-encoded or multipart) or JSON; ``None`` where
    there is none that could be one.
    """
    for fields in (query, _json(body), _multipart(content_type, body), _form(body)):
        for name, value in _by_name(fields):
            if name in _NAMES and 0 < len(value) <= _LONGEST and value.isprintable():
                return value
    return None


def _by_name(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        yield name.strip().lower(), value.strip()


def _json(body: bytes) -> dict[str, str]:
    """Top-level strings, and those one level down as ``outer.inner``."""
    try:
        decoded = msgspec.json.decode(body)
    except ValueError:
        return {}
    if not isinstance(decoded, dict):
        return {}
    return dict(_strings(decoded, ""))


def _strings(values: Mapping[str, object], before: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, str):
            yield before + name, value
        elif isinstance(value, dict) and not before:
            yield from _strings(value, f"{name}.")


def _form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=1000)
    except ValueError:  # more fields than anybody means
        return {}
    return {name: values[0] for name, values in fields.items()}


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    if not content_type.lower().startswith("multipart/form-data"):
        return {}
    head = f"Content-Type: {content_type}\r\n\r\n".encode("utf-8", "replace")
    fields = {}
    for part in message_from_bytes(head + body).walk():
        name = part.get_param("name", header="Content-Disposition")
        if isinstance(name, str):
            fields[name] = _content(part)
    return fields


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
