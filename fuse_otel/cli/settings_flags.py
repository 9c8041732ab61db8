"""The flags of the settings, for the commands that read the configuration."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection

from fuse_otel.config import Loaded, catalogue, load
from fuse_otel.config.catalogue import SETTINGS

_DEST = "setting_"
_AS = "as `"
_WORD = re.compile(r"`([^`]+)`")
_PRIORITY = "Flags win over the environment and the file."
_OTHERS = "Any other setting is accepted too: see fuse-otel run --help."
CONFIG_HELP = (
    "the configuration, a TOML file. Default: the file that FUSE_OTEL_CONFIG names, else"
    f" {catalogue.DEFAULT_CONFIG_FILE} if it exists"
)


def add_settings(parser: argparse.ArgumentParser, shown: Collection[str] = ()) -> None:
    """Add ``--config`` and a flag for each scalar setting; once, however often it is called. The
    help lists those of ``shown``, or all.
    """
    if parser.get_default("takes_settings"):
        return
    parser.set_defaults(takes_settings=True)
    usage = parser.format_usage().removeprefix("usage: ").rstrip()
    parser.usage = f"{usage} [settings]".replace("%", "%%")
    words = f"{_PRIORITY} {_OTHERS}" if shown else _PRIORITY
    group = parser.add_argument_group("settings", words)
    group.add_argument("--config", metavar="FILE", help=CONFIG_HELP)
    for setting in SETTINGS:
        what = (
            f"File that holds the value. {setting.meaning}" if setting.secret else setting.meaning
        )
        group.add_argument(
            setting.flag,
            dest=_DEST + setting.flag_name,
            metavar="FILE" if setting.secret else _metavar(setting.kind),
            help=_plain(what, setting.default)
            if not shown or setting.name in shown
            else argparse.SUPPRESS,
        )


def _metavar(kind: str) -> str:
    """The choices in braces, as argparse writes them. They are not checked here: a wrong value is a
    wrong configuration, wherever it comes from.
    """
    if kind.startswith(_AS):
        kind = next(each.kind for each in SETTINGS if each.name == kind.removeprefix(_AS)[:-1])
    choices = _WORD.findall(kind)
    if choices and not _WORD.sub("", kind).strip(", "):
        return f"{{{','.join(choices)}}}"
    return kind.partition(",")[0].upper() if choices else kind.upper().replace("…", "...")


def _plain(meaning: str, default: str) -> str:
    """Without the marks of Markdown, and escaped for argparse."""
    text = f"{meaning} Default: {default}" if default else meaning
    return text.replace("`", "").replace("%", "%%")


def load_settings(args: argparse.Namespace, *, needs_account: bool = True) -> Loaded:
    """The configuration, with the values of the flags that ``add_settings`` added.

    Raises ``ConfigurationError``.
    """
    flags = {
        name.removeprefix(_DEST): text
        for name, text in vars(args).items()
        if name.startswith(_DEST) and text is not None
    }
    return load(
        config_file=vars(args).get("config"),
        default_file=catalogue.DEFAULT_CONFIG_FILE,
        flags=flags,
        needs_account=needs_account,
    )
