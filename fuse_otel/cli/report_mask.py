"""What a report must not contain, taken out of texts: a second safety net, because settings, log
lines and status are masked where they are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.scrub import scrub

_EMAIL = re.compile(r"[^\s\"'<>@,;=]+@[\w.-]+")
# Seven digits or more, also with separators as in (212) 555-1234.
_NUMBER = re.compile(r"\+?\(?\d(?:[ ()./-]{0,2}\d){6,}")
_TIME = re.compile(
    r"(\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b\d\d:\d\d:\d\d\b)"
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class Mask:
    """``secrets`` are values that must not be anywhere."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted({each for each in secrets if each}, key=len, reverse=True)
        self._home = str(Path.home())

    def text(self, text: str) -> str:
        """Without e-mail addresses, numbers, secrets and the home folder. Times stay."""
        parts = _TIME.split(self._without_secrets(text))
        parts[::2] = (_NUMBER.sub("[digits]", _EMAIL.sub("[email]", each)) for each in parts[::2])
        return "".join(parts)

    def line(self, line: str) -> str:
        """A line that may quote anything: by the rules for texts of calls. Times stay."""
        parts = _TIME.split(self._without_secrets(line))
        parts[::2] = (scrub(each, Tally()) for each in parts[::2])
        return self.text("".join(parts))

    def labels(self, exposition: str) -> str:
        """Of metrics: the values of their labels alone, no sample."""
        return _QUOTED.sub(lambda found: self.text(found[0]), exposition)

    def data(self, value: object) -> object:
        """All texts in lists and objects of JSON."""
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(each) for each in value]
        return self.text(value) if isinstance(value, str) else value

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return text.replace(self._home, "~") if len(self._home) > 1 else text
