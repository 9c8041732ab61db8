"""``fuse-otel show``: draw calls as trees, from files or from the store of the daemon. With
``--explain``: which rule made each attribute of a call, and which rule removed the rest.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec.structs import replace

from fuse_otel.cli.arguments import add_color, number
from fuse_otel.cli.output import DONE, FAILED, complain, print_lines, reason
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
from fuse_otel.cli.terminal.call_tree import NARROWEST, draw
from fuse_otel.cli.terminal.text import coloured, terminal_width
from fuse_otel.core.decoding.answers import NotUnderstood
from fuse_otel.core.encoding.otlp_json import dumps, logs_json, traces_json
from fuse_otel.core.model.tally import DROP, LINE, REDACTIONS, Note, Tally
from fuse_otel.core.redaction.scrub import clean_name
from fuse_otel.humanize import clean
from fuse_otel.ports import RecentCall
from fuse_otel.views.call_tree import CallTree, TreeExecution, TreeRecord, call_trees
from fuse_otel.views.otlp_reader import (
    PlainAttributes,
    Requests,
    first_lines,
    is_otlp_lines,
    read_otlp_lines,
)

_SAVED = (".json", ".jsonl", ".xml")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "calls",
        nargs="+",
        metavar="FILE|SESSION_ID",
        help="a file with a saved answer of the Fuse API or OTLP/JSON lines (- for standard input),"
        " or the session id of a call in the daemon's store",
    )
    parser.add_argument(
        "--session-id",
        default="",
        metavar="ID",
        help="draw only this call of the files; also the session id of a bare list of entries",
    )
    parser.add_argument("--records", action="store_true", help="draw all log records")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="print which rule made each attribute and which rule removed what",
    )
    parser.add_argument("--otlp", action="store_true", help="print OTLP/JSON instead of a drawing")
    add_color(parser)
    parser.add_argument(
        "--width",
        type=number(int, NARROWEST, 1000),
        metavar="COLUMNS",
        help="default: the terminal's, else 80",
    )


def run(args: argparse.Namespace) -> int:
    found = _Found(args)
    for name in args.calls:
        found.read(name)
    lines = found.otlp() if args.otlp else found.drawings()
    return DONE if print_lines(lines) and not found.failed else FAILED


class _Found:
    """The wanted calls, joined from files and store."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._requests = Requests(args.session_id)
        self._notes: dict[str, Sequence[Note]] = {}
        self.failed = False

    def read(self, name: str) -> None:
        # An existing path is a file, anything else a session id, unless it has the shape of a path.
        if name != STDIN and not os.path.exists(name):  # noqa: PTH110 - Path.exists raises for a name too long
            if name.endswith(_SAVED):
                self._complain(f"{name}: There is no such file.")
            else:
                self._read_store(name)
            return
        try:
            with opened(name) as lines:
                self._read_file(name, lines)
        except NoSessionId as error:
            self._complain(f"{name}: {error}. {NAME_IT}")
        except (OSError, NotUnderstood, TooMuch) as error:
            self._complain(
                f"{name}: {reason(error)}. Give a saved answer of the Fuse API or OTLP/JSON lines."
            )

    def _read_file(self, name: str, lines: Iterator[bytes]) -> None:
        first = first_lines(lines)  # a pipe is read once
        if is_otlp_lines(first):
            self._complain_of_the_redacted(name)
            for number in read_otlp_lines(chain(first, lines), self._requests):
                self._complain(f"{name}: line {number} is no export request of OTLP/JSON.")
            return
        session_id = self._args.session_id or session_id_of(name)
        options = replace(options_of(self._args), explain=self._args.explain)
        for call in render_saved(joined(chain(first, lines)), session_id, options):
            if call.unnamed and not self._args.session_id:
                complain(f"{name}: the session id is taken from the file name: {session_id}.")
            self._notes[call.trace_id] = call.notes
            self._add(call.traces, call.logs)

    def _read_store(self, session_id: str) -> None:
        # Reading the configuration and opening a database is not for those who show a file.
        from fuse_otel.assembly.parts import open_control  # noqa: PLC0415
        from fuse_otel.cli.settings_flags import load_settings  # noqa: PLC0415

        settings = load_settings(self._args, needs_account=False).settings
        with open_control(settings) as control:
            call = control.recent_call(session_id)
        if call is None:
            self._complain(
                f"{session_id}: neither a file nor one of the calls that were read last. "
                "See the back end for older calls: `fuse-otel trace-id` prints the trace's id."
            )
        else:
            self._complain_of_the_redacted(session_id)
            self._add_stored(call)

    def _add_stored(self, call: RecentCall) -> None:
        try:
            self._add(call.traces, call.logs)
        except ValueError:  # a disk may damage what no index of the database covers
            self._complain(
                f"{call.session_id}: The stored copy is damaged. See the back end for this call: "
                "`fuse-otel trace-id` prints the trace's id."
            )

    def _complain_of_the_redacted(self, name: str) -> None:
        """Redacted data cannot be redacted differently, or explained."""
        if self._args.explain or vars(self._args).get("setting_redaction"):
            self._complain(
                f"{name}: It is already redacted: --explain and --redaction need a saved answer"
                " of the Fuse API."
            )

    def _add(self, traces: bytes, logs: bytes) -> None:
        self._requests.add(traces_json(traces))
        self._requests.add(logs_json(logs))

    def otlp(self) -> Iterator[str]:
        self._complain_if_empty()
        requests = (self._requests.traces, self._requests.logs)
        yield from (dumps(request) for request in requests if request)

    def drawings(self) -> Iterator[str]:
        self._complain_if_empty()
        width, colour = self._args.width or terminal_width(), coloured(self._args.color)
        for place, tree in enumerate(call_trees(self._requests.traces, self._requests.logs)):
            drawing = draw(tree, width=width, colour=colour, records=self._args.records)
            yield f"\n{drawing}" if place else drawing
            if self._args.explain:
                yield from explained(tree, self._notes.get(tree.trace_id, ()))

    def _complain_if_empty(self) -> None:
        if not (self._requests.traces or self._requests.logs or self.failed):
            wanted = self._args.session_id
            missing = f"{wanted} is not in there" if wanted else "there is no call in it"
            self._complain(f"{', '.join(self._args.calls)}: {missing}.")

    def _complain(self, sentence: str) -> None:
        self.failed = True
        complain(sentence)


_WIDTH = 36
_MODEL = "the data model"
_OWN = "a pattern of your own rules"
Notes = Mapping[int, list[Note]]
"""By the index of the entry."""


def explained(tree: CallTree, notes: Iterable[Note]) -> Iterator[str]:
    """A line for each attribute with the rule that made it, and a line for each key or text of an
    entry that a rule removed or changed. Removed values are not shown.
    """
    by_entry: dict[int, list[Note]] = {}
    for note in notes:
        by_entry.setdefault(note.entry, []).append(note)
    yield "resource"
    yield from _made(tree.resource, [])
    yield "call"
    yield from _made(tree.attributes, [])
    for execution in tree.executions:
        yield f"execution {clean(execution.name)}"
        yield from _made(execution.attributes, _of(execution, by_entry))
        for record in execution.records:
            yield from _record(record, by_entry)
    for record in tree.records:
        yield from _record(record, by_entry)


def _of(execution: TreeExecution, notes: Notes) -> list[Note]:
    return [note for record in execution.records for note in notes.get(_index(record), ())]


def _index(record: TreeRecord) -> int:
    """The entry's index in the API's array, the end of its uid; -1 if it is unknown."""
    place = str(record.attributes.get("log.record.uid", "")).rpartition("-")[2]
    return int(place) if place.isdecimal() else -1


def _record(record: TreeRecord, by_entry: Notes) -> Iterator[str]:
    notes = by_entry.get(_index(record), [])
    yield f"  entry {_index(record)}: {clean(record.body) or '(an empty line)'}"
    yield from _made(record.attributes, notes)
    for note in notes:
        if note.subject == LINE and LINE in note.own:
            yield f"    the line: allowed by your rule `{clean(note.own_rule)}`"
    yield from _taken(notes)


def _made(attributes: PlainAttributes, notes: list[Note]) -> Iterator[str]:
    # If several entries set an attribute the last one counts, as in the translation.
    sources = {name: _source(name, note) for note in notes for name in note.made}
    for name, value in attributes.items():
        yield f"    {clean(name):{_WIDTH}} {clean(str(value))}  < {sources.get(name, _MODEL)}"


def _source(name: str, note: Note) -> str:
    """A rule is named only for what would not leave without it."""
    source = f"the line of entry {note.entry}" if note.subject == LINE else _key(note)
    return f"{source}, by your rule `{clean(note.own_rule)}`" if name in note.own else source


def _key(note: Note) -> str:
    return f"data {clean(clean_name(note.subject, Tally()))!r} of entry {note.entry}"


def _taken(notes: Iterable[Note]) -> Iterator[str]:
    for note in notes:
        what = "the line" if note.subject == LINE else _key(note)
        fate = "changed" if note.made or note.subject == LINE else "dropped"
        for rule in note.taken_by:
            meaning = REDACTIONS.get(rule, _OWN)
            if rule == DROP:
                meaning = f"your rule `{clean(note.own_rule)}`"
            yield f"    {what}: {fate} by {rule}, {meaning}"
