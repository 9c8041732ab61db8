"""``fuse-otel config``: the configuration in effect, where each part was said, secrets masked."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping

from fuse_otel.cli.common import load_settings
from fuse_otel.cli.printing import complain, print_lines
from fuse_otel.config import Loaded

_DONE, _FAILED = 0, 1


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
    cells = [(name, text) for name, value in shown.items() for text in _texts(value)]
    width = max(len(name) for name, _ in cells)
    wide = max(len(text) for _, text in cells if len(text) <= _WIDEST)
    for name, text in cells:
        yield f"{name:{width}}  {text:{wide}}  {loaded.origins[name]}"


_WIDEST = 60


def _texts(value: object) -> list[str]:
    """A line for each element of a list; ``-`` where there is nothing."""
    if isinstance(value, list):
        return [_text(each) for each in value] or ["-"]
    return [_text(value)]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value in ("", {}):
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
