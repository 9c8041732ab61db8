"""``fuse-otel config``: the configuration in effect, where each part was said, secrets masked."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping

from fuse_otel.cli.common import load_settings
from fuse_otel.cli.printing import complain, print_lines
from fuse_otel.config import Loaded

_DONE, _FAILED = 0, 1
_NOTHING = "-"
_EMPTY: tuple[object, ...] = (None, "", {}, [])


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    loaded = load_settings(args, needs_account=False)
    for warning in loaded.warnings:
        complain(f"warning: {warning}")
    shown = loaded.settings.model_dump(mode="json")
    lines = _json(shown, loaded) if args.json else _table(shown, loaded)
    return _DONE if print_lines(lines) else _FAILED


def _json(shown: Mapping[str, object], loaded: Loaded) -> Iterator[str]:
    settings = {
        name: {"value": value, "origin": loaded.origins[name]} for name, value in shown.items()
    }
    yield json.dumps(settings, indent=2, ensure_ascii=False)


def _table(shown: Mapping[str, object], loaded: Loaded) -> Iterator[str]:
    rows = [(name, loaded.origins[name], text) for name, v in shown.items() for text in _texts(v)]
    wide, wider = (max(len(row[column]) for row in rows) for column in range(2))
    for name, origin, text in rows:
        yield f"{name:{wide}}  {origin:{wider}}  {text}"


def _texts(value: object) -> list[str]:
    """A line for each element of a list; ``-`` where there is nothing."""
    if isinstance(value, list):
        return [_text(each) for each in value] or [_NOTHING]
    return [_text(value)]


def _text(value: object) -> str:
    if isinstance(value, dict):
        parts = [f"{key}={_text(each)}" for key, each in value.items() if each not in _EMPTY]
        return " ".join(parts) or _NOTHING
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return _NOTHING if value in _EMPTY else str(value)
