"""How values are written: durations, sizes, numbers, words and pairs. Of a variable or a flag all
are text; the file has numbers too. Every reader raises ``ValueError`` with a sentence.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*(ms|s|m|h|d|)")
_BYTES = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}
_SIZE = re.compile(r"(\d{1,15})\s*([KMGT]iB|B|)", re.IGNORECASE)
_SWITCH = {"on": True, "true": True, "1": True, "yes": True}
_SWITCH |= {"off": False, "false": False, "0": False, "no": False}
_SHOWN = 64  # characters of a wrong value that are repeated
_MOST_PORTS = 65_535


def quoted(value: object) -> str:
    """The value as it is repeated to who wrote it."""
    text = " ".join(str(value).split())
    return f'"{text[:_SHOWN]}…"' if len(text) > _SHOWN else f'"{text}"'


def read_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("It has to be text, in quotes.")  # noqa: TRY004 - pydantic collects these
    return value.strip()


def read_required_text(value: object) -> str:
    text = read_text(value)
    if not text:
        raise ValueError("It is empty: give it or leave it out.")
    return text


def read_duration(value: object) -> float:
    """Seconds, of ``30s``, ``5m``, ``1h``, ``5d``, ``250ms`` or a number of seconds."""
    match = _DURATION.fullmatch(_written(value))
    if not match:
        raise ValueError(f"{quoted(value)} is no duration: write it like 30s, 5m, 1h or 5d.")
    return float(match[1]) * _SECONDS[match[2]]


def write_duration(seconds: float) -> str:
    """The shortest way to write it: ``90`` is ``90s``, ``3600`` is ``1h``."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds:g}s"


def read_size(value: object) -> int:
    """Bytes, of ``512MiB``, ``2GiB`` or a number of bytes."""
    match = _SIZE.fullmatch(_written(value))
    if not match:
        raise ValueError(f"{quoted(value)} is no size: write it like 512MiB or 2GiB.")
    return int(match[1]) * _BYTES[match[2].upper()]


def write_size(size: int) -> str:
    for unit, of in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size and size % of == 0:
            return f"{size // of}{unit}"
    return str(size)


def read_number(value: object) -> float:
    try:
        return float(_written(value))
    except ValueError:
        raise ValueError(f"{quoted(value)} is no number.") from None


def read_count(value: object) -> int:
    text = _written(value)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{quoted(value)} is no whole number.")
    return int(text)


def read_switch(value: object) -> bool:
    switch = _SWITCH.get(str(value).strip().lower())
    if switch is None:
        raise ValueError(f"{quoted(value)} is not known: give on or off.")
    return switch


def read_pairs(text: str) -> dict[str, str]:
    """``key=value,…``, percent-encoded as OpenTelemetry's variables have it."""
    pairs = (pair.partition("=") for pair in text.split(",") if pair.strip())
    found = {}
    for place, (key, sign, value) in enumerate(pairs, 1):
        if not sign or not key.strip():
            # The pair is not repeated: it may be a credential.
            raise ValueError(f"Pair {place} is no key=value: write it like key=value,key=value.")
        found[unquote(key.strip())] = unquote(value.strip())
    return found


class Listen(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_listen(value: object) -> Listen:
    """``host:port``, an IPv6 host in brackets; without a host: on all addresses."""
    host, colon, port = _written(value).rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    name = host[1:-1] if bracketed else host
    if not colon or not port.isdigit() or int(port) > _MOST_PORTS or (":" in name) != bracketed:
        raise ValueError(f"{quoted(value)} is no address: write it like 127.0.0.1:9464.")
    return Listen(name or "0.0.0.0", int(port))  # noqa: S104 - said so by who left the host out


def _written(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()
