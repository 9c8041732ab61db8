"""Makes ``docs/configuration.md`` from the settings, a template and the examples."""

from __future__ import annotations

import re
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
        if setting.secret
        else ""
    )
    return f"""\
### `{setting.variable}`

{setting.meaning}

| type | default | example | flag | key in the file |
|---|---|---|---|---|
| {setting.kind} | {default} | {example} | `{setting.flag}` | {keys} |
{file}"""
