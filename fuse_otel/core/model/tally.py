"""What is counted while a call is decoded, redacted and translated, and what each kind means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct, field


class Anomaly(StrEnum):
    """What was odd in an answer of the API: lost, guessed or repaired. Another spelling of the same
    value (``"12"`` for ``12``, ``[]`` for ``{}``) is not odd. The values are labels of a metric:
    few, fixed, and never made from data.
    """

    REPAIRED = "repaired"
    XML = "xml"
    DEPTH = "depth"
    LONG = "long"
    LIST_LONG = "list_long"
    LIST_IS_OBJECT = "list_is_object"
    LIST_MISSING = "list_missing"
    TOTAL = "total"
    RECORD = "record"
    RECORD_ID = "record_id"
    RECORD_REPEATED = "record_repeated"
    RECORD_TIME = "record_time"
    RECORD_LOG = "record_log"
    DETAIL = "detail"
    DETAIL_ERROR = "detail_error"
    ENTRY = "entry"
    ENTRY_EVENT = "entry_event"
    ENTRY_LINE = "entry_line"
    ENTRY_DATA = "entry_data"
    ENTRY_MODULE = "entry_module"
    ENTRY_CLASS = "entry_class"
    ENTRY_TIME = "entry_time"
    CLASS = "class"
    TIME = "time"
    CALL_TIME = "call_time"


ANOMALIES: Mapping[Anomaly, str] = {
    Anomaly.REPAIRED: "bad UTF-8, escapes, lone surrogates, `NaN`, control characters: replaced",
    Anomaly.XML: "the answer came as XML: converted to JSON",
    Anomaly.DEPTH: "values nested deeper than 200 levels (100 in XML): taken as null",
    Anomaly.LONG: "a name of more than 4096 characters, or a number of more than 256: `[long]`",
    Anomaly.LIST_LONG: "a log of more than 200,000 entries: the rest is left out",
    Anomaly.LIST_IS_OBJECT: "an array came as an object with numbers for names",
    Anomaly.LIST_MISSING: "`calls` was null, or absent beside `total_calls`",
    Anomaly.TOTAL: "`total_calls` is not a count: ignored",
    Anomaly.RECORD: "an element of `calls` is not a readable object: skipped",
    Anomaly.RECORD_ID: "a call has no session id: skipped",
    Anomaly.RECORD_REPEATED: "two calls of a page share a session id: joined",
    Anomaly.RECORD_TIME: "the start or end of a call is missing or unreadable",
    Anomaly.RECORD_LOG: "`log` is missing or not a boolean: taken as true",
    Anomaly.DETAIL: "`detail` is not an array, null or an error: taken as no log",
    Anomaly.DETAIL_ERROR: "`detail` is an unknown error: taken as no log",
    Anomaly.ENTRY: "an element of a log is not an object: skipped",
    Anomaly.ENTRY_EVENT: "`event` is missing or not an object",
    Anomaly.ENTRY_LINE: "`line` is missing or not a text",
    Anomaly.ENTRY_DATA: "`data` is missing or not an object",
    Anomaly.ENTRY_MODULE: "`module_type` or `result_variable` is missing or unreadable",
    Anomaly.ENTRY_CLASS: "`class` is missing or not a text",
    Anomaly.ENTRY_TIME: "`timestamp` is missing or unreadable",
    Anomaly.CLASS: "a log class without a severity: taken as INFO",
    Anomaly.TIME: "the time of a log record is inferred",
    Anomaly.CALL_TIME: "a start or end more than a day away from the rest of the call: ignored",
}
REDACTIONS: Mapping[str, str] = {
    "line": "a line that no rule knows, or that modules of this type do not write",
    "prompt": "the text of a prompt that is not the same for all callers",
    "author_text": "a line that the application's author wrote",
    "input": "what a caller keyed or spoke; its length stays",
    "error_text": "the text behind the name of an exception",
    "operand": "what a module compares; the result stays",
    "key": "a key of an entry's data that is not allowed",
    "value": "a value whose shape does not fit its key",
    "url": "credentials, query, fragment or words of the path of a URL",
    "email": "an e-mail address",
    "digits": "five digits, also with other characters between them, or four in a row;"
    " `standard`: seven, or five in a row",
    "token": "a long word of digits and letters, such as a key",
    "name": "a name of thousands of characters",
    "phone": "`standard`: a telephone number",
    "card": "`standard`: a card number, known by its check digit",
    "ssn": "`standard`: a social security number",
    "iban": "`standard`: a bank account number, known by its check digits",
    "secret": "a password, a bearer token, credentials of a URL",
    "drop": "a key that the operator's own rules drop; their patterns count under their own names",
}
TRUNCATIONS: Mapping[str, str] = {
    "body": "a log record's body longer than 32 KiB",
    "value": "an attribute's value longer than 2048 characters, or than `OTEL_…` allows",
    "attributes": "more attributes than 128 of a span or 96 of a log record (fewer by `OTEL_…`)",
    "links": "more links than 128 of a span, or than `OTEL_SPAN_LINK_COUNT_LIMIT` allows",
    "entries": "log records of a call larger than 2.5 MB: debug first, errors last",
    "executions": "spans of a call larger than 2.5 MB: the last first, those with errors last",
    "log": "a whole log too large to be read: the call is a root span alone",
}


class Note(NamedTuple):
    """What became of a key of an entry's data, or of its ``LINE``: its attributes, and
    the rules that removed something. ``entry`` is the entry's index. ``own_rule``: the operator's
    own rule that let it leave or dropped it, in words; empty if there is none. ``own``: the
    attributes, or the ``LINE``, that are not the same without that rule.
    """

    entry: int
    subject: str
    made: tuple[str, ...]
    taken_by: tuple[str, ...]
    own_rule: str = ""
    own: tuple[str, ...] = ()


DROP = "drop"
LINE = ""
"""The subject of an entry's line."""


def _nothing() -> Counter[str]:
    """An empty counter, without ``Counter.__init__``: it is most of the time that a tally takes."""
    return Counter.__new__(Counter)


class Tally(Struct):
    """The collector of what happened to one call, or to one answer: rule or kind → how often.
    ``notes`` are taken only for an explanation.
    """

    redactions: Counter[str] = field(default_factory=_nothing)
    truncations: Counter[str] = field(default_factory=_nothing)
    anomalies: Counter[str] = field(default_factory=_nothing)
    notes: list[Note] | None = None

    def note(
        self,
        entry: int,
        subject: str,
        attributes: Iterable[str],
        before: Counter[str],
        own_rule: str = "",
        own: Iterable[str] = (),
    ) -> None:
        """``before``: the ``snapshot`` from before the subject was read."""
        if self.notes is not None:
            rules = tuple(self.redactions - before)
            self.notes.append(Note(entry, subject, tuple(attributes), rules, own_rule, tuple(own)))

    def snapshot(self) -> Counter[str]:
        """A copy of the redactions if notes are taken, else an empty counter."""
        return _nothing() if self.notes is None else self.redactions.copy()

    def add(self, other: Tally) -> None:
        for mine, others in (
            (self.redactions, other.redactions),
            (self.truncations, other.truncations),
            (self.anomalies, other.anomalies),
        ):
            if others:
                mine.update(others)


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """All that they counted; none of their notes."""
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total
