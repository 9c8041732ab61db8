"""Saved answers of the Fuse API as files, and the ids their calls must get."""

import argparse
import hashlib
import json

from fuse_otel.cli.settings_flags import add_settings

SESSION = "300060;001;1529552581"
START = 1_529_552_691


def entry(module_type, result_variable, second, line="Sending", log_class="info"):
    data = {"module_type": module_type, "result_variable": result_variable}
    event = {"line": line, "data": data}
    return {"event": event, "class": log_class, "timestamp": START + second}


ENTRIES = [
    entry("start", "start", 1, 'Executing application "email test" version "0.2"'),
    entry("prompt", "var_0", 1, "Sending email", "prompt"),
    entry("rest", "lookup", 2, "Request failed", "error"),
    entry("exit", "hangup", 5, "Exiting application"),
]


def listed(session_id=SESSION, **changes):
    """A call as ``/all_logs`` has it."""
    values = {"dest": "8009957586", "src": "2125551234", "start": f"{START}", "end": f"{START + 6}"}
    return {**values, "session_id": session_id, "detail": ENTRIES, **changes}


def save(folder, name, value):
    file = folder / name
    file.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return str(file)


def trace_id(session_id, namespace=""):
    name = b"\0".join([b"fuse-otel/1", namespace.encode(), session_id.encode()])
    return hashlib.sha256(name).hexdigest()[:32]


def run_command(command, *words):
    """The exit code of a command's module, its arguments parsed as the program parses them."""
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    add_settings(parser)
    return command.run(parser.parse_args(list(words)))
