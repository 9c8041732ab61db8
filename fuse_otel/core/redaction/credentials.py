"""Passwords, keys and tokens in free text, recognised by the name before them, in any notation:
``password=x``, ``"password": "two words"``, ``<password>x</password>``, ``?sig=x``,
``--password x``, ``Authorization: …``, ``Bearer x``. Every pass is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fuse_otel.core.model.tally import Tally

SECRET = "[secret]"  # noqa: S105 - the mask
_GAP = r"\s{0,8}"
# A word of these means the same in any longer name, such as `userPassword` or `x-auth-token`.
_LONG = (
    r"(?i:passw(?:or)?d|passphrase|passcode|secret|token|credential|authorization|signature"
    r"|(?:set-)?cookie2?|(?:api|access|private|account|encryption|signing|subscription|shared)[_-]?key)"
    r"(?i:s|[_-]?(?:hash|value|key|id|text|string|code|\d{1,2}))?"
)
# These mean it only as a word of their own, which may follow a small letter: `callerPin`.
_SHORT = (
    r"(?:(?<![A-Za-z])(?i:pwd|pin|cvv2?|cvc2?|csc|otp|sig|ssn|jwt)"
    r"|(?<=[a-z])(?:Pwd|PWD|Pin|PIN|Cvv|CVV|Cvc|CVC|Otp|OTP|Sig|Ssn|SSN))(?![A-Za-z])\d?"
)
_NAME = rf"(?:{_LONG}|{_SHORT})"
_QUOTE = r"\\{0,8}[\"'`]"
_EQUALS = rf"{_GAP}(?:=>|->|:=|={{1,3}}|[:\uff1a\uff1d]|%(?:25)*3[AaDd]){_GAP}+"
# {"name": "password", "value": "x"}, and the same as attributes of XML.
_VALUE_OF = rf"(?:{_GAP},{_GAP}{_QUOTE}|\s{{1,8}})(?i:value){_QUOTE}?{_EQUALS}"
_BEFORE = rf"{_NAME}(?:{_QUOTE})?\]?(?:{_EQUALS}|(?<=[\"'`]){_VALUE_OF})"
_WORD = r"[^\s\"',;&<>]+"
# A quoted text ends with its quote; in a text that was cut, with the line.
_VALUES = (
    r"(?P<slashes>\\{1,8})(?P<quote>[\"'`])"
    r"(?P<escaped>(?:(?!(?<!\\)(?P=slashes)(?P=quote))[^\n])*+)"
    r"|\"(?P<double>(?:[^\"\\\n]|\\[^\n])*+)"
    r"|'(?P<single>(?:[^'\\\n]|\\[^\n])*+)"
    r"|`(?P<back>[^`\n]*+)"
    rf"|(?P<list>\[[^\]\n]*+\]?|\{{[^}}\n]*+\}}?)"
    rf"|(?P<word>(?:(?i:bearer|basic|digest|token|negotiate|ntlm)\s{{1,8}})?{_WORD})"
)
_ASSIGNED = re.compile(rf"(?:{_BEFORE})(?:{_VALUES})")
_QUOTED = ("escaped", "double", "single", "back", "list", "word")
_OPTION = re.compile(rf"((?<![\w-])--?[\w-]{{0,32}}{_NAME}\s{{1,8}})(?!-){_WORD}")
_ELEMENT = re.compile(
    rf"((?:<|&lt;)(?:[\w.-]{{1,32}}:)?[\w.-]{{0,32}}?{_NAME}[\w.-]{{0,32}}(?:\s[^<>&]{{0,256}}+)?(?<!/)(?:>|&gt;))"
    r"(?:<!\[CDATA\[(?:(?!\]\]>).)*+(?:\]\]>)?|[^<&]++)",
    re.DOTALL,
)
_HEADER = re.compile(
    r"((?<![A-Za-z])(?i:(?:set-)?cookie2?|(?:proxy-)?authorization)(?:\\?[\"'])?"
    rf"{_EQUALS})(?![\"'`\\]|\[secret\]|(?i:bearer|basic|token)\s)[^\n]+"
)
_QUERY = re.compile(r"((?<=[?&;])(?i:key|auth|code|pass|hash|sid)=)[^\s&#\"'<>;]+")
_BEARER = re.compile(r"((?<![A-Za-z])(?i:bearer)[\s:=]{1,8})[^\s\"',;<>]{4,}")
_BASIC = re.compile(r"(?<![A-Za-z])([Bb]asic\s{1,8})(?=[a-z+/]*[A-Z0-9=])[A-Za-z0-9+/=]{6,}")
_PRIVATE_KEY = re.compile(
    r"(-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----)(?:(?!-----END )[^\0])*+", re.DOTALL
)
_USER = re.compile(r"(?<=://)[^\s/?#]*@")


def _masked(found: re.Match[str]) -> str:
    """The name and the opening quote stay, and so does the closing one behind the match."""
    value = next(name for name in _QUOTED if found[name] is not None)
    return found[0][: found.start(value) - found.start()] + SECRET


_BEHIND = rf"\1{SECRET}"
# A header is a whole line, so it comes before the values of single words.
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_PRIVATE_KEY, _BEHIND),
    (_HEADER, _BEHIND),
    (_ELEMENT, _BEHIND),
    (_ASSIGNED, _masked),
    (_OPTION, _BEHIND),
    (_QUERY, _BEHIND),
    (_BEARER, _BEHIND),
    (_BASIC, _BEHIND),
)


def without_credentials(text: str, tally: Tally) -> str:
    """``text`` with ``[secret]`` for each value that its name calls a secret."""
    text, count = _USER.subn("", text)
    for rule, replacement in _RULES:
        text, found = rule.subn(replacement, text)
        count += found
    if count:
        tally.redactions["secret"] += count
    return text
