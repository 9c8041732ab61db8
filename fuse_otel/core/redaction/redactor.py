"""An entry read under any redaction, as the timeline of the call wants it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from msgspec import structs

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import Entry, ListedCall
from fuse_otel.core.model.module_kinds import (
    SETTING,
    module_kind,
)
from fuse_otel.core.model.redaction_policy import Mode, Redaction
from fuse_otel.core.model.telemetry import LINE, Tally, Value
from fuse_otel.core.redaction import custom_rules
from fuse_otel.core.redaction.data import allowed_data
from fuse_otel.core.redaction.freeform import PERSONAL, FreeReading
from fuse_otel.core.redaction.lines import Facts
from fuse_otel.core.redaction.scrub import clean_name, cut_between_words
from fuse_otel.core.redaction.strict_rules import (
    PROMPT,
    RedactedEntry,
    class_of,
    facts_told,
    link_in,
    most_of_body,
    read,
)

Attributes = dict[str, Value]
_SECRET_CODE = 3  # digits


class Redactor(NamedTuple):
    """``read`` takes an entry, its module type and what counts; ``name`` an author's name."""

    read: Callable[[Entry, str, Tally], RedactedEntry]
    name: Callable[[str, Counter[str]], str]


_PLAIN = Redactor(read, clean_name)


def redactor_for(call: ListedCall, redaction: Redaction, *, explain: bool) -> Redactor:
    """The plain way is the fast one. All others go key by key, by the same rules."""
    if redaction.plain and not explain:
        return _PLAIN
    careful = _Careful(call, redaction)
    return Redactor(careful.read, careful.name)


class _Module(NamedTuple):
    """Where a key stands: the module's kind, whether in a prompt, the variable that is set, what
    own rules say there.
    """

    kind: str
    prompt: bool
    variable: str
    allowed: frozenset[str]
    dropped: frozenset[str]


class _Careful:
    def __init__(self, call: ListedCall, redaction: Redaction) -> None:
        self._mode = redaction.mode
        self._rules = redaction.rules
        self._patterns = custom_rules.compiled(redaction.rules.patterns)
        self._free = FreeReading(redaction.mode, self._patterns, call)

    def name(self, name: str, redactions: Counter[str]) -> str:
        """Clean in every mode: the names of modules are names of spans and labels of metrics."""
        return clean_name(custom_rules.marked(name, self._patterns, redactions), redactions)

    def read(self, entry: Entry, module_type: str, tally: Tally) -> RedactedEntry:
        log_class, kind = class_of(entry.log_class), module_kind(module_type)
        module = _Module(
            kind,
            log_class == PROMPT,
            (entry.result_variable or "") if kind in SETTING else "",
            custom_rules.names(self._rules.allow, kind),
            custom_rules.names(self._rules.drop, kind),
        )
        attributes: Attributes = {}
        for key, value in entry.data.items():
            before = tally.taken()
            made = self._of_key(key, value, module, tally.redactions)
            attributes |= made
            tally.note(entry.index, key, made, before)
        before = tally.taken()
        facts = self._facts(entry, module, tally)
        tally.note(entry.index, LINE, facts.attributes, before)
        attributes |= facts.attributes
        if self._mode is Mode.OFF and semconv.INPUT_LENGTH in facts.attributes:
            attributes[f"{PERSONAL}input"] = _keyed(facts, entry.line)
        return RedactedEntry(log_class, facts.body, attributes, facts, link_in(entry))

    def _of_key(
        self, key: str, value: object, module: _Module, redactions: Counter[str]
    ) -> Attributes:
        if key in module.dropped:
            redactions["drop"] += 1
            return {}
        if self._mode is not Mode.STRICT:
            known = allowed_data({key: value}, module.kind, Counter(), prompt=module.prompt)
            # Of a URL the model keeps less than the mode does.
            if known and semconv.URL_FULL not in known:
                return self._marked(known, redactions)
            return {**self._marked(known, redactions), **self._told(key, value, module, redactions)}
        if key in module.allowed:
            return self._told(key, value, module, redactions)
        known = allowed_data({key: value}, module.kind, redactions, prompt=module.prompt)
        return self._marked(known, redactions)

    def _told(
        self, key: str, value: object, module: _Module, redactions: Counter[str]
    ) -> Attributes:
        return self._free.attributes(key, value, module.dropped, redactions, module.variable)

    def _marked(self, attributes: Attributes, redactions: Counter[str]) -> Attributes:
        if not self._patterns:
            return attributes
        return {key: self._mark(value, redactions) for key, value in attributes.items()}

    def _mark(self, value: Value, redactions: Counter[str]) -> Value:
        if not isinstance(value, str):
            return value
        return custom_rules.marked(value, self._patterns, redactions)

    def _facts(self, entry: Entry, module: _Module, tally: Tally) -> Facts:
        if self._mode is Mode.STRICT:
            facts = self._strict_facts(entry, module, tally)
        else:
            # What `strict` would have taken is not taken: only the facts are wanted.
            facts = facts_told(entry, module.kind, Tally(), prompt=module.prompt)
            facts = replace(facts, body=self._body(entry, facts, module, tally))
        if not self._patterns:
            return facts
        return replace(
            facts,
            body=custom_rules.marked(facts.body, self._patterns, tally.redactions),
            attributes=self._marked(facts.attributes, tally.redactions),
            application=self._application(facts, tally.redactions),
        )

    def _strict_facts(self, entry: Entry, module: _Module, tally: Tally) -> Facts:
        if module.prompt and self._patterns:
            # Before the scrubbing, which would leave half of what a pattern looks for.
            most = most_of_body(entry.line, Tally())
            line = custom_rules.marked(
                cut_between_words(entry.line, most), self._patterns, tally.redactions
            )
            entry = structs.replace(entry, line=line)
        return facts_told(entry, module.kind, tally, prompt=module.prompt)

    def _application(self, facts: Facts, redactions: Counter[str]) -> tuple[str, str] | None:
        if facts.application is None:
            return None
        name, version = (
            custom_rules.marked(text, self._patterns, redactions) for text in facts.application
        )
        return name, version

    def _body(self, entry: Entry, facts: Facts, module: _Module, tally: Tally) -> str:
        if self._mode is Mode.STANDARD and _is_keyed(facts, entry.line):
            tally.redactions["input"] += 1
            return facts.body
        most = most_of_body(entry.line, tally)
        return self._free.assigned(module.variable, entry.line, most, tally.redactions)[:most]


def _keyed(facts: Facts, line: str) -> str:
    length = facts.attributes[semconv.INPUT_LENGTH]
    return line.partition(": ")[2][: length if isinstance(length, int) else 0]


def _is_keyed(facts: Facts, line: str) -> bool:
    """Whether a caller keyed enough for a code on a card or a secret number."""
    digits = sum(char.isdecimal() for char in line)
    return semconv.INPUT_LENGTH in facts.attributes and digits >= _SECRET_CODE
