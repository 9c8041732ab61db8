"""``fuse-otel convert``: saved answers of the Fuse API as OTLP/JSON lines, without a network."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from fuse_otel.cli.output import DONE, FAILED, USAGE, complain, print_lines, reason
from fuse_otel.cli.saved_calls import (
    NAME_IT,
    STDIN,
    NoSessionId,
    TooMuch,
    joined,
    opened,
    options_of,
    render_saved,
    session_id_of,
)
from fuse_otel.core.decoding.answers import NotUnderstood
from fuse_otel.core.encoding.otlp_json import dumps, logs_json, traces_json
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.files import open_to_write

WANTED = "Give a saved answer of the Fuse API, JSON or XML."


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a saved answer of the Fuse API, JSON or XML; - reads standard input",
    )
    parser.add_argument(
        "--session-id",
        default="",
        metavar="ID",
        help="the session id of a bare list of entries (default: the file name without its suffix)",
    )
    parser.add_argument(
        "--output",
        default=STDIN,
        metavar="FILE",
        help="output file (default: -, standard output)",
    )


def run(args: argparse.Namespace) -> int:
    if args.session_id and len(args.files) > 1:
        complain("--session-id names one call: give it with one FILE.")
        return USAGE
    conversion = _Conversion(args.files, args.session_id, options_of(args))
    written = _write(args.output, conversion)
    return DONE if written and not conversion.failed else FAILED


class _Conversion:
    """The lines of all files, a line of traces and a line of logs for each call. A file that cannot
    be converted is reported, and the others are converted.
    """

    def __init__(self, files: Sequence[str], session_id: str, options: ModelOptions) -> None:
        self._files = files
        self._session_id = session_id
        self._options = options
        self.failed = False

    def __iter__(self) -> Iterator[str]:
        for name in self._files:
            try:
                yield from self._lines(name)
            except (OSError, NotUnderstood, TooMuch) as error:
                self._complain(name, f"{reason(error)}. {WANTED}")
            except NoSessionId as error:
                self._complain(name, f"{error}. {NAME_IT}")

    def _lines(self, name: str) -> Iterator[str]:
        with opened(name) as lines:
            data = joined(lines)
        session_id = self._session_id or session_id_of(name)
        for call in render_saved(data, session_id, self._options):
            if call.unnamed and not self._session_id:
                complain(f"{name}: the session id is taken from the file name: {session_id}.")
            yield dumps(traces_json(call.traces))
            if call.logs:
                yield dumps(logs_json(call.logs))

    def _complain(self, name: str, sentence: str) -> None:
        self.failed = True
        complain(f"{name}: {sentence}")


def _write(output: str, lines: _Conversion) -> bool:
    if output == STDIN:
        return print_lines(lines)
    try:
        with open_to_write(output) as file:
            file.writelines(f"{line}\n".encode() for line in lines)
    except OSError as error:
        complain(f"{output}: {reason(error)}. Choose another --output.")
        return False
    return True
