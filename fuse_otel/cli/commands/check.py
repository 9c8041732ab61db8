"""``fuse-otel check``: is the configuration valid; with ``--online``: does it work."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fuse_otel.cli.output import DONE, FAILED, complain, print_lines
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.files import shown_path

if TYPE_CHECKING:
    from fuse_otel.config import Loaded
    from fuse_otel.config.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--online",
        action="store_true",
        help="also query the API, open the store and send each destination an empty request",
    )


def run(args: argparse.Namespace) -> int:
    loaded = load_settings(args)
    for warning in (*loaded.warnings, *loaded.advice):
        complain(f"warning: {warning}")
    _check_parts(loaded.settings)
    printed = print_lines(_found(loaded))
    is_usable = not args.online or _works(loaded.settings)
    return DONE if printed and is_usable else FAILED


def _found(loaded: Loaded) -> Iterator[str]:
    """The effective configuration, without credentials."""
    settings = loaded.settings
    shown = settings.model_dump(mode="json", include={"accounts", "destinations", "state_url"})
    yield "ok      settings"
    for account in shown["accounts"]:
        numbers = len(account["numbers"])
        which = f"{numbers} of its numbers" if numbers else "all its numbers"
        yield f"account      {account['name']}: {account['email']}, {which}"
    for destination in shown["destinations"]:
        yield from _destination(destination)
    yield f"store        {shown['state_url']}"
    scheme = "https" if settings.web_config and settings.web_config.tls else "http"
    yield f"pages        {scheme}://{settings.listen}/"
    if loaded.file:
        yield f"file         {shown_path(loaded.file)}"


def _destination(shown: dict[str, object]) -> Iterator[str]:
    urls, signals = shown["urls"], shown["signals"]
    if not isinstance(signals, list) or not isinstance(urls, dict):
        raise TypeError(f"a destination is not shown like this: {shown['name']}")
    for signal in signals:
        where = urls.get(signal) or shown["path"] or "standard output"
        yield f"destination  {shown['name']}, {signal}: {where}"


def _check_parts(settings: Settings) -> None:
    from fuse_otel.assembly.preflight import check_clients, store_warnings  # noqa: PLC0415 - all of it

    for warning in store_warnings(settings):
        complain(f"warning: {warning}")
    check_clients(settings)


def _works(settings: Settings) -> bool:
    from fuse_otel.assembly.preflight import check_online  # noqa: PLC0415 - the whole program

    is_usable = True
    for what, ok, sentence in check_online(settings):
        is_usable &= ok
        print_lines([f"{'ok' if ok else 'FAILED':6}  {what}: {sentence}"])
    return is_usable
