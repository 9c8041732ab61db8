"""The one engine that redacts the entries of a call. A policy decides what may leave.

``strict`` lets only the facts of the data model leave. ``standard`` adds texts and data
without what looks personal, ``off`` adds everything. The operator's own rules hold in every mode.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from msgspec.structs import replace

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import Entry, ListedCall
from fuse_otel.core.model.module_kinds import SETTING, TRANSFER, module_kind
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import Mode
from fuse_otel.core.model.tally import LINE, Tally
from fuse_otel.core.model.telemetry import Value
from fuse_otel.core.redaction.allowed_texts import AllowedTexts
from fuse_otel.core.redaction.compiled_entries import CompiledEntries, RedactedEntry
from fuse_otel.core.redaction.custom_rules import (
    allowing,
    compiled,
    dropped_names,
    dropping,
    marked,
)
from fuse_otel.core.redaction.data import known_data
from fuse_otel.core.redaction.fingerprint import fingerprint, has_fingerprint
from fuse_otel.core.redaction.freeform import PERSONAL, Freeform
from fuse_otel.core.redaction.keyed import is_secret_code, keyed_in
from fuse_otel.core.redaction.lines import PROMPT, Facts, body_limit, line_facts
from fuse_otel.core.redaction.own_names import OwnNames
from fuse_otel.core.redaction.personal_data import KnownNumbers
from fuse_otel.core.redaction.readable import all_of, log_class_of, read_of
from fuse_otel.core.redaction.scrub import clean_name, cut_between_words
from fuse_otel.core.redaction.trace_context import link_in

Attributes = dict[str, Value]
_OPTION = {"input"}  # the rule that takes the option of a menu, and all else that is keyed
_LONGEST_OPTION = 2  # keys: more may be a number of the caller's, whose digest could be guessed
_NOT_READ = {"key", "prompt", "author_text", "input"}  # rules that take what is in no key


class Redactor:
    """Redacts the entries of one call. ``redact`` and ``name`` count in the tally they are given,
    because what an earlier export counted is not counted again.
    """

    def __init__(
        self, call: ListedCall, options: ModelOptions, compiled_entries: CompiledEntries
    ) -> None:
        redaction = options.redaction
        self._compiled = compiled_entries
        self._get = compiled_entries.get
        self._mode = redaction.mode
        self._strict = redaction.mode is Mode.STRICT
        self._model_only = redaction.plain
        self._allow = redaction.rules.allow
        self._drop = redaction.rules.drop
        self._patterns = compiled(redaction.rules.patterns)
        self._known = KnownNumbers(call)
        # Texts and data that are no part of the model keep the id of their own call.
        self._own_id = b"" if self._model_only else call.session_id.encode("utf-8", "replace")
        self._texts = AllowedTexts(redaction.rules.texts, self._patterns, self._known)
        self._pseudonym_key = options.pseudonym_key
        self._own_names = OwnNames(options.transfer_queues, options.url_templates)
        # Whether an entry is read by the data model's rules alone, which say what they read.
        self._reads_less = self._model_only and not self._own_names

    @cached_property
    def _freeform(self) -> Freeform:
        return Freeform(self._mode, self._patterns, self._known)

    def name(self, name: str, tally: Tally) -> str:
        """Clean in every mode: the names of modules are names of spans and labels of metrics."""
        if self._patterns:
            name = marked(name, self._patterns, tally)
        return clean_name(name, tally)

    def redact(self, entry: Entry, names: tuple[str, str], tally: Tally) -> RedactedEntry:
        """``names`` are module type and result variable of its execution, as they may leave."""
        if tally.notes is not None:
            return self._redacted(entry, names[0], tally)
        key = self.key(entry, names[0])
        found = None if key is None else self._get(key)
        if found is None:
            found = self._compile(key, entry, names)
        if found.redactions or found.truncations:
            found.count(tally)
        return found

    def key(self, entry: Entry, module_type: str) -> bytes | None:
        """Under which an equal entry is kept. ``None`` also for an entry that names no module: it
        depends on the one before it.
        """
        if entry.module_type is None or entry.result_variable is None:
            return None
        read = read_of(entry, module_type) if self._reads_less else all_of(entry)
        return None if read is None else self._compiled.key(read, self._own_id)

    def _compile(self, key: bytes | None, entry: Entry, names: tuple[str, str]) -> RedactedEntry:
        counted = Tally()
        self._known.were_read = False
        redacted = self._redacted(entry, names[0], counted)
        redacted.redactions = tuple(counted.redactions.items())
        redacted.truncations = tuple(counted.truncations.items())
        if self._model_only:
            redacted = self._compiled.same(redacted, names)
        if key is not None and self._may_keep(redacted, entry, names[0], counted):
            self._compiled.keep(key, redacted)
        return redacted

    def _may_keep(
        self, redacted: RedactedEntry, entry: Entry, module_type: str, counted: Tally
    ) -> bool:
        """Whether no redaction takes what its key holds of line and data, but a menu's option."""
        if self._reads_less:
            return counted.redactions.keys() <= _NOT_READ
        keyed = redacted.attributes.get(semconv.INPUT_LENGTH, 0)
        is_secret = isinstance(keyed, int) and keyed > _LONGEST_OPTION
        is_own = is_secret or self._known.were_read
        return not is_own and self._is_harmless(entry, module_type, counted)

    def _is_harmless(self, entry: Entry, module_type: str, counted: Tally) -> bool:
        """Whether no redaction takes anything of the entry but what a caller keyed. The others let
        leave what the default one takes, and do not count it.
        """
        taken = counted.redactions.keys()
        if not self._model_only and taken <= _OPTION:
            plain, kind = Tally(), module_kind(module_type)
            prompt = log_class_of(entry.log_class) == PROMPT
            known_data(entry.data, kind, plain, prompt=prompt)
            line_facts(entry, kind, plain, prompt=prompt)
            taken = plain.redactions.keys()
        return taken <= _OPTION

    def _redacted(self, entry: Entry, module_type: str, tally: Tally) -> RedactedEntry:
        log_class, kind = log_class_of(entry.log_class), module_kind(module_type)
        prompt = log_class == PROMPT
        # The default policy without an explanation goes straight to the data model's rules: this
        # runs for every key of every call.
        if self._model_only and tally.notes is None:
            attributes = known_data(entry.data, kind, tally, prompt=prompt)
            facts = line_facts(entry, kind, tally, prompt=prompt)
        else:
            attributes = self._data(entry, kind, tally, prompt=prompt)
            facts = self._line(entry, kind, log_class, tally, prompt=prompt)
        if facts.attributes:
            attributes |= facts.attributes
            if self._mode is Mode.OFF and semconv.INPUT_LENGTH in facts.attributes:
                attributes[f"{PERSONAL}input"] = keyed_in(facts, entry.line)
        if self._own_names:
            attributes |= self._named(entry, kind, attributes, tally)
        if facts.hidden and self._pseudonym_key and has_fingerprint(entry, log_class, kind):
            line = self._with_marks(entry.line)
            attributes[semconv.LINE_FINGERPRINT] = fingerprint(line, self._pseudonym_key)
        return RedactedEntry(log_class, facts.body, attributes, facts, link_in(entry))

    def _named(self, entry: Entry, kind: str, known: Attributes, tally: Tally) -> Attributes:
        """The operator's own names for what the entry holds."""
        dropped = dropped_names(self._drop, kind, entry.result_variable)
        if kind == TRANSFER and (found := self._own_names.queue(entry, dropped)):
            key, attribute = found
            tally.note(entry.index, key, attribute, tally.snapshot())
            return attribute
        return self._own_names.template(entry, dropped) if semconv.URL_FULL in known else {}

    def _with_marks(self, line: str) -> str:
        """The operator's own patterns hold for fingerprints, too."""
        return marked(line, self._patterns, Tally()) if self._patterns else line

    def _data(self, entry: Entry, kind: str, tally: Tally, *, prompt: bool) -> Attributes:
        attributes: Attributes = {}
        for key, value in entry.data.items():
            before = tally.snapshot()
            dropped = dropping(self._drop, key, kind, entry.result_variable)
            allowed = allowing(self._allow, key, kind, entry.result_variable)
            if dropped:
                tally.redactions["drop"] += 1
                tally.note(entry.index, key, (), before, f"drop {dropped}")
                continue
            found = self._allowed_data(
                entry, key, value, kind, tally, prompt=prompt, allowed=allowed is not None
            )
            own_rule = f"allow {allowed}" if allowed else ""
            path = self._texts.url(entry, value, kind) if semconv.URL_FULL in found else None
            if path:
                found |= self._marked({semconv.URL_FULL: path[0]}, tally)
                own_rule = f"allow_text {path[1]}"
            own: Iterable[str] = ()
            if own_rule and tally.notes is not None:
                anyway = self._allowed_data(
                    entry, key, value, kind, Tally(), prompt=prompt, allowed=False
                )
                own = _differing(found, anyway)
            tally.note(entry.index, key, found, before, own_rule, own)
            attributes |= found
        return attributes

    def _allowed_data(
        self,
        entry: Entry,
        key: str,
        value: object,
        kind: str,
        tally: Tally,
        *,
        prompt: bool,
        allowed: bool,
    ) -> Attributes:
        """The attributes of one key: by the data model's name, or free-form where the policy lets
        more leave than that.
        """
        known: Attributes = {}
        if not self._strict:
            # What `strict` would have removed stays here, so it is not counted.
            known = known_data({key: value}, kind, Tally(), prompt=prompt)
        elif not allowed:
            known = known_data({key: value}, kind, tally, prompt=prompt)
            return self._marked(known, tally) if self._patterns else known
        known = self._marked(known, tally)
        # The model's URL has lost its path and query, which the policy lets leave.
        if known and semconv.URL_FULL not in known:
            return known
        dropped = dropped_names(self._drop, kind, entry.result_variable)
        return known | self._freeform.attributes(key, value, dropped, tally, _variable(entry, kind))

    def _line(
        self, entry: Entry, kind: str, log_class: str, tally: Tally, *, prompt: bool
    ) -> Facts:
        before, own_rule = tally.snapshot(), ""
        counted = Tally()
        if self._strict and prompt and self._patterns:
            entry = self._with_marked_line(entry, tally)
        facts = known = line_facts(entry, kind, counted, prompt=prompt)
        allowed = None if prompt else self._texts.line(entry, facts, kind, log_class)
        if allowed:
            facts, own_rule, counted = allowed.facts, f"allow_text {allowed.rule}", allowed.tally
        if self._strict:  # What it would have removed stays in the other modes, and is not counted.
            tally.add(counted)
        facts = self._leaving(entry, facts, kind, tally)
        own: Iterable[str] = ()
        if own_rule and tally.notes is not None:
            anyway = self._leaving(entry, known, kind, Tally())
            own = _differing(
                facts.attributes | {LINE: facts.body}, anyway.attributes | {LINE: anyway.body}
            )
        tally.note(entry.index, LINE, facts.attributes, before, own_rule, own)
        return facts

    def _leaving(self, entry: Entry, facts: Facts, kind: str, tally: Tally) -> Facts:
        if not self._strict:
            facts = replace(facts, body=self._body(entry, facts, kind, tally))
        return self._marked_facts(facts, tally) if self._patterns else facts

    def _with_marked_line(self, entry: Entry, tally: Tally) -> Entry:
        """The patterns are applied before scrubbing, which could remove a part of a match."""
        line = cut_between_words(entry.line, body_limit(entry.line, Tally()))
        return replace(entry, line=marked(line, self._patterns, tally))

    def _body(self, entry: Entry, facts: Facts, kind: str, tally: Tally) -> str:
        if self._mode is Mode.STANDARD and is_secret_code(facts, entry.line):
            tally.redactions["input"] += 1
            return facts.body
        limit = body_limit(entry.line, tally)
        variable = _variable(entry, kind)
        return self._freeform.assigned(variable, entry.line, limit, tally)[:limit]

    def _marked_facts(self, facts: Facts, tally: Tally) -> Facts:
        application = facts.application
        if application is not None:
            name, version = (marked(text, self._patterns, tally) for text in application)
            application = name, version
        return replace(
            facts,
            body=marked(facts.body, self._patterns, tally),
            attributes=self._marked(facts.attributes, tally),
            application=application,
        )

    def _marked(self, attributes: Attributes, tally: Tally) -> Attributes:
        return {
            key: marked(value, self._patterns, tally) if isinstance(value, str) else value
            for key, value in attributes.items()
        }


def _differing(found: Attributes, anyway: Attributes) -> Iterable[str]:
    """The attributes that are not there anyway, or not with that value."""
    return [name for name, value in found.items() if anyway.get(name) != value]


def _variable(entry: Entry, kind: str) -> str:
    """The variable that the entry sets; empty if its module sets none."""
    return (entry.result_variable or "") if kind in SETTING else ""
