"""The allow-list of an entry's ``data``: which key may leave, of which modules, in which shape.

Keys that are not listed do not leave, nor do values whose shape does not fit their key. Both are
counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from fuse_otel.core.model import semconv
from fuse_otel.core.model.module_kinds import WEB
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Value
from fuse_otel.core.redaction.scrub import clean_name
from fuse_otel.core.redaction.technical_words import is_technical
from fuse_otel.core.redaction.urls import safe_url

Shape = Callable[[object], Value | None]
"""The value as it may leave, or ``None``."""

_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?\Z")
_SHORT_NUMBER = re.compile(r"\d{1,8}\Z")  # a social security number has nine digits
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}\Z")
_EXCEPTION = re.compile(r"(?:[A-Z][A-Za-z]{1,60})?(?:Error|Exception)\Z")
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}
_OPERATIONS = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"}
_PROMPT_TYPES = {"static", "dynamic", "variable", "tts", "audio"}
_PROMPT_OWNERS = {"module", "application", "page", "system"}
_TRANSFER_RESULTS = {"noanswer", "busy", "far_end_disconnect", "maxtime_disconnect"}


def _matching(pattern: re.Pattern[str]) -> Shape:
    def shape(value: object) -> Value | None:
        return value if isinstance(value, str) and pattern.match(value) else None

    return shape


def _one_of(words: set[str]) -> Shape:
    def shape(value: object) -> Value | None:
        return value if isinstance(value, str) and value in words else None

    return shape


def _whole(low: int, high: int) -> Shape:
    def shape(value: object) -> Value | None:
        if isinstance(value, str) and _SHORT_NUMBER.match(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return value if low <= value <= high else None

    return shape


def _yes_or_no(value: object) -> Value | None:
    match value:
        case bool():
            return value
        case 0 | 1 | "0" | "1" | "true" | "false":
            return value in {1, "1", "true"}
        case _:
            return None


def _id(value: object) -> Value | None:
    # Python refuses to write integers of thousands of digits.
    small = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**8
    text = str(value) if small else value
    return text if isinstance(text, str) and _SHORT_NUMBER.match(text) else None


def _table(value: object) -> Value | None:
    if isinstance(value, str) and _TABLE_NAME.match(value) and clean_name(value, Tally()) == value:
        return value
    return None


def _exception(value: object) -> Value | None:
    if isinstance(value, str) and _EXCEPTION.match(value) and is_technical(value):
        return value
    return None


class Allowed(Struct, frozen=True):
    """``modules``: the kinds that may send it, empty for any. ``prompt``: only prompts may."""

    attribute: str
    shape: Shape
    modules: frozenset[str] = frozenset()
    prompt: bool = False


_URLS = ("url", "endpoint")
_URL = Allowed(semconv.URL_FULL, lambda _: None, WEB)  # it makes two attributes
_STATUS = Allowed(semconv.HTTP_STATUS, _whole(100, 599), WEB)
_SECONDS = Allowed(semconv.DURATION, _whole(0, 86_400), frozenset({"transfer", "record"}))

ALLOWED: Mapping[str, Allowed] = {
    "type": Allowed(semconv.PROMPT_TYPE, _one_of(_PROMPT_TYPES), prompt=True),
    "has_audio": Allowed(semconv.PROMPT_HAS_AUDIO, _yes_or_no, prompt=True),
    "revision_id": Allowed(semconv.PROMPT_REVISION, _id, prompt=True),
    "prompt_id": Allowed(semconv.PROMPT_ID, _id, prompt=True),
    "prompt_id_type": Allowed(semconv.PROMPT_ID_TYPE, _one_of(_PROMPT_OWNERS), prompt=True),
    "language": Allowed(semconv.PROMPT_LANGUAGE, _matching(_LANGUAGE), prompt=True),
    "attempts": Allowed(semconv.INPUT_ATTEMPTS, _whole(0, 99)),
    "duration": _SECONDS,
    "result": Allowed(semconv.TRANSFER_RESULT, _one_of(_TRANSFER_RESULTS), frozenset({"transfer"})),
    "status_code": _STATUS,
    "http_status": _STATUS,
    "status": _STATUS,
    "method": Allowed(semconv.HTTP_METHOD, _one_of(_METHODS), WEB),
    "table": Allowed(semconv.DB_COLLECTION, _table, frozenset({"dynamodb"})),
    "operation": Allowed(semconv.DB_OPERATION, _one_of(_OPERATIONS), frozenset({"dynamodb"})),
    "error": Allowed(semconv.ERROR_TYPE, _exception),
}


def _rules(kind: str, *, prompt: bool) -> Mapping[str, Allowed]:
    """By key, those for an entry of a module of that kind."""
    return _RULES.get((kind, prompt)) or _RULES["", prompt]


def _all_rules() -> Mapping[tuple[str, bool], Mapping[str, Allowed]]:
    kinds = {"", *WEB, *(kind for rule in ALLOWED.values() for kind in rule.modules)}
    return {(kind, prompt): _rules_of(kind, prompt) for kind in kinds for prompt in (False, True)}


def _rules_of(kind: str, prompt: bool) -> Mapping[str, Allowed]:
    found = {
        key: rule
        for key, rule in ALLOWED.items()
        if (prompt or not rule.prompt) and (not rule.modules or kind in rule.modules)
    }
    return {**dict.fromkeys(_URLS, _URL), **found} if kind in WEB else found


_RULES = _all_rules()


def readable(data: Mapping[str, object], kind: str, *, prompt: bool) -> Mapping[str, object]:
    """The part of the data that ``known_data`` reads. Of the rest it only counts the keys."""
    rules = _rules(kind, prompt=prompt)
    if rules.keys() >= data.keys():
        return data
    return {key: value for key, value in data.items() if key in rules}


def known_data(
    data: Mapping[str, object], kind: str, tally: Tally, *, prompt: bool
) -> dict[str, Value]:
    """The attributes that the data model has for keys of an entry of a module of that kind.
    ``tally`` counts what may not leave.
    """
    attributes: dict[str, Value] = {}
    rules = _rules(kind, prompt=prompt)
    for key, value in data.items():
        rule = rules.get(key)
        if rule is None:
            tally.redactions["key"] += 1
            continue
        if rule is _URL:
            attributes |= _url(value, tally)
            continue
        shaped = rule.shape(value)
        if shaped is None:
            tally.redactions["value"] += 1
        else:
            attributes[rule.attribute] = shaped
    return attributes


def _url(value: object, tally: Tally) -> dict[str, Value]:
    url = safe_url(value, tally) if isinstance(value, str) else None
    if url is None:
        tally.redactions["value"] += 1
        return {}
    return {semconv.URL_FULL: url[0], semconv.SERVER_ADDRESS: url[1]}
