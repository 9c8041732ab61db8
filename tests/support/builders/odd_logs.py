"""Logs that no API should send: the files of ``tests/data/odd``, and those too large for files."""

import json
from functools import cache

from support.pages.repository import ROOT

FOLDER = ROOT / "tests" / "data" / "odd"
_AT = 1_700_000_000


def _entry(line="x", module="prompt", name="p", **data):
    data = {**data, "module_type": module, "result_variable": name}
    return {"event": {"line": line, "data": data}, "class": "info", "timestamp": _AT}


def _written(*entries: object) -> bytes:
    return json.dumps(entries).encode()


def _large() -> dict[str, bytes]:
    line = "4111111111111111 " * 60_000
    link = "00-{:032x}-b7ad6b7169203331-01".format
    return {
        "line-of-1-mb": _written(_entry(line), _entry(f"User input: {line}"), _entry(f"A{line}")),
        "prompt-of-1-mb": _written({**_entry(line, type="static"), "class": "prompt"}),
        "value-of-1-mb": _written(_entry(module="rest", url=line, note=line)),
        "name-of-1-mb": _written(_entry(module=line, name=line)),
        "application-of-1-mb": _written(_entry(f'Executing application "{line}" version "{line}"')),
        "class-of-1-mb": _written({**_entry(), "class": line}),
        "entries-10000": _written(*[_entry(str(n)) for n in range(10_000)]),
        "executions": _written(*[_entry(name=f"n{n}") for n in range(1000)]),
        "links": _written(*[_entry(traceparent=link(n + 1)) for n in range(1000)]),
        "keys-10000": _written(_entry(**{f"key{n}": n for n in range(10_000)})),
        "deep-100000": b"[" * 100_000 + b"]" * 100_000,
        "deep-data-100000": b'[{"event":{"line":"x","data":{"a":' + b'{"a":' * 100_000 + b"1"
        + b"}" * 100_000 + b"}}}]",
        "digits-1000000": b'[{"timestamp":' + b"9" * 1_000_000 + b"}]",
        "session-id-of-1-mb": json.dumps(
            {"calls": [{"session_id": line, "src": line, "dest": line, "detail": [_entry()]}]}
        ).encode(),
    }  # fmt: skip


@cache
def odd_logs() -> dict[str, bytes]:
    """Name → the bytes of an answer."""
    return {file.name: file.read_bytes() for file in sorted(FOLDER.iterdir())} | _large()
