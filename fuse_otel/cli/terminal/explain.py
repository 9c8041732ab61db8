"""``show --explain``: which rule made each attribute of a call, and which rule removed the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fuse_otel.core.model.tally import DROP, LINE, REDACTIONS, Note, Tally
from fuse_otel.core.redaction.scrub import clean_name
from fuse_otel.humanize import clean
from fuse_otel.views.call_tree import CallTree, TreeExecution, TreeRecord
from fuse_otel.views.otlp_reader import PlainAttributes

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
