"""What only the file can set: accounts, rescans, names of services, severities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from fuse_otel.config.values import fields, quantities
from fuse_otel.config.values.quantities import read_required_text, write_duration

_ACCOUNT = "default"  # the name of one that has none
_EMAIL = re.compile(r"[^\s@:]+@[^\s@:]+")  # a colon would end the name of Basic authentication
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NUMBER = re.compile(r"\+?[0-9(][0-9 ().-]*", re.ASCII)
# The short names of https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
_SEVERITIES = {
    f"{word}{step if step > 1 else ''}": 4 * level + step
    for level, word in enumerate(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))
    for step in range(1, 5)
}
_TELEPHONE = frozenset("0123456789+-.() ")
_SHORTEST_NUMBER = 3


def _email(value: object) -> str:
    email = read_required_text(value)
    if not _EMAIL.fullmatch(email):
        raise ValueError("It is no e-mail address.")
    return email


def _account_name(value: object) -> str:
    name = read_required_text(value)
    if not _NAME.fullmatch(name):
        raise ValueError("Letters, digits, -, _ and . make a name: it is a label of the metrics.")
    return name


def _numbers(value: object) -> tuple[str, ...]:
    # The numbers are not repeated in the sentence.
    if not isinstance(value, list):
        raise ValueError("It has to be a list.")  # noqa: TRY004 - pydantic collects these
    numbers = dict.fromkeys(str(each).strip() for each in value)
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise ValueError("It has to be a list of phone numbers.")
    return tuple(numbers)


class Account(fields.Frozen):
    """``numbers`` empty: all numbers of the account."""

    name: Annotated[str, BeforeValidator(_account_name)] = _ACCOUNT
    email: Annotated[
        str,
        BeforeValidator(_email),
        Field(repr=False),
        PlainSerializer(fields.masked_email, when_used="json"),
    ]
    developer_key: fields.Secret
    numbers: Annotated[tuple[str, ...], BeforeValidator(_numbers), Field(repr=False)] = ()


class Rescan(NamedTuple):
    """The last ``span`` seconds are listed again ``every`` so many seconds; 0: on every poll."""

    span: int
    every: int

    def __str__(self) -> str:
        often = f"every {write_duration(self.every)}" if self.every else "on every poll"
        return f"{write_duration(self.span)} {often}"


DEFAULT_RESCANS = (
    Rescan(3_600, 0), Rescan(21_600, 600), Rescan(86_400, 3_600), Rescan(432_000, 86_400),
)  # fmt: skip


def _whole(value: object) -> int:
    seconds = quantities.read_duration(value)
    if not seconds.is_integer():
        raise ValueError(f"{quantities.quoted(value)} is no whole number of seconds.")
    return int(seconds)


def _span(value: object) -> int:
    span = _whole(value)
    if not 1 <= span <= 5 * fields.DAY:
        raise ValueError(
            f"{quantities.quoted(value)} is out of bounds: give something from 1s to 5d."
        )
    return span


class RescanTable(fields.Frozen):
    span: Annotated[int, BeforeValidator(_span)]
    every: Annotated[int, BeforeValidator(_whole)] = 0


def _rescan(value: object) -> Rescan:
    table = RescanTable.model_validate(value)
    return Rescan(table.span, table.every)


def _map(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("It has to be a table.")  # noqa: TRY004 - pydantic collects these
    return {key: read_required_text(text) for key, text in value.items()}


def _service_names(value: object) -> dict[str, str]:
    return {_number_or_name(key): name for key, name in _map(value).items()}


def _number_or_name(key: str) -> str:
    digits = "".join(each for each in key if each.isdigit())
    is_number = len(digits) >= _SHORTEST_NUMBER and _TELEPHONE.issuperset(key)
    return digits if is_number else key


def _severities(value: object) -> dict[str, tuple[int, str]]:
    words = {name: word.upper() for name, word in _map(value).items()}
    for word in words.values():
        if word not in _SEVERITIES:
            raise ValueError(
                f"{quantities.quoted(word)} is no severity: give TRACE, DEBUG, INFO, WARN, ERROR"
                " or FATAL, or one with a 2, 3 or 4 behind it."
            )
    return {name: (_SEVERITIES[word], word) for name, word in words.items()}


def repeats(raw: Mapping[str, object]) -> Iterator[tuple[str, int, str, str]]:
    """What two tables of a list have in common and must not: (list, place, key, sentence). Told of
    the tables as they were read, so that what else is wrong in one hides none.
    """
    apart = "each needs its own."
    yield from _repeats(raw, "accounts", "name", f"{apart} Without one it is {_ACCOUNT}.", _ACCOUNT)
    yield from _repeats(raw, "accounts", "email", "list all its numbers in one account.")
    yield from _repeats(raw, "destinations", "name", apart)


def _repeats(
    raw: Mapping[str, object], listed: str, key: str, advice: str, unsaid: str = ""
) -> Iterator[tuple[str, int, str, str]]:
    first: dict[str, int] = {}
    tables = raw.get(listed)
    for place, table in enumerate(tables if isinstance(tables, list) else []):
        said = table.get(key, unsaid) if isinstance(table, dict) else ""
        text = said.strip() if isinstance(said, str) else ""
        text = text.casefold() if key == "email" else text
        if text and first.setdefault(text, place) != place:
            yield listed, place, key, f"It is that of {listed}[{first[text]}] too: {advice}"


Rescans = Annotated[
    tuple[Annotated[Rescan, BeforeValidator(_rescan), PlainSerializer(str, when_used="json")], ...],
    AfterValidator(lambda listed: listed or DEFAULT_RESCANS),
]
ServiceNames = Annotated[Mapping[str, str], BeforeValidator(_service_names)]
Severities = Annotated[Mapping[str, tuple[int, str]], BeforeValidator(_severities)]
