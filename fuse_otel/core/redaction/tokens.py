"""Long words of digits and letters, such as keys and hashes, and the numbers that run into them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from msgspec import Struct

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.masks import FROM_DIGIT_TO_DIGIT

_MASK = "[token]"


class Tokens(Struct, frozen=True):
    """What a token is, and how the numbers beside it are masked."""

    words: re.Pattern[str]
    is_token: Callable[[str], bool]
    number: re.Pattern[str]
    masked: Callable[[str, Tally], str]
    """The replacement of a number."""

    def replaced(self, text: str, kept: Callable[[str], bool], tally: Tally) -> str:
        """``text`` with ``[token]`` for each token. Linear in the text.

        Of ``4111 1111-11111111XYZXYZXYZ`` the second word is a token, and the first alone is no
        number: such a number is replaced as a whole, unless its digits beside the token are
        ``kept``, as those of a date are.
        """
        tokens = [list(found.span()) for found in self.words.finditer(text)
                  if self.is_token(found[0])]  # fmt: skip
        if not tokens:
            return text
        tally.redactions["token"] += len(tokens)
        numbers = self._numbers(text, tokens, kept)
        parts, at = [], 0
        for start, end, is_number in sorted(
            [*((*span, True) for span in numbers), *((*span, False) for span in tokens)]
        ):
            mask = self.masked(text[start:end], tally) if is_number else _MASK
            parts += [text[at:start], mask]
            at = end
        return "".join([*parts, text[at:]])

    def _numbers(
        self, text: str, tokens: list[list[int]], kept: Callable[[str], bool]
    ) -> list[tuple[int, int]]:
        """The numbers that a token takes a part of: (start, end). Takes them from ``tokens``."""
        starts, numbers = [start for start, _ in tokens], []
        for run in self.number.finditer(text):
            start, end = run.end() - len(run[0].lstrip("+(")), run.end()
            before, behind = _holding(start, starts, tokens), _holding(end - 1, starts, tokens)
            if before is behind:
                taken = before is not None and self._is_card_at_an_edge(run[0], start, end, before)
            else:
                beside = FROM_DIGIT_TO_DIGIT.search(
                    text, before[1] if before else start, behind[0] if behind else end
                )
                taken = beside is not None and not kept(beside[0])
            if taken:
                numbers.append((start, end))
                _cut(start, end, before, behind)
        return numbers

    def _is_card_at_an_edge(self, run: str, start: int, end: int, token: list[int]) -> bool:
        return (start == token[0] or end == token[1]) and self.masked(run, Tally()) == "[card]"


def _holding(at: int, starts: list[int], tokens: list[list[int]]) -> list[int] | None:
    """The token at a place of the text."""
    token = tokens[bisect_right(starts, at) - 1]
    return token if token[0] <= at < token[1] else None


def _cut(start: int, end: int, before: list[int] | None, behind: list[int] | None) -> None:
    """Take a number from the end of the token ``before`` and the start of the one ``behind``."""
    if behind is not None and start <= behind[0]:
        behind[0] = end
    if before is not None and end >= before[1]:
        before[1] = start
