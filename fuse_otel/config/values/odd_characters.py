"""Characters that come into a value with copied text, and that nobody sees."""

from __future__ import annotations

import unicodedata

from fuse_otel.humanize import in_quotes

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
