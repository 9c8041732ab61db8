"""The command line. The module of a command is imported when the command runs: each starts fast."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from fuse_otel import __version__
from fuse_otel.cli.output import (
    FAILED,
    INTERRUPTED,
    MISCONFIGURED,
    USAGE,
    begin_output,
    end_output,
    printed,
    reason,
)
from fuse_otel.cli.parser import Parser, flag_name, suggestion
from fuse_otel.errors import ConfigurationError, FuseOtelError, WrongQuery

_WHAT = "Every call of a Plum Fuse phone application as one OpenTelemetry trace."
DOCS = "the folder docs of the source, docs/configuration.md first"
_WORD = re.compile(r"[a-z][a-z-]{0,30}", re.ASCII | re.IGNORECASE)
_CODES: dict[type[FuseOtelError], int] = {ConfigurationError: MISCONFIGURED, WrongQuery: USAGE}


@dataclass(frozen=True, slots=True)
class Command:
    """``configured``: it reads the configuration and takes a flag for each setting. ``settings``:
    the ones that its help lists, all by default.
    """

    help: str
    configured: bool = False
    settings: tuple[str, ...] = ()


# What commands with few settings list in their helps.
_STORE = ("state_url",)
_JOB = (*_STORE, "max_disk", "log_level", "log_format")
_CALLS = (
    "email", "developer_key", "pseudonym_key", "redaction", "url_templates", "namespace",
    "environment", "resource_attributes", "error_policy",
)  # fmt: skip


COMMANDS = {
    "run": Command("run the daemon: read calls and deliver them until stopped", configured=True),
    "once": Command(
        "process all that is due, then exit (for cron jobs and first tests)", configured=True
    ),
    "demo": Command("try it with simulated calls, without any configuration"),
    "simulate": Command("run a simulated Fuse API, for load and fault tests"),
    "status": Command(
        "show the state of accounts, lanes and jobs", configured=True, settings=_STORE
    ),
    "health": Command(
        "say whether the daemon is healthy, for health checks of containers",
        configured=True,
        settings=("listen", "web_config"),
    ),
    "calls": Command(
        "list the calls of the last 7 days, with filters", configured=True, settings=_STORE
    ),
    "tail": Command(
        "show calls as they are stored, until Ctrl-C", configured=True, settings=_STORE
    ),
    "flow": Command(
        "show which way calls take through an application", configured=True, settings=_STORE
    ),
    "backfill": Command(
        "read an interval of the last five days",
        configured=True,
        settings=("email", "developer_key", *_JOB),
    ),
    "parked": Command("list, show, replay or drop refused calls", configured=True, settings=_JOB),
    "lane": Command(
        "pause and resume the delivery to a back end", configured=True, settings=_STORE
    ),
    "erase": Command(
        "remove what the store holds of a call", configured=True, settings=(*_JOB, "namespace")
    ),
    "check": Command(
        "check the configuration; --online also API, store, back ends", configured=True
    ),
    "show": Command(
        "draw a call as a tree with a time bar",
        configured=True,
        settings=(*_CALLS, *_STORE, "pages_redaction"),
    ),
    "convert": Command(
        "convert saved call logs to OTLP/JSON lines", configured=True, settings=_CALLS
    ),
    "trace-id": Command("print the trace id of a call"),
    "caller": Command(
        "print the queries that find the calls of a phone number",
        configured=True,
        settings=("email", "developer_key", "pseudonym_key", "resource_attributes"),
    ),
    "config": Command("print the effective settings and where each comes from", configured=True),
    "diagnose": Command(
        "write a masked archive for a problem report; read it first",
        configured=True,
        settings=_STORE,
    ),
    "assets": Command("write out the alerts, dashboards, unit, man page and examples"),
    "completion": Command("print the completion of commands and flags for a shell"),
    "man": Command("print the man page"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code: 0 done, 1 failed, 2 usage, 78 bad configuration."""
    words = list(sys.argv[1:] if argv is None else argv)
    begin_output()
    try:
        return _main(words)
    except FuseOtelError as error:
        return _complain(error, _CODES.get(type(error), FAILED))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return FAILED
    except OSError as error:
        # Any other error of the system, such as a failing disk: the file and the reason.
        where = f"{error.filename}: " if error.filename else ""
        return _complain(FuseOtelError(f"{where}{reason(error)}."), FAILED)
    finally:
        end_output()


def _main(words: list[str]) -> int:
    if not words:
        print(_help(), file=sys.stderr)
        return USAGE
    name, *rest = words
    if name in COMMANDS:
        return _run(name, rest)
    if name in {"-h", "--help", "help"}:
        return printed([_help()])
    if name in {"-V", "--version"}:
        return printed([f"fuse-otel {__version__}"])
    return _refuse(name)


def whole_parser() -> Parser:
    """The parser of all commands, for what describes them. It imports all of them."""
    parser = Parser(prog="fuse-otel", description=_WHAT)
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, command in COMMANDS.items():
        _fill(commands.add_parser(name, help=command.help, description=_sentence(command)), name)
    return parser


def command_parser(name: str) -> Parser:
    """The parser of a command, with a flag for each setting if the command has them."""
    parser = Parser(
        prog=f"fuse-otel {name}",
        description=_sentence(COMMANDS[name]),
        epilog=f"Documentation: {DOCS}",
    )
    _fill(parser, name)
    return parser


def _sentence(command: Command) -> str:
    return f"{command.help[0].upper()}{command.help[1:]}."


def _fill(parser: Parser, name: str) -> None:
    _module(name).arguments(parser)
    if COMMANDS[name].configured:
        from fuse_otel.cli.settings_flags import add_settings  # noqa: PLC0415 - for these alone

        add_settings(parser, COMMANDS[name].settings)


def _module(name: str) -> ModuleType:
    return import_module(f"fuse_otel.cli.commands.{name.replace('-', '_')}")


def _run(name: str, words: list[str]) -> int:
    try:
        args = command_parser(name).parse(words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE
    code: int = _module(name).run(args)
    return code


def _refuse(word: str) -> int:
    # Anything else may be a value that nobody should see.
    name = flag_name(word) or (word if _WORD.fullmatch(word) else "")
    what = f"there is no command {name!r}" if name else "the first argument is no command"
    advice = suggestion(name, (*COMMANDS, "--help", "--version")) or ". See fuse-otel --help."
    print(f"fuse-otel: {what}{advice}", file=sys.stderr)
    return USAGE


def _complain(error: FuseOtelError, code: int) -> int:
    for sentence in str(error).splitlines():
        print(f"fuse-otel: {sentence}", file=sys.stderr)
    return code


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {command.help}" for name, command in COMMANDS.items()]
    return "\n".join(
        (
            "usage: fuse-otel COMMAND [arguments]",
            _WHAT,
            "",
            "commands:",
            *lines,
            "",
            "COMMAND --help describes a command, --version prints the version.",
            f"Documentation: {DOCS}",
        )
    )
