"""Answers of the API changed at random: whole values inside the JSON, or bytes of the text."""

import json
from collections.abc import Iterator
from random import Random

from support.builders.call_values import SAMPLES
from support.builders.odd_logs import FOLDER

TEXTS = (
    "", "0", "-1", "1e999", "\0", "\ud800", "\U0001f600", "a" * 5000, "1700000000",
    "exit", "prompt", "rest", "transfer", "call log", "go to app", "static", "error",
    "User input: 6 (dtmf)", "No match: 9 (speech)", "No input", "Transfer result: busy",
    "Request: GET https://a.com/api?x=1", "Request failed: HTTP 503", "Recorded 12 seconds",
    "TypeError: x", "Going to application B", "Maximum number of attempts reached",
    'Executing application "A" version "1"', "jo@example.com", "2125550123",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "There are no call log details available for this call.", "No call log was found.",
)  # fmt: skip
KEYS = (
    "calls", "total_calls", "session_id", "start", "end", "src", "dest", "type", "log", "detail",
    "error", "event", "line", "data", "class", "timestamp", "module_type", "result_variable",
    "prompt_id", "language", "attempts", "duration", "result", "status_code", "method", "url",
    "table", "operation", "headers", "0", "7",
)  # fmt: skip
_NUMBERS = (0, 1, -1, 0.5, 503, 1_700_000_000, 253_402_300_800, -(2**63), 2**64, 10**30, 1e300)
_DEEPEST = 60


def seeds() -> list[bytes]:
    """The documentation's samples and the odd logs that are files."""
    files = [*sorted(SAMPLES.iterdir()), *sorted(FOLDER.iterdir())]
    return [file.read_bytes() for file in files]


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """``count`` answers, the same for the same seed."""
    dice, known = Random(seed), seeds()
    for _ in range(count):
        data = dice.choice(known)
        for _ in range(dice.randrange(1, 6)):
            data = mutated(data, dice)
        yield data


def mutated(data: bytes, dice: Random) -> bytes:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _bytes_changed(data, dice)
    if dice.random() < 0.2:
        return _bytes_changed(data, dice)
    try:
        return json.dumps(_changed(value, dice), ensure_ascii=dice.random() < 0.5).encode(
            "utf-8", "surrogatepass"
        )
    except RecursionError:
        return data


def _bytes_changed(data: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    size = dice.randrange(8)
    return data[:at] + dice.randbytes(dice.randrange(3)) + data[at + size :]


def _changed(value: object, dice: Random, depth: int = 0) -> object:
    """The value with one thing somewhere inside replaced, removed, repeated or renamed."""
    inside = isinstance(value, dict | list) and value and depth < _DEEPEST
    if not inside or dice.random() < 0.1:
        return _anything(dice)
    if isinstance(value, dict):
        return _object_changed(dict(value), dice, depth)
    assert isinstance(value, list)
    return _array_changed(list(value), dice, depth)


def _object_changed(value: dict[str, object], dice: Random, depth: int) -> dict[str, object]:
    key = dice.choice(list(value))
    match dice.randrange(6):
        case 0:
            del value[key]
        case 1:
            value[dice.choice((*KEYS, *TEXTS))] = value.pop(key)
        case 2:
            value[dice.choice(KEYS)] = _anything(dice)
        case _:
            value[key] = _changed(value[key], dice, depth + 1)
    return value


def _array_changed(value: list[object], dice: Random, depth: int) -> list[object]:
    at = dice.randrange(len(value))
    match dice.randrange(6):
        case 0:
            del value[at]
        case 1:
            value.insert(dice.randrange(len(value) + 1), value[at])
        case 2:
            dice.shuffle(value)
        case _:
            value[at] = _changed(value[at], dice, depth + 1)
    return value


def _anything(dice: Random) -> object:
    match dice.randrange(6):
        case 0:
            return dice.choice(_NUMBERS)
        case 1:
            return dice.choice((None, True, False, [], {}))
        case 2:
            return {dice.choice(KEYS): dice.choice(TEXTS)}
        case 3:
            return [dice.choice(TEXTS), dice.choice(_NUMBERS), None]
        case _:
            return dice.choice(TEXTS)
