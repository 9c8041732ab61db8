"""Texts that the operator's own rules let leave under ``strict``, scrubbed as ``standard`` does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.redaction_policy import Mode, TextPart, TextRule
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.custom_rules import Compiled
from fuse_otel.core.redaction.freeform import Freeform
from fuse_otel.core.redaction.lines import Facts, body_limit
from fuse_otel.core.redaction.personal_data import KnownNumbers
from fuse_otel.core.redaction.scrub import cut_between_words
from fuse_otel.core.redaction.urls import safe_url

# One or two keys are an option; more are a number. A spoken answer can be anything.
_OPTION = re.compile(r"User input: ([0-9*#]{1,2})(?: \((?:dtmf|keypad)\))?", re.ASCII)
_REQUEST = re.compile(r"(Request: [A-Z]+ )(\S+)")


class AllowedLine(NamedTuple):
    """``rule`` in words, for an explanation; ``tally`` counts what was removed all the same."""

    facts: Facts
    rule: str
    tally: Tally


class AllowedTexts:
    """Also under ``off``, an attribute of the model has the value that ``strict`` gives it."""

    def __init__(
        self, rules: Sequence[TextRule], patterns: Sequence[Compiled], known: KnownNumbers
    ) -> None:
        self._rules = rules
        self._patterns = patterns
        self._known = known

    @cached_property
    def _freeform(self) -> Freeform:
        return Freeform(Mode.STRICT, self._patterns, self._known)

    def line(self, entry: Entry, facts: Facts, kind: str, log_class: str) -> AllowedLine | None:
        """More of the line than ``strict`` lets leave; ``None`` if no rule applies to it."""
        for rule in self._rules:
            if rule.applies(kind, entry.result_variable):
                tally = Tally()
                found = self._allowed(rule.part, entry, facts, log_class, tally)
                if found is not None:
                    return AllowedLine(found, str(rule), tally)
        return None

    def url(self, entry: Entry, url: object, kind: str) -> tuple[str, str] | None:
        """A URL of the data with its path, and the rule in words; ``None`` if no rule applies."""
        for rule in self._rules:
            if rule.part is TextPart.URL_PATH and rule.applies(kind, entry.result_variable):
                shown = self._with_path(url, Tally())
                return (shown, str(rule)) if shown else None
        return None

    def _allowed(
        self, part: TextPart, entry: Entry, facts: Facts, log_class: str, tally: Tally
    ) -> Facts | None:
        match part:
            case TextPart.INPUT:
                return self._option(entry.line, facts)
            case TextPart.URL_PATH:
                return self._request(entry.line, facts, tally)
            case TextPart.OPERANDS:
                is_meant = semconv.COMPARE_RESULT in facts.attributes
            case TextPart.CALL_LOG:
                is_meant = log_class != "prompt"
            case TextPart.ERROR_TEXT:
                is_meant = facts.hidden and log_class == "error"
        if not is_meant:
            return None
        limit = body_limit(entry.line, tally)
        text = self._freeform.text(cut_between_words(entry.line, limit), tally)
        return replace(facts, body=text[:limit])

    def _option(self, line: str, facts: Facts) -> Facts | None:
        match = _OPTION.fullmatch(line)
        # One of the operator's patterns may hide it.
        if match is None or self._freeform.text(line, Tally()) != line:
            return None
        return replace(
            facts, body=line, attributes={**facts.attributes, semconv.INPUT_VALUE: match[1]}
        )

    def _request(self, line: str, facts: Facts, tally: Tally) -> Facts | None:
        match = _REQUEST.fullmatch(line)
        if match is None or semconv.URL_FULL not in facts.attributes:
            return None
        shown = self._with_path(match[2], tally)
        attributes = {**facts.attributes, semconv.URL_FULL: shown}
        return replace(facts, body=f"{match[1]}{shown}", attributes=attributes)

    def _with_path(self, url: object, tally: Tally) -> str:
        found = safe_url(url, tally, self._is_clean) if isinstance(url, str) else None
        return found[0] if found else ""

    def _is_clean(self, segment: str) -> bool:
        return self._freeform.text(segment, Tally()) == segment
