"""``check``: whether the clients of the API and the destinations can be made, and whether the
place of the store is suitable. ``check --online``:
whether the API, the store and the destinations work. Changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from fuse_otel.assembly import parts
from fuse_otel.core.batching.export_result import Accepted, PartialSuccess
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.errors import ConfigurationError, FuseOtelError
from fuse_otel.events import unheard
from fuse_otel.humanize import size
from fuse_otel.ports import Destination

if TYPE_CHECKING:
    from fuse_otel.config.destination import DestinationSettings
    from fuse_otel.config.settings import Account, Settings
    from fuse_otel.source import FuseApi

Finding = tuple[str, bool, str]
"""What was checked, whether it works, a sentence."""

_EMPTY = deflate(b"")  # an export request without anything in it


def check_clients(settings: Settings) -> None:
    """Raises ``ConfigurationError`` with all that is wrong with certificates, proxies and URLs."""
    problems: list[str] = []
    otlp = [each for each in settings.destinations if each.type == "otlp"]
    makers: list[Callable[[], FuseApi | Destination]] = [
        *(partial(parts.source, each, settings, unheard, time.time) for each in settings.accounts),
        *(partial(parts.destination, each) for each in otlp),
    ]
    for make in makers:
        try:
            make().close()
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(dict.fromkeys(problems))


def store_warnings(settings: Settings) -> list[str]:
    """What may go wrong with the place of the store. Raises ``ConfigurationError``."""
    from fuse_otel.store import store_warnings  # noqa: PLC0415 - as in parts

    return store_warnings(settings.state_url)


def check_shared_store(settings: Settings) -> None:
    """Raises ``FuseOtelError`` if it cannot be opened. Creates missing tables, as a start does. The
    file of a store that is not shared is in use by this process.
    """
    from fuse_otel.store import is_shared  # noqa: PLC0415 - as in parts

    if is_shared(settings.state_url):
        parts.store(settings, time.time).close()


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


def _destination(settings: DestinationSettings) -> Iterator[Finding]:
    what = f"destination {settings.name}"
    if settings.type != "otlp":
        yield what, True, f"Nothing to ask: it is a {settings.type}."
        return
    try:
        destination = parts.destination(settings)
    except FuseOtelError as error:
        yield what, False, str(error)
        return
    # As `check` prints them: without credentials.
    shown = settings.model_dump(mode="json", include={"urls"})["urls"]
    for signal in settings.signals:
        result = destination.send(signal, _EMPTY, 0)
        if isinstance(result, Accepted | PartialSuccess):
            yield f"{what} {signal}", True, "It accepts an empty request."
        else:
            why = getattr(result, "reason", result.code)
            yield f"{what} {signal}", False, f"{why} ({shown[signal]})"
    destination.close()
