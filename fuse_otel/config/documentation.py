"""Makes ``docs/configuration.md`` from the settings, a template and the example."""

from __future__ import annotations

from importlib import resources

from fuse_otel.config.catalogue import SETTINGS, Setting


def document() -> str:
    settings = "\n".join(map(_setting, SETTINGS))
    page = _text("configuration.md.in")
    return page.replace("@SETTINGS@", settings).replace("@EXAMPLE@\n", _text("example.toml"))


def _text(name: str) -> str:
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
