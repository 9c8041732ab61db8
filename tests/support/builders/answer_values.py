"""Answers of the API as short as a test can say them, and what was read of them."""

import json

from fuse_otel.core.decoding.answers import decode_calls
from fuse_otel.core.model.call import CallLog

RECORD = {
    "dest": "8009957586",
    "src": "2125551234",
    "start": 1529552691,
    "end": 1529552697,
    "session_id": "300060;001;1529552581",
    "type": "inbound",
    "log": True,
}


def entry(line: str, module: str = "prompt") -> dict[str, object]:
    data = {"module_type": module, "result_variable": "var_0"}
    return {"event": {"line": line, "data": data}, "class": "info", "timestamp": 1529552692}


def body_of(value: object) -> bytes:
    return json.dumps(value).encode()


def page_of(*records: object, **more: object):
    """The page of ``/calls`` that lists them."""
    return decode_calls(body_of({"calls": records, "total_calls": len(records), **more}))


def lines_of(log: CallLog) -> list[tuple[int, str]]:
    return [(found.index, found.line) for found in log.entries]
