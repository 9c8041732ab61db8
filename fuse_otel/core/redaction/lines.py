"""What Plum's lines mean: one table from the shape of a line to its facts and to what may leave.

Plum may change its words at any time. Of a line that no rule knows, only the facts and the text are
lost. Each rule has a row in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.module_kinds import (
    ANNOUNCING,
    AUTHORS_TEXT,
    COMPARING,
    GOING_ON,
    LEAVING,
)
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Value
from fuse_otel.core.redaction.scrub import (
    REDACTED,
    clean_name,
    scrub_around_names,
    scrub_start,
)
from fuse_otel.core.redaction.technical_words import is_technical
from fuse_otel.core.redaction.urls import safe_url

PROMPT = "prompt"
MAX_BODY = 32 * 1024  # bytes of a log record's body
LONGEST = 4096  # a line longer than that has no shape worth looking for
# Facts that hold words or numbers of a line, and the kinds of modules that write such lines.
_WRITERS = {
    semconv.APPLICATION_TARGET: GOING_ON,
    semconv.URL_FULL: LEAVING,
    semconv.SERVER_ADDRESS: LEAVING,
    semconv.HTTP_STATUS: LEAVING,
    semconv.COMPARE_RESULT: COMPARING,
    semconv.DURATION: frozenset({"transfer", "record", "call recording"}),
}
# Lines with the name of an application, and the modules that write them.
_NAMING = ("Executing application ", "Going to application ")
_NAMERS = {"E": ANNOUNCING, "G": GOING_ON}
_METHODS = "GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS"


class Facts(Struct):
    """The facts in a line. ``body`` is what may leave of it; ``hidden``: it is not all of it, and
    no attribute describes the rest.
    """

    body: str
    attributes: dict[str, Value] = field(default_factory=dict)
    application: tuple[str, str] | None = None  # name, version
    error_type: str | None = None
    hidden: bool = False


Maker = Callable[[re.Match[str], Tally], Facts]


def _application(match: re.Match[str], tally: Tally) -> Facts:
    name, version = (clean_name(text, tally) for text in match.groups())
    body = f'Executing application "{name}" version "{version}"'
    body = scrub_around_names(body, tally)
    return Facts(body, application=(name, version) if name else None)


def _target(match: re.Match[str], tally: Tally) -> Facts:
    name = clean_name(match[1].strip('"'), tally)
    body = scrub_around_names(f"Going to application {name}", tally)
    return Facts(body, {semconv.APPLICATION_TARGET: name})


def _input(match: re.Match[str], tally: Tally) -> Facts:
    what, keyed, mode = match.groups()
    tally.redactions["input"] += 1
    attributes: dict[str, Value] = {
        semconv.INPUT_RESULT: "match" if what == "User input" else "no_match",
        semconv.INPUT_LENGTH: len(keyed),
    }
    if mode:
        attributes[semconv.INPUT_MODE] = mode
    return Facts(f"{what}: [{_shape(keyed)}]{f' ({mode})' if mode else ''}", attributes)


def _shape(keyed: str) -> str:
    unit = "digit" if keyed.isdecimal() else "character"
    return f"{len(keyed)} {unit}{'' if len(keyed) == 1 else 's'}"


def _no_answer(match: re.Match[str], _: Tally) -> Facts:
    result = "no_input" if match[0].startswith("No input") else "no_match"
    return Facts(match.string, {semconv.INPUT_RESULT: result})


def _attempts(match: re.Match[str], _: Tally) -> Facts:
    return Facts(match.string, error_type="max_attempts")


def _transfer(match: re.Match[str], _: Tally) -> Facts:
    return Facts(match.string, {semconv.TRANSFER_RESULT: match[1]})


def _request(match: re.Match[str], tally: Tally) -> Facts:
    method, url = match[1], safe_url(match[2], tally)
    attributes: dict[str, Value] = {semconv.HTTP_METHOD: method}
    if url is None:
        return Facts(f"Request: {method} {REDACTED}", attributes)
    attributes |= {semconv.URL_FULL: url[0], semconv.SERVER_ADDRESS: url[1]}
    return Facts(f"Request: {method} {url[0]}", attributes)


def _method(match: re.Match[str], _: Tally) -> Facts:
    return Facts(match.string, {semconv.HTTP_METHOD: match[1]})


def _status(match: re.Match[str], _: Tally) -> Facts:
    status = int(match[1])
    failed = status >= 400  # noqa: PLR2004 - HTTP's own line between success and error
    return Facts(
        match.string, {semconv.HTTP_STATUS: status}, error_type=match[1] if failed else None
    )


def _timeout(match: re.Match[str], _: Tally) -> Facts:
    return Facts(match.string, error_type="timeout")


def _duration(match: re.Match[str], _: Tally) -> Facts:
    return Facts(match.string, {semconv.DURATION: int(match[1])})


def _exception(match: re.Match[str], tally: Tally) -> Facts:
    uncaught, name, text = match.groups()
    if not is_technical(name):
        return _unknown(tally)
    if text:
        tally.redactions["error_text"] += 1
    body = f"{uncaught or ''}{name}{f': {REDACTED}' if text else ''}"
    return Facts(body, error_type=name, hidden=bool(text))


def _comparison(match: re.Match[str], tally: Tally) -> Facts:
    """The result, which the next module shows as well. The operands may be anybody's."""
    operator = _OPERATOR.search(match[1])
    if operator is None:
        return _unknown(tally)
    tally.redactions["operand"] += 2
    left, right = match[1][: operator.start()], match[1][operator.end() :]
    body = f"Comparing {_sort(left)} {operator[1]} {_sort(right)}: {match[2]}"
    return Facts(
        body,
        {semconv.COMPARE_OPERATOR: operator[1], semconv.COMPARE_RESULT: match[2] == "true"},
    )


def _sort(operand: str) -> str:
    return "[number]" if _NUMBER.match(operand.strip()) else "[text]"


def _unknown(tally: Tally) -> Facts:
    tally.redactions["line"] += 1
    return Facts(REDACTED, hidden=True)


_OPERATOR = re.compile(r" (==|!=|<=|>=|<|>|=) ")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?\Z")


KEYED = r"(User input|No match): ([^\n]{0,1024}?)(?: \((dtmf|speech|voice|keypad)\))?"

_FIXED = {
    line: Facts(line)
    for line in (
        "Exiting application",
        "Disconnecting call",
        "Sending",
        "Sent",
        "Transferring",
        "Item found",
        "",
    )
}
"""Lines without facts. They are shared, because the facts of a line do not change."""

# First words, shape, maker. A shape must match the whole line; no shape repeats a repetition, so
# that no line takes longer than its length. The rule without a word is for all other lines.
_RULES: tuple[tuple[str, str, Maker], ...] = (
    (
        "Executing",
        r'Executing application "([^\n]{0,512})" version "([^"\n]{0,64})"',
        _application,
    ),
    ("Going", r"Going to application ([^\n]{1,512})", _target),
    (
        "User No",
        KEYED,
        _input,
    ),
    ("No", r"No (?:input|match)", _no_answer),
    ("Maximum", r"Maximum number of attempts reached", _attempts),
    (
        "Transfer",
        r"Transfer result: (noanswer|busy|far_end_disconnect|maxtime_disconnect)",
        _transfer,
    ),
    ("Request", rf"Request: ({_METHODS}) (\S{{1,2048}})", _request),
    ("Sending", rf"Sending ({_METHODS}) request", _method),
    ("Response Request", r"(?:Response|Request failed): HTTP ([1-5]\d\d)", _status),
    ("Request", r"Request timed out(?: after \d{1,3} seconds)?", _timeout),
    ("Recorded", r"Recorded (\d{1,4}) seconds", _duration),
    ("Comparing", r"Comparing ([^\n]*): (true|false)", _comparison),
    ("", r"(Uncaught )?((?:[A-Z][A-Za-z]{1,60})?(?:Error|Exception))(: [^\n]*)?", _exception),
)


def _by_first_word() -> Mapping[str, list[tuple[re.Pattern[str], Maker]]]:
    table: dict[str, list[tuple[re.Pattern[str], Maker]]] = {}
    for words, shape, maker in _RULES:
        for word in words.split() or [""]:
            table.setdefault(word, []).append((re.compile(shape, re.ASCII), maker))
    return table


_TABLE = _by_first_word()


def line_facts(entry: Entry, kind: str, tally: Tally, *, prompt: bool) -> Facts:
    """The facts in the line of an entry of a module of that kind, under ``strict``."""
    if prompt:
        return _prompt(entry, tally)
    if kind in AUTHORS_TEXT:
        tally.redactions["author_text"] += 1
        return Facts(REDACTED)
    if entry.line.startswith(_NAMING) and kind not in _NAMERS[entry.line[0]]:
        # Not even read: names are kept in a cache.
        tally.redactions["line"] += 1
        return Facts(REDACTED)
    facts = facts_of(entry.line, tally)
    if facts.attributes and _is_foreign(facts, kind):
        # A line of this shape in any other module is the author's own text.
        tally.redactions["line"] += 1
        return Facts(REDACTED)
    return facts


def _is_foreign(facts: Facts, kind: str) -> bool:
    """Whether modules of that kind write no such lines."""
    for name in facts.attributes:
        writers = _WRITERS.get(name)
        if writers is not None and kind not in writers:
            return True
    return False


def _prompt(entry: Entry, tally: Tally) -> Facts:
    """A prompt's text leaves only if the entry says that it is the same for all callers."""
    if entry.data.get("type") != "static":
        tally.redactions["prompt"] += 1
        return Facts(REDACTED)
    return Facts(scrub_start(entry.line, body_limit(entry.line, tally), tally))


def body_limit(line: str, tally: Tally) -> int:
    """How many characters of the line may be in a body; a character takes up to four bytes."""
    limit = MAX_BODY if line.isascii() else MAX_BODY // 4
    if len(line) > limit:
        tally.truncations["body"] += 1
    return limit


def facts_of(line: str, tally: Tally) -> Facts:
    """The facts in a line of any module; ``tally`` counts what was removed."""
    fixed = _FIXED.get(line)
    if fixed is not None:
        return fixed
    if len(line) <= LONGEST:
        first = line.split(" ", 1)[0].rstrip(":")
        for pattern, maker in _TABLE.get(first, _TABLE[""]):
            match = pattern.fullmatch(line)
            if match:
                return maker(match, tally)
    return _unknown(tally)
