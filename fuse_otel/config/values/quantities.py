"""Reads and writes durations, sizes, numbers, addresses and lists as a configuration has them.

A reader takes a value of TOML or the text of a variable. It raises ``ValueError`` with a sentence
for the operator.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from fuse_otel.humanize import plain_text, quoted

_HIGHEST_PORT = 65_535
# No quantity here needs more than twelve digits. A longer number is a typing error.
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_COUNT = re.compile(r"\d{1,12}", re.ASCII)
_PORT = re.compile(r"\d{1,5}", re.ASCII)
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*(ms|s|m|h|d|)", re.ASCII)
_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "": 1.0, "ms": 0.001}
_SIZE = re.compile(r"(\d{1,15})\s*(KiB|MiB|GiB|TiB|B|)", re.ASCII)
_BYTES = {"TiB": 1 << 40, "GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1, "": 1}
_SWITCH = {"on": True, "true": True, "yes": True, "1": True}
_SWITCH |= {"off": False, "false": False, "no": False, "0": False}
_HOST = re.compile(r"[A-Za-z0-9.:_%-]*", re.ASCII)
_KEY = re.compile(r"[!-~]+", re.ASCII)


def _written(value: object) -> str:
    """The text of a value. TOML also has numbers; any other type gives an empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return plain_text(value).strip()


def read_text(value: object) -> str:
    """Text without white space around it. The message leaves the value out: it may be a secret."""
    if not isinstance(value, str):
        raise ValueError("Must be text in quotes.")  # noqa: TRY004 - pydantic collects these
    # Neither can be part of a path, a URL or a header. The environment has bytes that are not UTF-8
    # as halves of surrogate pairs.
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("Must be UTF-8 text without zero bytes.")
    return value.strip()


def read_required_text(value: object) -> str:
    text = read_text(value)
    if not text:
        raise ValueError("Must not be empty. Set a value or remove the setting.")
    return text


def read_duration(value: object) -> float:
    """Seconds, of ``30s``, ``5m``, ``1h``, ``5d``, ``250ms`` or a number of seconds."""
    match = _DURATION.fullmatch(_written(value))
    if not match:
        raise ValueError(
            f"{quoted(value)} is not a duration. Use 30s, 5m, 1h, 5d or a number of seconds."
        )
    return float(match[1]) * _SECONDS[match[2]]


def write_duration(seconds: float) -> str:
    """The shortest form: ``90`` is ``90s``, ``3600`` is ``1h``."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def read_size(value: object) -> int:
    """Bytes, of ``512MiB``, ``2GiB`` or a number of bytes."""
    match = _SIZE.fullmatch(_written(value))
    if not match:
        raise ValueError(f"{quoted(value)} is not a size. Use 512MiB, 2GiB or a number of bytes.")
    return int(match[1]) * _BYTES[match[2]]


def write_size(size: int) -> str:
    unit, factor = next(each for each in _BYTES.items() if size % each[1] == 0)
    return f"{size // factor}{unit}"


def read_number(value: object) -> float:
    text = _written(value)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{quoted(value)} is not a number. Use a number such as 5 or 2.5.")
    return float(text)


def read_count(value: object) -> int:
    text = _written(value)
    if not _COUNT.fullmatch(text):
        raise ValueError(f"{quoted(value)} is not a whole number.")
    return int(text)


def read_switch(value: object) -> bool:
    switch = _SWITCH.get(str(value).strip().lower())
    if switch is None:
        raise ValueError(f"{quoted(value)} is not supported. Use on or off.")
    return switch


class Listen(NamedTuple):
    """``host`` without brackets. ``port`` 0 takes any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_listen(value: object) -> Listen:
    """``host:port``, an IPv6 host in brackets. Without a host: all addresses."""
    host, colon, port = _written(value).rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    name = host[1:-1] if bracketed else host
    good = colon and _PORT.fullmatch(port) and int(port) <= _HIGHEST_PORT
    if not good or not _HOST.fullmatch(name) or (":" in name) != bracketed:
        raise ValueError(
            f"{quoted(value)} is not an address. Use host:port, such as 127.0.0.1:9464 or"
            " [::1]:9464."
        )
    return Listen(name or "0.0.0.0", int(port))  # noqa: S104 - the operator left the host out


def read_pairs(text: str) -> dict[str, str]:
    """``key=value,key=value``, percent-encoded, as OpenTelemetry writes headers and attributes.

    The message leaves the text out: it may be a credential.
    """
    pairs: dict[str, str] = {}
    for place, part in enumerate(text.split(","), 1):
        if part.strip():
            key, value = _pair(part, place)
            pairs[key] = value
    return pairs


def _pair(part: str, place: int) -> tuple[str, str]:
    key, equals, value = part.partition("=")
    if not (equals and _KEY.fullmatch(key.strip())):
        raise ValueError(
            f"Part {place} is not key=value. Use key=value,key=value and percent-encode a comma in"
            " a value (%2C)."
        )
    try:
        return unquote(key.strip(), errors="strict"), unquote(value.strip(), errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"Part {place} is not percent-encoded UTF-8.") from None
