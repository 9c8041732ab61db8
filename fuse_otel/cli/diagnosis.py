"""The parts of a report about this installation: each a text, masked."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from pydantic import BaseModel, SecretStr

from fuse_otel import __version__
from fuse_otel.cli.own_pages import ask
from fuse_otel.cli.report_mask import Mask
from fuse_otel.errors import FuseOtelError
from fuse_otel.files import read_end

if TYPE_CHECKING:
    from fuse_otel.config import Loaded
    from fuse_otel.config.settings import Settings

_MOST_LINES = 2000  # of the log
_MOST_LOG, _MOST_METRICS = 64 << 20, 16 << 20  # bytes
WHAT = {
    "README.txt": "what this archive contains",
    "check.txt": "warnings about the configuration, and what the clients need",
    "configuration.json": "the effective settings and their origins, secrets masked",
    "log.txt": f"the last {_MOST_LINES:,} lines of the log that --log names",
    "metrics.txt": "the metrics, if the daemon answers",
    "ready.txt": "whether the daemon is ready",
    "status.json": "accounts, lanes, jobs and the store: sizes and schema",
    "versions.json": "versions of fuse-otel, Python, the system and the packages",
}


def parts(load: Callable[[], Loaded], log: str | None) -> dict[str, str]:
    """Each file of the archive by name, in the order of the names. What cannot be had is a
    sentence in its place.
    """
    try:
        loaded = load()
    except FuseOtelError as error:
        problems = Mask().line(str(error))
        texts = {"check.txt": problems, "log.txt": _or_why(lambda: _log(log, Mask()))}
        return _complete({**texts, "versions.json": _json(_versions())})
    mask = Mask(_secrets(loaded.settings))
    settings = loaded.settings
    makers: dict[str, Callable[[], str]] = {
        "check.txt": lambda: "\n".join(map(mask.line, _check(loaded))),
        "configuration.json": lambda: _json(mask.data(loaded.shown())),
        "log.txt": lambda: _log(log, mask),
        "metrics.txt": lambda: mask.labels(_metrics(settings)),
        "ready.txt": lambda: mask.line(_ready(settings)),
        "status.json": lambda: _json(mask.data(_status(settings, mask))),
        "versions.json": lambda: _json(_versions()),
    }
    return _complete({name: _or_why(make, mask) for name, make in makers.items()})


def _complete(texts: dict[str, str]) -> dict[str, str]:
    missing = "Not available: the configuration is not valid."
    named = {name: texts.get(name, missing) for name in WHAT}
    listed = (f"{name}: {what}" for name, what in WHAT.items())
    named["README.txt"] = "\n".join(
        (
            "A report of `fuse-otel diagnose`. These are masked: the credentials of the settings,",
            "what looks like a credential, e-mail addresses, numbers of seven digits or more, the",
            "name of this machine, and the names of users in /home and /Users.",
            "In the log shorter numbers are masked too, as in the log of a call.",
            "It may still hold names that you chose;",
            "read it before you attach it to a problem report.",
            "",
            *listed,
        )
    )
    return {name: f"{text.rstrip()}\n" for name, text in sorted(named.items())}


def _or_why(make: Callable[[], str], mask: Mask | None = None) -> str:
    try:
        return make()
    except (FuseOtelError, ValueError) as error:
        return f"Not available: {(mask or Mask()).text(str(error))}"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _secrets(settings: Settings) -> Iterator[str]:
    """All secret values of the settings. Of a header such as `Bearer TOKEN` also the token."""
    yield from _secret_texts(settings)
    if settings.web_config is not None:
        yield settings.web_config.token
    for destination in settings.destinations:
        for headers in destination.headers.values():
            for value in headers.values():
                yield from (value, value.rpartition(" ")[2])
        for url in destination.urls.values():
            yield from _secrets_of_url(url)
    yield from _secrets_of_url(settings.state_url)


def _secrets_of_url(url: str) -> Iterator[str]:
    """Not by ``urlsplit``: PostgreSQL's URLs may have several hosts. A password may contain ``?``,
    and a value of the query ``@``, so both are looked for in all of the URL.
    """
    rest = url.partition("://")[2]
    query = rest.partition("?")[2]
    password = rest.rpartition("@")[0].partition(":")[2]
    values = (each.partition("=")[2] for each in query.split("&"))
    for found in (password, *values):
        yield from (found, unquote(found))
    yield from (value for _, value in parse_qsl(query))


def _secret_texts(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secret_texts(getattr(value, name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _secret_texts(each)


def _check(loaded: Loaded) -> Iterator[str]:
    from fuse_otel.assembly.preflight import check_clients, store_warnings  # noqa: PLC0415 - all of it

    for warning in (*loaded.warnings, *loaded.advice, *store_warnings(loaded.settings)):
        yield f"warning: {warning}"
    try:
        check_clients(loaded.settings)
    except FuseOtelError as error:
        yield from str(error).splitlines()
    else:
        yield "The clients of the API and the destinations can be made."


def _status(settings: Settings, mask: Mask) -> dict[str, object]:
    from fuse_otel.assembly.parts import open_control  # noqa: PLC0415 - opens the store
    from fuse_otel.store import is_shared  # noqa: PLC0415
    from fuse_otel.store.sqlite.schema import VERSION  # noqa: PLC0415
    from fuse_otel.views.problems import reported_problems  # noqa: PLC0415
    from fuse_otel.views.status_json import status_json  # noqa: PLC0415

    with open_control(settings) as control:
        status, daemon = control.status(), control.lock_holder()
    problems = [mask.line(each) for each in reported_problems(status)]
    store = {"size_bytes": status.size, "free_disk_bytes": status.free}
    if not is_shared(settings.state_url):
        store["schema"] = VERSION  # PostgreSQL's may be that of a newer replica
    found = {**status_json(status, time.time(), problems, __version__, daemon), "store": store}
    jobs = [job.kind for job, _ in status.jobs]
    # Of a job only what it is: that of an erasure names a call.
    return {**found, "orders": jobs}


def _versions() -> dict[str, object]:
    packages = {
        str(each.metadata["Name"]): each.version for each in importlib.metadata.distributions()
    }
    return {
        "fuse-otel": __version__,
        "python": sys.version,
        "system": platform.platform(),
        "packages": packages,
    }


def _ready(settings: Settings) -> str:
    status, text = ask(settings, "/-/ready", _MOST_METRICS)
    return text if status == HTTPStatus.OK else f"{status}: {text}"


def _metrics(settings: Settings) -> str:
    status, text = ask(settings, "/metrics", _MOST_METRICS)
    if status == HTTPStatus.UNAUTHORIZED:
        return "Not available: the metrics need a login."
    return text if status == HTTPStatus.OK else f"{status}: {text}"


def _log(path: str | None, mask: Mask) -> str:
    if path is None:
        return "Not available: no --log. The daemon writes its log to standard error."
    lines = read_end(path, _MOST_LOG).decode("utf-8", "replace").splitlines()
    return "\n".join(map(mask.line, deque(lines, _MOST_LINES)))
