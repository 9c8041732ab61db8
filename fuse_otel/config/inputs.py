"""What is known of the configuration while it is loaded: the inputs, the values, their origins, and
the sentences about them.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from fuse_otel.config.file.contents import read_secret
from fuse_otel.config.problems import Place
from fuse_otel.config.values.quantities import read_required_text
from fuse_otel.files import UnreadableFile, is_replaceable, shown_path
from fuse_otel.humanize import in_quotes

DEFAULT = "default"
_UNREAD = "unread"  # in the place of a secret whose problem is reported
_ACCESS = "Every user of the machine can {} this file. Remove the permission (chmod o-rwx)."
_REPLACEABLE = (
    "Every user of the machine can replace this file. Remove the permission of its folder (chmod"
    " o-w)."
)


@dataclass(frozen=True, slots=True)
class SourceValue:
    """``name``: the setting as the user wrote it. ``origin``: the flag, variable or file. ``path``:
    the file that a secret was read from.

    pydantic-settings merges the dictionaries of several sources, and ``PYDANTIC_SETTINGS_DEBUG=1``
    makes it log what each source returns. This class keeps the value out of both: the value of the
    source with the highest priority wins whole, and no secret gets into a log.
    """

    value: object = field(repr=False)
    name: str
    origin: str
    path: str = ""


Layer = Mapping[str, SourceValue]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the sources read, and what they add: ``problems``, ``warnings``, ``advice`` (see
    ``Loaded``), ``names`` (place → the setting as the user wrote it) and ``effective`` (setting →
    its value of the highest priority). ``environ`` holds no empty values. ``variables``: key of the
    file → the variables in its texts.
    """

    environ: Mapping[str, str]
    flags: Mapping[str, str]
    file: str
    content: Mapping[str, object]
    needs_account: bool
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    names: dict[Place, str] = field(default_factory=dict)
    effective: dict[str, SourceValue] = field(default_factory=dict)

    def secret_of_file(self, path: object, name: str) -> tuple[str, str]:
        """The secret and its path. Reports it if there is none. Then a text is returned all the
        same, so that the secret is not reported as missing as well.
        """
        file = ""
        try:
            file = read_required_text(path)
            found = read_secret(file)
        except UnreadableFile as error:
            self.problems.append(f"{name}: Cannot read the file{_place(file)}: {error.reason}.")
            return _UNREAD, ""
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return _UNREAD, ""
        self.warn_of_access(file, found.mode, name, is_secret=True)
        self.warn_of_text(found.secret, name)
        return found.secret, file

    def warn_of_text(self, text: object, name: str) -> None:
        self.warnings.extend(f"{name}: {each}" for each in warnings_of_text(text))

    def warn_of_access(self, path: str, mode: int, name: str, *, is_secret: bool) -> None:
        """What every user of the machine may do with the file. ``mode`` is that of ``stat``."""
        if mode & stat.S_IWOTH:
            self.warnings.append(f"{name}: {_ACCESS.format('change')}")
        elif mode & stat.S_IROTH and is_secret:
            # Kubernetes and Docker make their secrets readable for all users of the container.
            self.advice.append(f"{name}: {_ACCESS.format('read')}")
        if is_replaceable(path):
            self.warnings.append(f"{name}: {_REPLACEABLE}")


def _place(path: str) -> str:
    """The path, for a sentence. Who writes the secret itself where its path belongs must not find
    it in a message, so only a path into a folder that exists is shown.
    """
    folder = os.path.dirname(path)  # noqa: PTH120 - a text may be no path
    is_path = folder.strip("/.") and os.path.isdir(folder)  # noqa: PTH112 - as above
    return f" {shown_path(path)}" if is_path else ""


# Control and format characters (a line break, a zero-width space), spaces other than the usual one,
# line separators, typographic quotes, and dashes other than the hyphen.
_ODD = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Pi", "Pf", "Pd"})
_USUAL = frozenset(" -")
_CONTROLS = {"\n": "line break", "\r": "carriage return", "\t": "tab"}
_MOST = 3  # names in one sentence


def warnings_of_text(text: object) -> list[str]:
    """Sentences about a value that was probably not meant like this. None repeats the value."""
    if not isinstance(text, str):
        return []
    found = []
    if in_quotes(text):
        # ``docker run --env-file`` and editors leave quotes in a value that a shell removes.
        found.append(
            "The quotes around the value are part of it. Remove them unless they are meant."
        )
    if names := odd_characters(text.strip()):
        found.append(
            f"The value contains {' and '.join(names[:_MOST])}, as copied text often does. Remove"
            " the character unless it is meant."
        )
    return found


def odd_characters(text: str) -> list[str]:
    """The names of the odd characters, each once, in their order."""
    if text.isascii() and text.isprintable():
        return []
    odd = (each for each in text if each not in _USUAL and unicodedata.category(each) in _ODD)
    return list(dict.fromkeys(map(_name, odd)))


def _name(character: str) -> str:
    known = _CONTROLS.get(character) or unicodedata.name(character, "control character").lower()
    article = "an" if known.startswith(("a", "e", "i", "o")) else "a"
    return f"{article} {known} (U+{ord(character):04X})"
