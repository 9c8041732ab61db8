"""The effective settings as a configuration file, secrets hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from fuse_otel.config import Loaded
from fuse_otel.config.catalogue import SETTINGS
from fuse_otel.config.destination import DestinationSettings
from fuse_otel.config.settings import Account, Settings
from fuse_otel.config.values import otlp
from fuse_otel.config.values.fields import MASK
from fuse_otel.config.values.quantities import write_duration
from fuse_otel.core.model.redaction_policy import KeyRule, OwnRules, TextRule
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.files import shown_path

Key = tuple[str, object]
"""A key of the file and its value. A ``Hidden`` value is written as a comment."""

_BEGINNING = (
    "# The effective settings, and where each comes from. Replace the hidden values (********),",
    "# and this is a file for --config with the same settings.",
)
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_BESIDE = 44  # columns before the origin
_MAPS = ("resource_attributes", "service_names", "severities", "transfer_queues")
_ONLY_VARIABLES = ("limits", "self_traces_protocol")


class Hidden(str):
    """Text that holds a mask in the place of a secret."""

    __slots__ = ()


def config_lines(loaded: Loaded) -> Iterator[str]:
    """TOML. The comment behind a line names the flag, variable or file that set the value."""
    settings, origins = loaded.settings, loaded.origins
    shown = settings.model_dump(mode="json")
    yield from _BEGINNING
    if loaded.file:
        yield f"# The configuration file: {shown_path(loaded.file)}"
    yield ""
    for setting in SETTINGS:
        if setting.name in shown and setting.name not in _MAPS:
            value = shown[setting.name]
            if setting.secret:
                value = Hidden(MASK if value else "")
            elif setting.may_hold_secret and value != getattr(settings, setting.name):
                value = Hidden(value)
            yield _line((setting.name, _word(setting.name, value)), origins[setting.name])
    for name in _ONLY_VARIABLES:
        yield _beside(f"# {name}: {shown[name]}", origins[name])
    for name in _MAPS:
        yield from _map(name, getattr(settings, name), origins[name])
    for name, tables in _lists(settings).items():
        yield from _tables(name, tables, origins[name])


def _word(name: str, value: object) -> object:
    if value is None:
        return ""
    return "off" if name == "loki_stream_attribute" and not value else value


def _map(name: str, values: Mapping[str, object], origin: str) -> Iterator[str]:
    yield ""
    yield _beside(f"[{name}]", origin)
    for key, value in values.items():
        # Of a severity the file has the word.
        yield _line((key, value[1] if isinstance(value, tuple) else value))


def _lists(settings: Settings) -> Mapping[str, Sequence[Sequence[Key]]]:
    return {
        "accounts": [_account(each) for each in settings.accounts],
        "rescans": [
            [("span", write_duration(span)), *([("every", write_duration(every))] if every else [])]
            for span, every in settings.rescans
        ],
        "redaction_rules": list(_rules(settings.redaction_rules)),
        "destinations": [
            _destination(each, signals)
            for each in settings.destinations
            for signals in _alike(each)
        ],
    }


def _rules(rules: OwnRules) -> Iterator[Sequence[Key]]:
    for word, keys in (("allow", rules.allow), ("drop", rules.drop)):
        yield from ([(word, rule.key), *_scope(rule)] for rule in keys)
    yield from ([("allow_text", rule.part.value), *_scope(rule)] for rule in rules.texts)
    yield from ([("pattern", rule.pattern), ("name", rule.name)] for rule in rules.patterns)


def _scope(rule: KeyRule | TextRule) -> Iterator[Key]:
    if rule.modules:
        yield "modules", sorted(rule.modules)
    if rule.names:
        yield "module_names", sorted(rule.names)


def _account(account: Account) -> list[Key]:
    shown = account.model_dump(mode="json")
    numbers = [("numbers", shown["numbers"])] if account.numbers else []
    email, key = Hidden(shown["email"]), Hidden(MASK)
    return [("name", account.name), ("email", email), ("developer_key", key), *numbers]


def _alike(destination: DestinationSettings) -> list[list[Signal]]:
    """The signals that share a table: variables can set values per signal, a table cannot."""
    groups: list[tuple[object, list[Signal]]] = []
    for signal in destination.signals:
        values = [
            each.get(signal)
            for each in (destination.headers, destination.timeout, destination.compression)
        ]
        same = next((signals for other, signals in groups if other == values), None)
        if same is None:
            groups.append((values, [signal]))
        else:
            same.append(signal)
    return [signals for _, signals in groups]


def _destination(destination: DestinationSettings, signals: Sequence[Signal]) -> list[Key]:
    shown = destination.model_dump(mode="json")
    keys: list[Key] = [
        ("name", destination.name),
        ("type", destination.type),
        ("signals", [signal.value for signal in signals]),
        ("redaction", shown["redaction"]),
        ("path", destination.path),
        *((f"{signal}_flavour", shown["flavours"].get(signal)) for signal in signals),
    ]
    if destination.type == "otlp":
        keys += _otlp(destination, shown, signals)
    return [(key, value) for key, value in keys if value is not None]


def _otlp(
    destination: DestinationSettings, shown: Mapping[str, dict[str, str]], signals: Sequence[Signal]
) -> Iterator[Key]:
    first = signals[0]
    yield "protocol", destination.protocol
    for signal in signals:
        url = shown["urls"][signal]
        if url != destination.urls[signal]:
            url = Hidden(url)
        elif destination.insecure:
            url = otlp.in_plain_text(url)
        yield f"{signal}_endpoint", url
    for name in shown["headers"].get(first, {}):
        yield f"headers.{_key(name)}", Hidden(MASK)
    yield "timeout", write_duration(destination.timeout[first])
    yield "compression", destination.compression[first]
    yield "certificate", destination.certificate
    yield "client_certificate", destination.client_certificate
    yield "client_key", destination.client_key


def _tables(name: str, tables: Sequence[Sequence[Key]], origin: str) -> Iterator[str]:
    if not tables:
        yield ""
        yield _beside(f"# {name}: none", origin)
    for keys in tables:
        yield ""
        yield _beside(f"[[{name}]]", origin)
        yield from map(_line, keys)


def _line(key: Key, origin: str = "") -> str:
    name, value = key
    unset = "# " if isinstance(value, Hidden) else ""
    written = name if name.startswith("headers.") else _key(name)
    return _beside(f"{unset}{written} = {_toml(value)}", origin)


def _beside(text: str, origin: str) -> str:
    return f"{text:{_BESIDE}}  # {origin}" if origin else text


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _toml(name)


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's texts, numbers and truth values are TOML's, but for a character TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
