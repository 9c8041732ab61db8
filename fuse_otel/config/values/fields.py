"""The types of the settings: how a value is read, which range it has, how it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    SecretStr,
)

from fuse_otel.config.values import quantities as read
from fuse_otel.core.model.limits import Limits
from fuse_otel.core.model.redaction_policy import Mode
from fuse_otel.core.model.telemetry import Profile
from fuse_otel.files import check_regular
from fuse_otel.humanize import quoted

_Number = TypeVar("_Number", int, float)
_Read = Callable[[object], _Number]

DAY = 86_400.0
MASK = "********"
_POSTGRES = frozenset({"postgresql", "postgres"})
_CUTS_LOGIN = re.compile(r"[/?#@]")  # a password with one of them would become host or database
# Hosts, each with its port, and a database. Anything else may be a part of a password.
_HOST = r"(?:[\w.%-]*|\[[\w.:%]+\])(?::\d{,5})?"
_PLACE = re.compile(rf"{_HOST}(?:,{_HOST})*(?:/[\w.%-]*)?")
_LONGEST = 365 * DAY
_HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.ASCII)
_TEMPLATE = re.compile(r"(?:/(?:\{[a-z_]+\}|[A-Za-z0-9._~%:@-]+))+/?", re.ASCII)
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_.]*", re.ASCII)


class Frozen(BaseModel):
    """A table. Unknown keys are errors, and pydantic's messages do not repeat values."""

    # Most configurations have few kinds of tables: pydantic builds what it needs at the first use.
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True
    )


def bounded(
    reader: _Read[_Number], least: _Number, most: _Number, write: Callable[[_Number], str]
) -> BeforeValidator:
    def check(value: object) -> _Number:
        number = reader(value)
        if not least <= number <= most:
            raise ValueError(
                f"{quoted(value)} is out of range."
                f" Use a value from {write(least)} to {write(most)}."
            )
        return number

    return BeforeValidator(check)


def duration(least: float = 0.0, most: float = _LONGEST) -> BeforeValidator:
    return bounded(read.read_duration, least, most, read.write_duration)


def size(least: int, most: int) -> BeforeValidator:
    return bounded(read.read_size, least, most, read.write_size)


def count(least: int, most: int) -> BeforeValidator:
    return bounded(read.read_count, least, most, str)


def number(least: float, most: float) -> BeforeValidator:
    return bounded(read.read_number, least, most, "{:g}".format)


def choice(*words: str) -> BeforeValidator:
    """One of the words."""

    def check(value: object) -> str:
        word = str(value).strip().lower()
        if word not in words:
            raise ValueError(f"{quoted(value)} is not supported. Use {_either(words)}.")
        return word

    return BeforeValidator(check)


def _either(words: tuple[str, ...]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def split_http(value: object) -> SplitResult:
    """An ``http://`` or ``https://`` URL. The message leaves it out: it may hold a password."""
    try:
        parts = urlsplit(read.read_required_text(value))
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        # A name that no resolver takes: an empty part between dots, or one of more than 63 letters.
        (parts.hostname or "").encode("idna")
    except ValueError:
        usable = False
    if not usable or not (url := str(value).strip()).isprintable() or " " in url:
        raise ValueError("Not a URL. Use one such as https://host or http://host:4318.")
    return parts


def _api_url(value: object) -> str:
    parts = split_http(value)
    if parts.username or parts.password:
        raise ValueError(
            "The URL must not contain credentials. Use the settings email and developer_key."
        )
    if parts.query or parts.fragment:
        raise ValueError("The URL must end with its path. Remove the query (?) or fragment (#).")
    return parts.geturl().rstrip("/")


def _state_url(value: object) -> str:
    url = read.read_required_text(value)
    scheme, colon, path = url.partition(":")
    if scheme in _POSTGRES and path.startswith("//"):
        return _postgres_url(url)
    if scheme != "sqlite" or not colon or (path != "//" and not path.startswith("///")):
        raise ValueError(
            "Not a store. Use sqlite:///fuse-otel.db, or sqlite:////var/lib/fuse-otel.db for an"
            " absolute path, or a URL that begins with postgresql://."
        )
    if path == "///":
        raise ValueError("The path is missing. Use a URL such as sqlite:///fuse-otel.db.")
    return url


def _postgres_url(url: str) -> str:
    if not url.isprintable() or " " in url:
        raise ValueError("A URL of PostgreSQL with odd characters. Write them percent-encoded.")
    if _CUTS_LOGIN.search(_login(url)):
        raise ValueError(
            "A URL of PostgreSQL with one of / ? # @ in the user, the password or a parameter."
            " Write them percent-encoded: %2F %3F %23 %40."
        )
    return url


def _login(url: str) -> str:
    return url.partition("://")[2].rpartition("@")[0]


def masked_state_url(url: str) -> str:
    """Without user, password and parameters, in which a password may stand too."""
    scheme, _, rest = url.partition("://")
    if scheme not in _POSTGRES:
        return url
    login = _login(url)
    place, question, _ = rest.rpartition("@")[2].partition("?")
    if _CUTS_LOGIN.search(login) or not _PLACE.fullmatch(place):
        return f"{scheme}://{MASK}"
    return f"{scheme}://{login and MASK + '@'}{place}{question and '?' + MASK}"


def _host_names(value: object) -> tuple[str, ...]:
    """Names in lower case, without a final dot."""
    names = [name.lower().rstrip(".") for name in _texts(value)]
    wrong = "is not a host name. Use names such as ops.example.com, without a scheme, port or path."
    return _each_fits(names, _HOST_NAME, wrong)


def _url_templates(value: object) -> tuple[str, ...]:
    wrong = "is not a path. Use paths such as /claims/{claim}, without a host or query."
    return _each_fits(_texts(value), _TEMPLATE, wrong)


def _texts(value: object) -> list[str]:
    listed = value if isinstance(value, list) else read.read_text(value).split(",")
    return [read.read_text(each) for each in listed]


def _each_fits(texts: list[str], pattern: re.Pattern[str], wrong: str) -> tuple[str, ...]:
    """The texts that are not empty, each once. Raises ``ValueError`` for one that does not fit."""
    for text in filter(None, texts):
        if not pattern.fullmatch(text):
            raise ValueError(f"{quoted(text)} {wrong}")
    return tuple(dict.fromkeys(filter(None, texts)))


def _attributes(value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {read.read_required_text(key): read.read_text(text) for key, text in value.items()}
    return read.read_pairs(read.read_text(value))


def read_attribute_name(value: object) -> str:
    """An attribute name, or an empty text for ``off``."""
    name = read.read_required_text(value)
    if name.lower() == "off":
        return ""
    if not _ATTRIBUTE.fullmatch(name):
        raise ValueError(f"{quoted(value)} is not an attribute name. Use one, or off.")
    return name


def readable(path: str) -> str:
    """Raises ``ValueError`` unless it is a file that can be read."""
    check_regular(path)
    return path


def _written_limits(limits: Limits) -> str:
    span, record = limits.span, limits.record
    return (
        f"{span.attributes} attributes of {span.length} characters and {limits.links} links a span,"
        f" {record.attributes} attributes of {record.length} characters a log record"
    )


def masked_email(email: str) -> str:
    """``ops@example.com`` → ``o…@example.com``."""
    name, _, host = email.rpartition("@")
    return f"{name[:1]}…@{host}"


Text = Annotated[str, BeforeValidator(read.read_text)]
RequiredText = Annotated[str, BeforeValidator(read.read_required_text)]
Secret = Annotated[SecretStr, BeforeValidator(read.read_required_text)]
UrlTemplates = Annotated[tuple[str, ...], BeforeValidator(_url_templates)]
HostNames = Annotated[tuple[str, ...], BeforeValidator(_host_names)]
ReadableFile = Annotated[RequiredText, AfterValidator(readable)]
Seconds = Annotated[float, PlainSerializer(read.write_duration, when_used="json")]
Bytes = Annotated[int, PlainSerializer(read.write_size, when_used="json")]
Switch = Annotated[bool, BeforeValidator(read.read_switch)]
Address = Annotated[
    read.Listen, BeforeValidator(read.read_listen), PlainSerializer(str, when_used="json")
]
LimitsOfTheStandard = Annotated[Limits, PlainSerializer(_written_limits, when_used="json")]
ApiUrl = Annotated[str, BeforeValidator(_api_url)]
StateUrl = Annotated[
    str, BeforeValidator(_state_url), PlainSerializer(masked_state_url, when_used="json")
]
Pairs = Annotated[Mapping[str, str], BeforeValidator(_attributes)]
ModeWord = Annotated[Mode, choice(*(mode.value for mode in Mode))]
FlavourWord = Annotated[Profile, choice(*(flavour.value for flavour in Profile))]
