"""What is made from the settings and templates: ``docs/configuration.md``, and the example of
``fuse-otel config --example``, which has every setting and table, commented out.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from importlib import resources

from fuse_otel.config.catalogue import SETTINGS, Setting

_EXAMPLE = re.compile(r"^@EXAMPLE (\S+)@\n", re.MULTILINE)


def document() -> str:
    settings = "\n".join(map(_setting, SETTINGS))
    page = template("configuration.md.in").replace("@SETTINGS@", settings)
    return _EXAMPLE.sub(lambda match: template(match[1]), page)


def template(name: str) -> str:
    """A text that is beside this module; ``name`` may have folders."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _setting(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else "-"
    example = setting.example if setting.secret else f"`{setting.example}`"
    keys = ", ".join(f"`{name}`" for name in setting.names)
    file = (
        f"\nOr set `{setting.variable}_FILE` to the path of a file that contains it.\n"
        if setting.has_file
        else ""
    )
    return f"""\
### `{setting.variable}`

{setting.meaning}

| type | default | example | flag | key in the file |
|---|---|---|---|---|
| {setting.kind} | {default} | {example} | `{setting.flag}` | {keys} |
{file}"""


_BEGINNING = """\
# Every setting of fuse-otel. A line with "#" and no space behind it is a setting: its default, or
# an example where there is no default. Remove the "#" and write your own value.
#
# Only the account is required: email and developer_key_file, or [[accounts]].
# docs/configuration.md explains the types of values, and all keys of the tables.
"""
_WIDTH = 100
_BARE = {"number", "count"}  # types of values that need no quotes
_AS_TABLE = "resource_attributes"  # the table is below, with the others
_FIRST_TABLE = f"[{_AS_TABLE}]"


def example_file() -> str:
    """TOML. As it is, it sets nothing."""
    settings = (_commented(each) for each in SETTINGS if each.name != _AS_TABLE)
    return "\n".join((_BEGINNING, *settings, *_tables()))


def _commented(setting: Setting) -> str:
    meaning = setting.meaning.replace("`", "")
    if setting.secret:
        meaning = f"File that holds the value. {meaning}"
    words = f"{meaning} {_type(setting)}"
    lines = textwrap.wrap(
        words, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )
    return "\n".join((*lines, f"#{setting.flag_name} = {_value(setting)}", ""))


def _type(setting: Setting) -> str:
    kind = "path" if setting.secret else setting.kind.replace("`", "")
    return f"({kind}, no default)" if not setting.default else f"({kind})"


def _value(setting: Setting) -> str:
    if setting.secret:
        return json.dumps(f"/etc/fuse-otel/{setting.name}")
    value = setting.default or setting.example
    return value if setting.kind in _BARE else json.dumps(value)


def _tables() -> Iterator[str]:
    """The tables of the full example, which begin with the first one of its file."""
    _, first, rest = template("example.toml").partition(_FIRST_TABLE)
    for line in f"{first}{rest}".splitlines():
        yield line if not line or line.startswith("# ") else f"#{line}"
    yield ""
