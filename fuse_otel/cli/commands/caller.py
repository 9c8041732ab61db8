"""``fuse-otel caller``: the pseudonym of a phone number, and the queries that find its calls."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from getpass import getpass
from typing import TYPE_CHECKING

from fuse_otel.cli.output import USAGE, complain, printed
from fuse_otel.cli.settings_flags import load_settings

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings

_LONGEST = 4096  # characters of a line of standard input
_ON_THE_COMMAND_LINE = (
    "fuse-otel caller: The number is read from standard input or typed at a prompt. On a command"
    " line, other users of this machine and the shell's history could show it."
)
_NO_NUMBER = "fuse-otel caller: This text has no phone number."
_NOT_TEXT = (
    "fuse-otel caller: This is not a text in the encoding of the terminal, so the number cannot be"
    " read. Use UTF-8."
)
_ONE_NUMBER = "fuse-otel caller: Standard input has more than one line. Give one number at a time."


def arguments(parser: argparse.ArgumentParser) -> None:
    # Without this argument argparse would quote the number in its own message.
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    if args.words:
        complain(_ON_THE_COMMAND_LINE)
        return USAGE
    settings = load_settings(args).settings
    try:
        number, following = _number()
        _ = f"{number}{following}".encode()  # Python may read an unreadable byte as a surrogate
    except UnicodeError:  # its own message quotes what was read
        complain(_NOT_TEXT)
        return USAGE
    if following.strip():
        complain(_ONE_NUMBER)
        return USAGE
    lines = list(_found(settings, number))
    if not lines:
        complain(_NO_NUMBER)
        return USAGE
    return printed(lines)


def _number() -> tuple[str, str]:
    """What was typed, or the first line of standard input and the one that follows it."""
    if sys.stdin is None:
        return "", ""
    if sys.stdin.isatty():
        try:
            return getpass("Phone number (not shown): "), ""
        except EOFError:
            print(file=sys.stderr)  # the cursor is still behind the prompt
            return "", ""
        except UnicodeError:
            print(file=sys.stderr)
            raise
    return sys.stdin.readline(_LONGEST), sys.stdin.readline(_LONGEST)


def _found(settings: Settings, number: str) -> Iterator[str]:
    """The hash and the queries of each key: accounts may have one in common."""
    from fuse_otel.assembly.parts import pseudonym_key  # noqa: PLC0415 - the whole program
    from fuse_otel.core.redaction.pseudonym import user_hash  # noqa: PLC0415
    from fuse_otel.core.translation.translate import NAMELESS  # noqa: PLC0415

    accounts: dict[str, list[str]] = {}
    for account in settings.accounts:
        found = user_hash(number, pseudonym_key(account, settings))
        if found is not None:
            accounts.setdefault(found, []).append(account.name)
    derived = settings.pseudonym_key is None
    key = "derived from the developer key" if derived else "pseudonym_key"
    namespace = settings.resource_attributes.get("service.namespace", NAMELESS)
    for found, names in accounts.items():
        yield f"account    {', '.join(names)}"
        yield f"key        {key}"
        yield f"user.hash  {found}"
        yield f'TraceQL    {{ span.user.hash = "{found}" }}'
        yield f'LogsQL     user.hash:="{found}"'
        yield f'LogQL      {{service_namespace="{namespace}"}} | user_hash="{found}"'
        yield f"Jaeger     user.hash={found}"
