"""``check --online``: whether the API, the store and the destinations work. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fuse_otel.assembly import parts
from fuse_otel.core.batching.export_result import Accepted, PartialSuccess
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.errors import FuseOtelError
from fuse_otel.events import unheard
from fuse_otel.humanize import size

if TYPE_CHECKING:
    from fuse_otel.config.destination import Destination
    from fuse_otel.config.settings import Account, Settings

Finding = tuple[str, bool, str]
"""What was checked, whether it works, a sentence."""

_EMPTY = deflate(b"")  # an export request without anything in it


def check_online(settings: Settings) -> Iterator[Finding]:
    yield _store(settings)
    for account in settings.accounts:
        yield _account(account, settings)
    for destination in settings.destinations:
        yield from _destination(destination)


def _store(settings: Settings) -> Finding:
    try:
        store = parts.store(settings, time.time)
        status = store.control.status()
        store.close()
    except FuseOtelError as error:
        return "store", False, str(error)
    return "store", True, f"{size(status.used)} of {size(status.capacity)} are in use."


def _account(account: Account, settings: Settings) -> Finding:
    what = f"account {account.name}"
    source = parts.source(account, settings, unheard, time.time)
    end = int(time.time())
    try:
        page = source.list_calls(end - 3600, end, number="", offset=0, limit=1)
    except FuseOtelError as error:
        return what, False, str(error)
    finally:
        source.close()
    total = page.records if page.total is None else page.total
    return what, True, f"The API answers: {total} calls in the last hour."


def _destination(settings: Destination) -> Iterator[Finding]:
    what = f"destination {settings.name}"
    if settings.type != "otlp":
        yield what, True, f"Nothing to ask: it is a {settings.type}."
        return
    try:
        destination = parts.destination(settings)
    except FuseOtelError as error:
        yield what, False, str(error)
        return
    for signal in settings.signals:
        result = destination.send(signal, _EMPTY, 0)
        works = isinstance(result, Accepted | PartialSuccess)
        why = "It accepts an empty request." if works else getattr(result, "reason", result.code)
        yield f"{what} {signal}", works, why
    destination.close()
