"""``fuse-otel flow``: the call flow of an application, for the terminal and other programs."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fuse_otel.cli.arguments import add_color
from fuse_otel.cli.output import FAILED, complain, printed
from fuse_otel.cli.parser import suggestion
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.core.translation.translate import CallOutcome
from fuse_otel.humanize import quoted

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings
    from fuse_otel.views.flow import FlowReport, FlowRequest

FORMATS = ("text", "mermaid", "dot", "json")
_TEXTS = (
    ("from", "TIME", "only calls that started at this time or later, such as 2026-11-18 or 36h"),
    ("to", "TIME", "only calls that started before this time"),
    ("version", "VERSION", "only calls of this version of the application"),
    ("account", "NAME", "only calls of this account"),
    ("compare_version", "VERSION", "compare with the calls of this version"),
    ("compare_from", "TIME", "compare with the calls that started at this time or later"),
    ("compare_to", "TIME", "compare with the calls that started before this time"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("application", metavar="APPLICATION", help="the name of the application")
    for name, metavar, text in _TEXTS:
        parser.add_argument(
            _flag(name), dest=f"only_{name}", default="", metavar=metavar, help=text
        )
    parser.add_argument(
        "--outcome", choices=[each.value for each in CallOutcome], default="", help="how it ended"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="--format json for short"
    )
    add_color(parser)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def run(args: argparse.Namespace) -> int:
    from fuse_otel.views.flow import read_flow_request  # noqa: PLC0415 - not for the help

    settings = load_settings(args, needs_account=False).settings
    texts = {name: getattr(args, f"only_{name}") for name, *_ in _TEXTS}
    texts["outcome"] = args.outcome
    request = read_flow_request(args.application, texts, time.time(), _flag)
    report = _report(settings, request)
    if report is None:
        return FAILED
    return printed(_lines(report, args))


def _report(settings: Settings, request: FlowRequest) -> FlowReport | None:
    """``None`` for an unknown application, which is reported."""
    from fuse_otel.assembly.parts import open_flows  # noqa: PLC0415 - not for the help
    from fuse_otel.views.flow import flow_report  # noqa: PLC0415 - as above

    application = request.query.application
    with open_flows(settings) as flows:
        if flows.parts(application):
            return flow_report(flows, request)
        known = dict.fromkeys(part.application for part in flows.parts())
    advice = suggestion(application, known) or "."
    complain(
        f"fuse-otel: No call of the application {quoted(application)} was stored in the last"
        f" 30 days{advice}"
    )
    return None


def _lines(report: FlowReport, args: argparse.Namespace) -> Iterator[str]:
    from fuse_otel.views.flow import flow_json  # noqa: PLC0415 - not for the help
    from fuse_otel.views.flow_formats import dot, mermaid  # noqa: PLC0415 - as above

    match args.format:
        case "json":
            yield json.dumps(flow_json(report), ensure_ascii=False)
        case "mermaid":
            yield from mermaid(report)
        case "dot":
            yield from dot(report)
        case _:
            yield from _text(report, args.color)


def _text(report: FlowReport, color: str) -> Iterator[str]:
    from fuse_otel import humanize  # noqa: PLC0415 - not for the help
    from fuse_otel.cli.terminal.text import painted_table  # noqa: PLC0415 - as above
    from fuse_otel.views.flow_formats import module_table, step_table  # noqa: PLC0415

    counted = humanize.plural(report.side.calls, "call")
    if report.compared is not None:
        counted += f", compared with {humanize.plural(report.compared.calls, 'call')}"
    yield f"{humanize.clean(report.application)}: {counted} with log entries"
    for table in (module_table(report), step_table(report)):
        yield ""
        yield from painted_table(table, color)
