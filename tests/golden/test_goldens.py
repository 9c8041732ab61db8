"""The data model as files: what becomes of each kind of call, as OTLP/JSON.

``make golden`` writes the files anew; read the difference as a reviewer of the data model before
you keep it: back ends hold calls in the old form for years.
"""

import json
import os
from pathlib import Path

import pytest
from support.builders.golden_calls import golden_calls

from fuse_otel.core.encoding.otlp_json import logs_json, traces_json
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.telemetry import Signal

FOLDER = Path(__file__).parents[1] / "data" / "golden"
UPDATE = os.environ.get("UPDATE_GOLDENS", "") not in {"", "0"}
WIDTH = 110
CALLS = golden_calls()


def pretty(value, indent=""):
    """JSON, with whatever fits on a line on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(line) <= WIDTH:
        return line
    inner = indent + " "
    if isinstance(value, list):
        parts = [pretty(each, inner) for each in value]
    else:
        parts = [f"{json.dumps(key)}: {pretty(each, inner)}" for key, each in value.items()]
    opened, closed = ("[", "]") if isinstance(value, list) else ("{", "}")
    return f"{opened}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closed}"


def golden(name):
    call, log, sent, options, profile = CALLS[name]
    wanted = [
        Rendering(signal.value, signal, profile, (Lane("here", signal),), options.redaction)
        for signal in Signal
    ]
    out = Renderer(options, wanted).render(call, log, log_completeness(call, log), sent)
    tally = {
        kind: dict(sorted(getattr(out.tally, kind).items()))
        for kind in ("redactions", "truncations", "anomalies")
    }
    spans, records = (out.parts.get(each.id, (b"", 0))[0] for each in wanted)
    document = {**traces_json(spans), **logs_json(records), "counted": tally}
    return pretty(document) + "\n"


@pytest.mark.parametrize("name", CALLS)
def test_a_call_becomes_what_its_golden_file_holds(name):
    file, made = FOLDER / f"{name}.json", golden(name)
    if UPDATE:
        file.write_text(made, encoding="utf-8")
    assert made == file.read_text(encoding="utf-8")


def test_no_golden_file_is_without_a_call():
    assert {file.stem for file in FOLDER.glob("*.json")} == set(CALLS)
