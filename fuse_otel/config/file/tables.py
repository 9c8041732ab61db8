"""What only the file can say: lists of tables, and maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator

from fuse_otel.config.file.destinations import DestinationTable
from fuse_otel.config.file.redaction_rules import RedactionRuleTable
from fuse_otel.config.settings import ACCOUNT, Account, Frozen, Rescan
from fuse_otel.config.values import fields, quantities

# The short names of https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
_SEVERITIES = {
    f"{word}{step if step > 1 else ''}": 4 * level + step
    for level, word in enumerate(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))
    for step in range(1, 5)
}
_TELEPHONE = frozenset("0123456789+-.() ")
_SHORTEST_NUMBER = 3


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


class RescanTable(Frozen):
    span: Annotated[int, BeforeValidator(_span)]
    every: Annotated[int, BeforeValidator(_whole)] = 0

    def rescan(self) -> Rescan:
        return Rescan(self.span, self.every)


def _map(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("It has to be a table.")  # noqa: TRY004 - pydantic collects these
    return {key: quantities.read_required_text(text) for key, text in value.items()}


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
    yield from _repeats(raw, "accounts", "name", f"{apart} Without one it is {ACCOUNT}.", ACCOUNT)
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


def _some(destinations: tuple[DestinationTable, ...]) -> tuple[DestinationTable, ...]:
    if not destinations:
        raise ValueError("An empty list delivers nothing: list one, or leave it out.")
    return destinations


class Tables(Frozen):
    accounts: tuple[Account, ...] = ()
    destinations: Annotated[tuple[DestinationTable, ...], AfterValidator(_some)] = ()
    rescans: tuple[RescanTable, ...] = ()
    redaction_rules: tuple[RedactionRuleTable, ...] = ()
    service_names: Annotated[Mapping[str, str], BeforeValidator(_service_names)] = {}
    severities: Annotated[Mapping[str, tuple[int, str]], BeforeValidator(_severities)] = {}


MODELS: Mapping[str, type[BaseModel]] = {
    "accounts": Account,
    "destinations": DestinationTable,
    "rescans": RescanTable,
    "redaction_rules": RedactionRuleTable,
}
