r"""Passwords, keys and tokens in free text, recognised by the name before them, in any notation:
``password=x``, ``"password": "two words"``, ``<password>x</password>``, ``?sig=x``,
``--password x``, ``Authorization: …``, ``Bearer x``, ``("password", "x")``, ``pin is 1234``; and
keys of vendors, recognised by their prefix. Every pass is linear in the text.

Also letters that are not written as such: escaped, full-width, or with invisible characters between
them. ``pass\u0077ord``, ``p%61ssword`` and ``pass<soft hyphen>word`` are read as ``password``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import normalize

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.masks import WRITTEN_AT

# Hyphen, low line, and the ASCII letters. Only what a name consists of is read: what ends a value,
# such as a quote, keeps its escape, so that the value stays in one piece.
_HEX = r"(?:2[dD]|5[fF]|[46][1-9a-fA-F]|[57][0-9aA])"
_DECIMAL = r"(?:45|95|6[5-9]|[78]\d|90|9[7-9]|1[01]\d|12[0-2])"
# What Unicode calls default ignorable: not only characters of the category Cf, such as the soft
# hyphen, but also fillers, variation selectors and tags.
_INVISIBLE = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Full-width, in circles, and the alphabets of mathematics.
_STYLED = "[\uff0d\uff21-\uff3a\uff3f\uff41-\uff5a\u24b6-\u24e9\U0001d400-\U0001d6a3]"
_OTHERWISE = re.compile(
    rf"{_INVISIBLE}|(?P<styled>{_STYLED})"
    rf"|\\{{1,8}}(?:u00|x|u\{{0{{0,4}}|U000000)(?P<program>{_HEX})\}}?"
    rf"|%(?:25){{0,8}}(?P<url>{_HEX})"
    rf"|&(?:amp;){{0,8}}#(?:0{{0,8}}(?P<decimal>{_DECIMAL})(?!\d)|[xX]0{{0,8}}(?P<xml>{_HEX}));?"
)


def plain_letters(text: str) -> str:
    """``text`` with its letters as such, and without invisible characters. Linear in the text."""
    return _OTHERWISE.sub(_letter, text)


def _letter(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind is None:
        return ""
    if kind == "styled":
        return normalize("NFKC", found[0])
    return chr(int(found[kind], 10 if kind == "decimal" else 16))


SECRET = "[secret]"  # noqa: S105 - the mask
_GAP = r"\s{0,8}"
# A word of these means the same in any longer name, such as `userPassword` or `x-auth-token`.
_LONG = (
    r"(?i:passw(?:or)?d|passphrase|passcode|secret|token|credential|authorization|signature"
    r"|(?:set-)?cookie2?|(?:api|access|private|account|encryption|signing|subscription|shared)[_-]?key)"
    r"(?i:s|[_-]?(?:hash|value|key|id|text|string|code|\d{1,2}))?"
)
# These mean it only as a word of their own, which may follow a small letter: `callerPin`. The
# letters of an escape such as `\n` and `%7B` belong to no word.
_SHORT = (
    r"(?:(?:(?<![A-Za-z])|(?<=\\[nrtvfb])|(?<=\\u00[0-7][\da-fA-F])"
    r"|(?<=\\x[2-7][\da-fA-F])|(?<=%[2-7][\da-fA-F]))(?i:pwd|pin|cvv2?|cvc2?|csc|otp|sig|ssn|jwt)"
    r"|(?<=[a-z])(?:Pwd|PWD|Pin|PIN|Cvv|CVV|Cvc|CVC|Otp|OTP|Sig|Ssn|SSN))(?![A-Za-z])\d?"
)
_NAME = rf"(?:{_LONG}|{_SHORT})"
_QUOTE = r"(?:\\{0,8}(?:[\"'`]|u002[27])|%(?:25)*2[27]|&(?:amp;){0,8}(?:quot|apos|#34|#39);)"
_EQUALS = (
    rf"{_GAP}(?:=>|->|:=|={{1,3}}|[:\uff1a\uff1d]|%(?:25)*3[AaDd]|\\{{1,8}}(?:u00|x)3[AaDd]"
    rf"|&(?:amp;){{0,8}}(?:equals|colon|#61|#58|#x3[AaDd]);){_GAP}+"
)
# {"name": "password", "value": "x"}, and the same as attributes of XML.
_VALUE_OF = rf"(?:{_GAP},{_GAP}{_QUOTE}|\s{{1,8}})(?i:value){_QUOTE}?{_EQUALS}"
_BEFORE = rf"{_NAME}{_QUOTE}{{0,2}}\]?(?:(?:\s{{1,8}}(?i:is|was))?{_EQUALS}|(?<=[\"'`]){_VALUE_OF})"
_KEY = re.compile(rf"{_NAME}\Z")
# What follows may be the next name, as in "password=x&y=1": then the secret has ended.
_NO_NEXT = r"(?![\w.%\[\]-]{1,40}[=:])"
_AND = (
    r"&(?!(?:amp;){0,8}(?:[\w.%\[\]-]{1,40}=|(?:quot|apos|#34|#39);|(?:lt|#60|#x3[cC]);/))"
    r"(?:(?:amp;){0,8}#?\w{1,8};)?+"
)
_APOSTROPHE = r"(?<=\w)'(?=\w)"
_WORD = rf"(?:[^\s\"',;&<>]|{_AND}|[,;](?=[^\s\"'`,;&<>(\[{{]){_NO_NEXT}|{_APOSTROPHE})+"
# In a sentence no other name follows, unless the sentence is in a URL or in an element.
_MIXED = rf"(?:[^\s\"'&<]|{_AND}|<(?!/)|{_APOSTROPHE})"
# A quoted text ends with its quote, which is written twice inside of it ('it''s'), and around it
# where the whole is inside of quotes (CSV: ""x y""); in a text that was cut, with the line.
# Languages write a letter before it: b"x", rb'x', u'x', f'x', N'x', @"x".
_PREFIX = rf"(?:[bBrRuUfFNELl@$]{{1,2}}(?={_QUOTE}))?"
_QUOTED = (
    rf"{_PREFIX}(?:"
    r"(?P<mark>%(?:25)*2[27]|&(?:amp;){0,8}(?:quot|apos|#34|#39);|\\{1,8}u002[27])"
    r"(?P<encoded>(?:(?!(?P=mark))[^\n])*+)"
    r"|(?P<slashes>\\{1,8})(?P<quote>[\"'`])"
    r"(?P<escaped>(?:(?!(?<!\\)(?P=slashes)(?P=quote))[^\n])*+)"
    r"|(?P<twice>\"\"|'')(?![\s,;:)}\]])(?P<doubled>(?:(?!(?P=twice))[^\n])++)"
    r"|\"(?P<double>(?:[^\"\\\n]|\\[^\n]|\"\")*+)"
    r"|'(?P<single>(?:[^'\\\n]|\\[^\n]|'')*+)"
    r"|`(?P<back>[^`\n]*+))"
)
_VALUES = (
    rf"(?:{_QUOTED}|(?P<list>\[[^\]\n]*+\]?|\{{[^}}\n]*+\}}?)"
    rf"|(?P<word>(?:(?i:bearer|basic|digest|token|negotiate|ntlm)\s{{1,8}})?{_WORD}))"
)
_ASSIGNED = re.compile(rf"{_BEFORE}{_VALUES}")
_OPTION = re.compile(
    rf"(?<![\w-])--?[\w-]{{0,32}}{_NAME}\s{{1,8}}(?:{_QUOTED}|(?!-)(?P<word>{_WORD}))"
)
# ("password", "x"); but what a colon follows is the next name of an object.
_PAIR = re.compile(
    rf"{_QUOTE}[\w.-]{{0,32}}?{_NAME}{_QUOTE}{_GAP},{_GAP}"
    rf"(?!{_PREFIX}[\"'`]{{2}})(?:{_QUOTED}|(?P<word>\d[\d.]*+))(?!{_QUOTE}{_GAP}(?:[:=]|%3[AaDd]))"
)
# In a sentence most words behind a name are no secret, as in "the PIN is wrong": digits are, and
# behind the name of a password also a word with a digit, and what stands in quotes.
_LINK = r"(?:\s{1,8}(?i:is|was|set|to|equals|code|number))"
_IN_SENTENCE = re.compile(
    rf"{_NAME}{_LINK}{{0,3}}\s{{1,8}}(?P<word>\d(?:[ .-]?\d){{2,5}}+)(?![ .-]?\d)"
    rf"|{_NAME}{_LINK}{{1,3}}\s{{1,8}}(?:{_QUOTED})"
    r"|(?:(?i:passw(?:or)?d|passphrase|passcode|secret)|(?<![A-Za-z])(?i:pwd|pin|otp))"
    rf"{_LINK}{{0,3}}\s{{1,8}}(?={_MIXED}{{0,64}}\d)(?P<mixed>{_MIXED}{{6,}}(?<![,;]))"
)
_LT = r"(?:<|&(?:amp;){0,8}(?:lt|#60|#x3[cC]);|\\{1,8}(?:u00|x)3[cC]|%(?:25)*3[cC])"
_GT = r"(?:>|&(?:amp;){0,8}(?:gt|#62|#x3[eE]);|\\{1,8}(?:u00|x)3[eE]|%(?:25)*3[eE])"
# A value ends at the "<" of the next tag, written as the first one is: another spelling of it is a
# part of the value, as in <password>a&lt;b c</password>. Sections of CDATA may stand in the text.
_NEXT_TAG = r"(?i:(?P=lt))"
_CDATA = (
    rf"{_NEXT_TAG}(?:!|%(?:25)*21)(?:\[|%(?:25)*5[bB])CDATA(?:\[|%(?:25)*5[bB])"
    rf"(?:(?!(?P<bracket>\]|%(?:25)*5[dD])(?P=bracket){_GT}).)*+"
    rf"(?:(?:\]|%(?:25)*5[dD]){{2}}{_GT})?"
)
_ELEMENT = re.compile(
    rf"((?P<lt>{_LT})(?:[\w.-]{{1,32}}:)?[\w.-]{{0,32}}?{_NAME}[\w.-]{{0,32}}(?:\s[^<>&]{{0,256}}+)?(?<!/){_GT})"
    rf"(?:{_CDATA}|[^<&\\%]++|(?!{_NEXT_TAG})(?:[&%]|\\++))++",
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
# What is behind these is a key, whatever its characters are.
VENDORS = (
    r"(?:[srp]k|rk)_(?:live|test)_|whsec_|sk-(?:proj|ant|or|svcacct|live|test)-|gh[oprsu]_|github_pat_"
    r"|gl(?:pat|dt|rt|ptt|soat)-|xox[abeoprs]-|xapp-|dop_v1_|sh(?:pat|pca|ppa|pss)_|sq0[a-z]{3}-|lin_api_"
    r"|dckr_pat_|rubygems_|pypi-AgE[IN]|npm_(?=[A-Za-z0-9]{30})|hf_(?=[A-Za-z0-9]{30})|AIza(?=[\w-]{30})|ya29\."
    r"|hv[sbr]\.(?=[\w-]{20})"
    r"|A(?:KIA|SIA|GPA|IDA|ROA)(?=[A-Z0-9]{12})|SG\.(?=[\w-]{16})|EAAC(?=[A-Za-z0-9]{20})"
)
_VENDOR_KEY = re.compile(rf"(?<![A-Za-z0-9])(?:{VENDORS})[\w.~+/=-]{{4,}}")
_USER = re.compile(r"(?<=://)[^\s/?#]*@")


def _masked(found: re.Match[str]) -> str:
    """The name and the opening quote stay, and so does the closing one behind the match. The value
    is the last group that matched.
    """
    return found[0][: found.start(found.lastindex or 0) - found.start()] + SECRET


_BEHIND = rf"\1{SECRET}"
# A header is a whole line, so it comes before the values of single words.
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_PRIVATE_KEY, _BEHIND),
    (_HEADER, _BEHIND),
    (_ELEMENT, _BEHIND),
    (_ASSIGNED, _masked),
    (_OPTION, _masked),
    (_PAIR, _masked),
    (_IN_SENTENCE, _masked),
    (_QUERY, _BEHIND),
    (_BEARER, _BEHIND),
    (_BASIC, _BEHIND),
)
# Each rule needs one of these. Most texts have none, and one search costs less than ten.
_HINT = re.compile(
    "pass|secret|token|credential|key|auth|sig|cookie|pwd|pin|cv[vc]|csc|otp|ssn|jwt|bearer|basic"
    "|code|hash|sid"
)


def is_secret_name(name: str) -> bool:
    """Whether the name of a value, such as a key of JSON, calls it a secret."""
    return _KEY.search(plain_letters(name)) is not None


def without_credentials(text: str, tally: Tally) -> str:
    """``text`` with ``[secret]`` for each value that its name calls a secret. Where a name is only
    found when its letters are written plainly, they are plain in the answer, too.
    """
    # Before the digits are masked: of `&#0064;` only `&#[digits];` would be left.
    text, users = _USER.subn("", WRITTEN_AT.sub("@", text))
    text, count = _without_secrets(text)
    count += users
    plain = plain_letters(text)
    if plain != text:
        found, more = _without_secrets(plain)
        if found != plain:
            text, count = found, count + more
    text, keys = _VENDOR_KEY.subn("[token]", text)
    for rule, masked in (("secret", count), ("token", keys)):
        if masked:
            tally.redactions[rule] += masked
    return text


def _without_secrets(text: str) -> tuple[str, int]:
    """The text, and how many were masked, also those that were masked already."""
    count = 0
    # The rules ignore case in their own way: `pin` finds a dotless i as well.
    if text.isascii() and not _HINT.search(text.lower()):
        return text, count
    for rule, replacement in _RULES:
        text, found = rule.subn(replacement, text)
        count += found
    return text, count
