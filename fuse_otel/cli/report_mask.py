"""What a report must not contain, taken out of texts: a second safety net, because settings, log
lines and status are masked where they are made.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Iterator

from fuse_otel.config.values.fields import MASK
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.credentials import SECRET, is_secret_name, without_credentials
from fuse_otel.core.redaction.scrub import scrub

# An address begins where its run of characters does, so that a long word is read once.
_EMAIL = re.compile(r"(?<![^\s\"'<>@,;=])[^\s\"'<>@,;=]++@[\w.-]+")
# Seven digits or more, also with separators as in (212) 555-1234.
_NUMBER = re.compile(r"\+?\(?\d(?:[ ()./-]{0,2}\d){6,}")
_TIME = re.compile(
    r"(\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b\d\d:\d\d:\d\d\b)"
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_USERS_FOLDER = re.compile(r"(?<!\w)/(home|Users)/[^/\s\"'<>:;,()]+")
_URL = re.compile(r"https?://[^\s\"'<>]+")
_KEY_IN_PATH = re.compile(r"(?<=[^/]/)(?=[^/?#]*\d)(?=[^/?#]*[A-Za-z])[^/?#]{8,}")
_KEY = re.compile(r"(?<![A-Za-z0-9+])(?=[A-Za-z+]*\d)(?=[\d+]*[A-Za-z])[A-Za-z0-9+]{20,}")
_MASKED_LOGIN = f"://{MASK}@"
# A short value, such as the tenant "1", is a part of many other texts.
_SHORTEST_SECRET, _SHORTEST_HOST = 8, 3
_OURS = frozenset({"fuse-otel", "localhost"})


class Mask:
    """``secrets`` are values that must not be anywhere. Those of fewer than eight characters are
    masked only where the settings are written.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        found = {each for each in secrets if len(each) >= _SHORTEST_SECRET} - _OURS
        longest_first = sorted(found, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if found else None
        self._names = tuple(_names_of_this_machine())

    def text(self, text: str) -> str:
        """Without e-mail addresses, numbers, credentials and the names of users and of this
        machine. Times stay.
        """
        parts = [
            _KEY.sub("[token]", without_credentials(each, Tally()))
            for each in self._without_known(text).split(_MASKED_LOGIN)
        ]
        text = _MASKED_LOGIN.join(_EMAIL.sub("[email]", each) for each in parts)
        text = _URL.sub(lambda url: _KEY_IN_PATH.sub("[token]", url[0]), text)
        parts = _TIME.split(text)
        parts[::2] = (_NUMBER.sub("[digits]", each) for each in parts[::2])
        return "".join(parts)

    def line(self, line: str) -> str:
        """A line that may quote anything: by the rules for texts of calls. Times stay."""
        parts = _TIME.split(self._without_known(line))
        parts[::2] = (scrub(each, Tally()) for each in parts[::2])
        return self.text("".join(parts))

    def labels(self, exposition: str) -> str:
        """Of metrics: the values of their labels alone, no sample."""
        return _QUOTED.sub(lambda found: self.text(found[0]), exposition)

    def data(self, value: object, name: str = "") -> object:
        """All texts in lists and objects of JSON. ``name``: what the value is called."""
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(each, str(key)) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(each, name) for each in value]
        if not isinstance(value, str):
            return value
        return SECRET if is_secret_name(name) and value.strip("*") else self.text(value)

    def _without_known(self, text: str) -> str:
        if self._secrets is not None:
            text = _replaced(text, [each.span() for each in self._secrets.finditer(text)])
        for name, instead in self._names:
            text = name.sub(instead, text)
        return _USERS_FOLDER.sub(r"/\1/[user]", text)


def _replaced(text: str, secrets: list[tuple[int, int]]) -> str:
    """A number that a secret is a part of goes as a whole: its other digits would stay."""
    if not secrets:
        return text
    whole = [*secrets, *_numbers_beside(text, secrets)]
    kept, end = [], 0
    for start, stop in sorted(whole):
        if start >= end:
            kept += [text[end:start], SECRET]
        end = max(end, stop)
    return "".join([*kept, text[end:]])


def _numbers_beside(text: str, secrets: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Both in the order of the text."""
    left = iter(secrets)
    start, stop = next(left)
    for number in _NUMBER.finditer(text):
        while stop <= number.start():
            start, stop = next(left, (len(text), len(text) + 1))
        if start < number.end():
            yield number.span()


def _names_of_this_machine() -> Iterator[tuple[re.Pattern[str], str]]:
    """The home folder of the user, and the machine's names."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises for a user without one
    if len(home) > 1:
        yield re.compile(re.escape(home) + r"(?![\w.-])"), "~"
    node = platform.node()
    for name in dict.fromkeys((node, node.partition(".")[0])):
        if len(name) >= _SHORTEST_HOST and name not in _OURS:
            yield re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE), "[host]"
