"""The parser of a command: argparse, with suggestions for words that are mistyped."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import NoReturn

from fuse_otel.cli.output import FAILED, print_lines

# What argparse quotes: a value, which may be a secret or a phone number in a wrong place.
_QUOTED = re.compile(r"""(['"]).*\1""")
_NAME = re.compile(r"--[a-z][a-z-]*|-[a-z]", re.ASCII | re.IGNORECASE)


class _Help(argparse.HelpFormatter):
    def _split_lines(self, text: str, width: int) -> list[str]:
        """Of argparse. A path or a flag of the text stays whole, so that it can be copied."""
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    def __init__(self, *, prog: str, **texts: str | None) -> None:
        """``texts``: ``description``, ``epilog`` and ``usage`` of argparse."""
        super().__init__(prog=prog, formatter_class=_Help, allow_abbrev=False)
        # A shortened flag, if allowed, would change its meaning when a new one comes.
        self.color = False  # Python 3.14 colours the usage, which helps and the man page repeat
        self.description, self.epilog = texts.get("description"), texts.get("epilog")
        self.usage = texts.get("usage")

    def print_help(self, _file: object = None) -> None:
        """Help is output like any other: argparse ignores an output that fails."""
        if not print_lines([self.format_help().rstrip()]):
            self.exit(FAILED)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Raises ``SystemExit``: 0 after the help, 2 for a wrong use."""
        if unknown := self._unknown_flags(words):
            # Before argparse reports that a required flag is missing: the mistyped one is it.
            self._refuse(words, unknown)
        found, rest = self.parse_known_args(list(words))
        if rest:
            self._refuse(words, rest)
        return found

    def error(self, message: str) -> NoReturn:
        """Of argparse, which calls it for every wrong use."""
        super().error(_QUOTED.sub("'…'", message))

    def flags(self) -> Iterator[str]:
        """Every long flag, also of the actions of the command."""
        for action in self._actions:
            yield from (each for each in action.option_strings if each.startswith("--"))
        for parser in self.actions().values():
            yield from parser.flags()

    def actions(self) -> Mapping[str, Parser]:
        """The parsers of what the command can do, by name."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - no public name
                return dict(action.choices)
        return {}

    def visible(self) -> Iterator[argparse.Action]:
        """The flags and arguments that the help lists."""
        return (each for each in self._actions if each.help != argparse.SUPPRESS)

    def _unknown_flags(self, words: Sequence[str]) -> list[str]:
        """Those that no action knows. A word with a space is a value for argparse, as what follows
        a ``--``.
        """
        options = words[: words.index("--")] if "--" in words else words
        if {"-h", "--help"} & set(options):
            return []
        known = set(self.flags())
        return [
            each
            for each in options
            if each.startswith("--") and " " not in each and each.partition("=")[0] not in known
        ]

    def _refuse(self, words: Sequence[str], unknown: Sequence[str]) -> NoReturn:
        names = [name for each in unknown if (name := flag_name(each))]
        advice = next((s for name in names if (s := suggestion(name, self.flags()))), "")
        shown = (flag_name(each) or f"argument {words.index(each) + 1}" for each in unknown)
        self.error(f"unrecognized arguments: {', '.join(shown)}{advice}")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Of argparse, which calls it for a value that has choices."""
        if action.choices is not None and value not in action.choices:
            known = list(map(str, action.choices))
            advice = suggestion(str(value), known)
            raise argparse.ArgumentError(
                action, f"invalid choice (choose from {', '.join(known)}){advice}"
            )


def flag_name(word: str) -> str:
    """The name of a flag without its value. Empty if the word is no flag: it may be a value that
    nobody should see.
    """
    found = _NAME.match(word)
    return found[0] if found else ""


def suggestion(word: str, known: Iterable[str]) -> str:
    """`. Did you mean WORD?`, or nothing if no known word is near."""
    names = list(known)
    near = get_close_matches(word, names, n=1) or [
        each for each in names if len(word) > len("--x") and each.startswith(word)
    ]
    return f". Did you mean {near[0]}?" if near else ""
