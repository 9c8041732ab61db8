"""The web configuration file: TLS and logins for the listening port, in the form that Prometheus
has (https://prometheus.io/docs/prometheus/latest/configuration/https/), with two keys of our own:
``bearer_token_file`` and ``open_paths``.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, PlainSerializer, PlainValidator, ValidationError

from fuse_otel.config.file.contents import read_secret, read_yaml
from fuse_otel.config.file.web_tls import FOLDER, FileOfFolder, TlsTable, server_context
from fuse_otel.config.problems import WrongValue, sentences
from fuse_otel.config.values import fields
from fuse_otel.config.values.quantities import read_required_text
from fuse_otel.files import file_stamp, read_bounded
from fuse_otel.humanize import quoted
from fuse_otel.web.access import Access

_MAX_FILE = 256 * 1024  # bytes
_HASH = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
# A check of cost 14 takes a few seconds of one core, and every step doubles that.
_LEAST_COST, _MOST_COST = 4, 14
_OPEN_PATHS = ("/-/healthy", "/-/ready", "/metrics")
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig(Access):
    """What the file at ``path`` says. ``cert_file`` and ``key_file`` are empty for plain http."""

    path: str
    cert_file: str = ""
    key_file: str = ""

    @property
    def has_login(self) -> bool:
        """Whether only known clients see the pages: by a password, a token or a certificate."""
        requires_certificate = self.tls is not None and self.tls.verify_mode == ssl.CERT_REQUIRED
        return self.needs_login or requires_certificate


def read_web_config(value: object) -> WebConfig:
    """The file at that path, and the files that it names. Relative paths in it begin at its folder.

    Raises ``WrongValue``, or ``ValueError`` with a sentence if it cannot be read at all.
    """
    path = read_required_text(value)
    stamps = {path: file_stamp(path)}
    table = _read_table(path)
    stamps |= {each: file_stamp(each) for each in table.files}
    tls = table.tls_server_config
    problems: list[str] = []
    token = _read_token(table.bearer_token_file, problems) if table.bearer_token_file else ""
    context = server_context(tls, problems) if tls else None
    if problems:
        raise WrongValue(problems)
    return WebConfig(
        path=path,
        stamps=stamps,
        tls=context,
        cert_file=tls.cert_file if tls else "",
        key_file=tls.key_file if tls else "",
        client_names=tls.client_allowed_sans if tls else (),
        users=table.basic_auth_users or {},
        token=token,
        open_paths=frozenset(table.open_paths or ()),
        headers=table.http_server_config.headers or {} if table.http_server_config else {},
    )


def _read_token(path: str, problems: list[str]) -> str:
    try:
        return read_secret(path).secret
    except ValueError as error:
        problems.append(f"bearer_token_file: {error}")
        return ""


def _read_table(path: str) -> WebConfigTable:
    content = read_bounded(path, _MAX_FILE).data
    if len(content) > _MAX_FILE:
        raise ValueError("The file is larger than 256 KiB.")
    try:
        return WebConfigTable.model_validate(
            read_yaml(content), context={FOLDER: Path(path).parent}
        )
    except ValidationError as error:
        raise WrongValue(sentences(error, {}, _TABLES)) from None


def _user_hashes(value: object) -> object:
    """The message leaves the hash out."""
    if not isinstance(value, Mapping):
        return value
    problems = [
        f"{quoted(name)}: {problem}"
        for name, text in value.items()
        if (problem := _hash_problem(name, text))
    ]
    if problems:
        raise WrongValue(problems)
    return value


def _hash_problem(name: str, text: object) -> str:
    if not name or ":" in name:
        return "A user name is not empty and has no colon."
    match = _HASH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return "Not a bcrypt hash. Make one with `htpasswd -nBC 10 NAME`."
    if not _LEAST_COST <= int(match[1]) <= _MOST_COST:
        return (
            f"The cost of the bcrypt hash is {int(match[1])}. Use {_LEAST_COST} to {_MOST_COST}:"
            " every step doubles the time of a login."
        )
    return ""


def _paths(value: object) -> Sequence[str]:
    if not isinstance(value, list):
        raise ValueError("Must be a list.")  # noqa: TRY004 - pydantic collects these
    for each in value:
        if each not in _OPEN_PATHS:
            raise ValueError(
                f"{quoted(each)} cannot be open without a login. Use {', '.join(_OPEN_PATHS)}."
            )
    return tuple(value)


def _header_lines(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("Must be a table.")  # noqa: TRY004 - pydantic collects these
    known = {name.lower(): name for name in _HEADERS}
    headers = {}
    for given, text in value.items():
        name = known.get(str(given).lower())
        if name is None:
            names = ", ".join(_HEADERS)
            raise ValueError(f"The header {quoted(given)} cannot be set. Use one of: {names}.")
        headers[name] = _header_text(name, text)
    return headers


def _header_text(name: str, text: object) -> str:
    allowed = _HEADERS[name]
    if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable():
        raise ValueError(f"{name} must be one line of ASCII text.")
    if allowed and text.lower() not in allowed:
        raise ValueError(f"{name} must be {' or '.join(allowed)}.")
    return text


class HttpTable(fields.Frozen):
    """``http2`` is accepted because Prometheus has it. The port speaks HTTP/1.1 only."""

    http2: fields.Switch = False
    headers: Annotated[Mapping[str, str] | None, BeforeValidator(_header_lines)] = None


class WebConfigTable(fields.Frozen):
    tls_server_config: TlsTable | None = None
    http_server_config: HttpTable | None = None
    basic_auth_users: Annotated[Mapping[str, str] | None, BeforeValidator(_user_hashes)] = None
    bearer_token_file: FileOfFolder | None = None
    open_paths: Annotated[Sequence[str] | None, BeforeValidator(_paths)] = None

    @property
    def files(self) -> tuple[str, ...]:
        token = (self.bearer_token_file,) if self.bearer_token_file else ()
        return (*token, *(self.tls_server_config.files if self.tls_server_config else ()))


_TABLES: Mapping[str, type[BaseModel]] = {
    "": WebConfigTable,
    "tls_server_config": TlsTable,
    "http_server_config": HttpTable,
}
WebConfigFile = Annotated[
    WebConfig,
    PlainValidator(read_web_config),
    PlainSerializer(lambda read: read.path, return_type=str, when_used="json"),
]
