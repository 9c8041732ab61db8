"""What only the file can set: accounts, rescans, names of services and queues, severities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from fuse_otel.config.values import fields
from fuse_otel.config.values.quantities import (
    read_duration,
    read_required_text,
    write_duration,
)
from fuse_otel.core.redaction.phone_number import international_digits
from fuse_otel.humanize import quoted

_ACCOUNT = "default"  # the name of an account without one
_EMAIL = re.compile(r"[^\s@:]+@[^\s@:]+")  # no colon: it ends the user name in Basic authentication
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
        raise ValueError("Not an e-mail address.")
    return email


def _account_name(value: object) -> str:
    name = read_required_text(value)
    if not _NAME.fullmatch(name):
        raise ValueError("Use 1 to 64 letters, digits, -, _ and . in a name: it is a metric label.")
    return name


def _numbers(value: object) -> tuple[str, ...]:
    # The message leaves the numbers out.
    if not isinstance(value, list):
        raise ValueError("Must be a list.")  # noqa: TRY004 - pydantic collects these
    numbers = dict.fromkeys(str(each).strip() for each in value)
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise ValueError("Must be a list of phone numbers.")
    return tuple(numbers)


class Account(fields.Frozen):
    """Empty ``numbers``: all numbers of the account. ``developer_key_file``: the path that the key
    was read from, empty if it was set directly.
    """

    name: Annotated[str, BeforeValidator(_account_name)] = _ACCOUNT
    email: Annotated[
        str,
        BeforeValidator(_email),
        Field(repr=False),
        PlainSerializer(fields.masked_email, when_used="json"),
    ]
    developer_key: fields.Secret
    developer_key_file: Annotated[str, Field(repr=False, exclude=True)] = ""
    numbers: Annotated[tuple[str, ...], BeforeValidator(_numbers), Field(repr=False)] = ()

    @property
    def own_name(self) -> str:
        """The name that the configuration gives the account, empty if it gives none."""
        return self.name if "name" in self.model_fields_set else ""


class Rescan(NamedTuple):
    """The calls of the last ``span`` seconds are listed again at intervals of ``every`` seconds,
    with 0 on every poll.
    """

    span: int
    every: int

    def __str__(self) -> str:
        often = f"every {write_duration(self.every)}" if self.every else "on every poll"
        return f"{write_duration(self.span)} {often}"


DEFAULT_RESCANS = (
    Rescan(3_600, 0), Rescan(21_600, 600), Rescan(86_400, 3_600), Rescan(432_000, 86_400),
)  # fmt: skip


def _whole_seconds(value: object) -> int:
    seconds = read_duration(value)
    if not seconds.is_integer():
        raise ValueError(f"{quoted(value)} is not a whole number of seconds.")
    return int(seconds)


class RescanTable(fields.Frozen):
    span: Annotated[int, fields.bounded(_whole_seconds, 1, 5 * int(fields.DAY), write_duration)]
    every: Annotated[int, BeforeValidator(_whole_seconds)] = 0


def _rescan(value: object) -> Rescan:
    table = RescanTable.model_validate(value)
    return Rescan(table.span, table.every)


def _map(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("Must be a table.")  # noqa: TRY004 - pydantic collects these
    return {key: read_required_text(text) for key, text in value.items()}


def _service_names(value: object) -> dict[str, str]:
    return {_number_or_name(key): name for key, name in _map(value).items()}


def _number_or_name(key: str) -> str:
    digits = "".join(each for each in key if each.isdigit())
    is_number = len(digits) >= _SHORTEST_NUMBER and _TELEPHONE.issuperset(key)
    return digits if is_number else key


def _transfer_queues(value: object) -> dict[str, str]:
    names = _map(value)
    # The message leaves the numbers out.
    if not all(_NUMBER.fullmatch(number.strip()) for number in names):
        raise ValueError("Each key must be a phone number in quotes.")
    return {international_digits(number): name for number, name in names.items()}


def _severities(value: object) -> dict[str, tuple[int, str]]:
    words = {name: word.upper() for name, word in _map(value).items()}
    for word in words.values():
        if word not in _SEVERITIES:
            raise ValueError(
                f"{quoted(word)} is not a severity. Use TRACE, DEBUG, INFO, WARN, ERROR or FATAL,"
                " or one of these followed by 2, 3 or 4."
            )
    return {name: (_SEVERITIES[word], word) for name, word in words.items()}


def duplicates(content: Mapping[str, object]) -> Iterator[str]:
    """A sentence for each value that two tables of a list must not share. Reads the tables as they
    are in the file, so that another problem in one of them hides nothing.
    """
    yield from _duplicates(
        content, "accounts", "name",
        f"Each account needs its own. An account without a name is called {_ACCOUNT}.", _ACCOUNT,
    )  # fmt: skip
    yield from _duplicates(content, "accounts", "email", "List all its numbers in one account.")
    yield from _duplicates(content, "destinations", "name", "Each destination needs its own.")


def _duplicates(
    content: Mapping[str, object], listed: str, key: str, advice: str, default: str = ""
) -> Iterator[str]:
    first: dict[str, int] = {}
    tables = content.get(listed)
    for place, table in enumerate(tables if isinstance(tables, list) else []):
        value = table.get(key, default) if isinstance(table, dict) else ""
        text = value.strip() if isinstance(value, str) else ""
        text = text.casefold() if key == "email" else text
        if text and first.setdefault(text, place) != place:
            yield f"{listed}[{place}].{key}: {listed}[{first[text]}] has the same {key}. {advice}"


Rescans = Annotated[
    tuple[Annotated[Rescan, BeforeValidator(_rescan), PlainSerializer(str, when_used="json")], ...],
    AfterValidator(lambda listed: listed or DEFAULT_RESCANS),
]
ServiceNames = Annotated[Mapping[str, str], BeforeValidator(_service_names)]
TransferQueues = Annotated[Mapping[str, str], BeforeValidator(_transfer_queues)]
Severities = Annotated[Mapping[str, tuple[int, str]], BeforeValidator(_severities)]
