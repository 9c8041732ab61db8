"""From settings to the parts of a daemon: options, renderings, adapters."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fuse_otel.config.file.contents import read_secret
from fuse_otel.core.encoding.renderer import distinct
from fuse_otel.core.model.lane import LIVE, Lane, Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import Mode, Redaction
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.core.redaction.pseudonym import developer_key_pseudonym
from fuse_otel.events import Emit, unheard
from fuse_otel.poller import PollerOptions, RescanSchedule
from fuse_otel.ports import CallIndex, Control, Destination, Flows, Store
from fuse_otel.shipper import ShipperOptions

if TYPE_CHECKING:
    from fuse_otel.config.destination import DestinationSettings
    from fuse_otel.config.settings import Account, Settings
    from fuse_otel.source import FuseApi

# Requests that an account may have in flight: a list and a bulk request of live calls, and those of
# all others; lists of four searches and of a gap that is tried again; single requests for live
# calls, for others, and for calls whose logs failed before.
PAGES_AT_ONCE, KINDS_OF_SINGLE_REQUESTS = 9, 3


def store(
    settings: Settings,
    clock: Callable[[], float],
    *,
    read_only: bool = False,
    create: bool = True,
    emit: Emit = unheard,
    exports: bool = True,
    check_beside: bool = False,
) -> Store:
    from fuse_otel.store import open_store  # noqa: PLC0415 - not every command needs it

    return open_store(
        settings.state_url,
        capacity=settings.max_disk,
        read_only=read_only,
        create=create,
        clock=clock,
        emit=emit,
        exports=exports,
        check_beside=check_beside,
    )


@contextmanager
def open_control(
    settings: Settings, *, read_only: bool = True, create: bool = True
) -> Iterator[Control]:
    """For reading, also beside a daemon. Without ``read_only`` for changes too: then a missing
    store is created, unless ``create`` is false. Raises ``StoreError``.
    """
    with closing(store(settings, time.time, read_only=read_only, create=create)) as opened:
        yield opened.control


@contextmanager
def open_calls(settings: Settings) -> Iterator[CallIndex]:
    """For reading, also beside a daemon. Raises ``StoreError``."""
    with closing(store(settings, time.time, read_only=True)) as opened:
        yield opened.calls


@contextmanager
def open_flows(settings: Settings) -> Iterator[Flows]:
    """For reading, also beside a daemon. Raises ``StoreError``."""
    with closing(store(settings, time.time, read_only=True)) as opened:
        yield opened.flows


def source(account: Account, settings: Settings, emit: Emit, clock: Callable[[], float]) -> FuseApi:
    from fuse_otel.source import ApiOptions, FuseApi  # noqa: PLC0415 - imports httpx

    file = account.developer_key_file
    options = ApiOptions(
        url=settings.api_url,
        email=account.email,
        developer_key=account.developer_key.get_secret_value(),
        reread_key=(lambda: read_secret(file).secret) if file else None,
    )
    return FuseApi(account.name, options, emit, clock)


def destination(
    settings: DestinationSettings, clock: Callable[[], float] = time.time
) -> Destination:
    """Raises ``ConfigurationError`` for certificates that cannot be read."""
    if settings.type in {"console", "file"}:
        return _json_lines(settings)
    return _otlp(settings, clock)


def _json_lines(settings: DestinationSettings) -> Destination:
    from fuse_otel.destinations.json_lines import (  # noqa: PLC0415 - protobuf, and rarely wanted
        ConsoleDestination,
        FileDestination,
    )

    if settings.type == "console":
        return ConsoleDestination(sys.stdout)
    return FileDestination(Path(settings.path or ""))


def _otlp(settings: DestinationSettings, clock: Callable[[], float]) -> Destination:
    from fuse_otel.destinations.options import OtlpOptions  # noqa: PLC0415 - as above

    options = OtlpOptions(
        name=settings.name,
        urls=settings.urls,
        headers=settings.headers,
        timeout=settings.timeout,
        compression=settings.compression,
        certificate=settings.certificate,
        client_certificate=settings.client_certificate,
        client_key=settings.client_key,
        insecure=settings.insecure,
    )
    if settings.protocol == "grpc":
        from fuse_otel.destinations.otlp_grpc import OtlpGrpc  # noqa: PLC0415

        return OtlpGrpc(options)
    from fuse_otel.destinations.otlp_http import OtlpHttp  # noqa: PLC0415

    return OtlpHttp(options, clock)


def renderings(settings: Settings) -> Sequence[Rendering]:
    """One for each encoding that a lane needs: lanes that need the same bytes share it."""
    lanes: dict[tuple[Signal, Redaction, Profile], list[Lane]] = {}
    for each in settings.destinations:
        wanted = _redaction(settings, each.redaction)
        for signal in each.signals:
            key = (signal, wanted, distinct(signal, settings.flavour_of(each, signal)))
            lanes.setdefault(key, []).append(Lane(each.name, signal))
    return [
        Rendering(f"{signal}/{wanted.id}/{profile}", signal, profile, tuple(takers), wanted)
        for (signal, wanted, profile), takers in lanes.items()
    ]


def _redaction(settings: Settings, own: Mode | None = None) -> Redaction:
    """``own``: the destination's, else the general one."""
    return Redaction(own or settings.redaction, settings.redaction_rules)


def model_options(settings: Settings, account: Account | None = None) -> ModelOptions:
    """``account``: whose calls are read. A saved log does not name its account: without one, the
    name and the key are those of the only account.
    """
    named = account or (settings.accounts[0] if len(settings.accounts) == 1 else None)
    return ModelOptions(
        namespace=settings.namespace,
        account=named.own_name if named else "",
        environment=settings.environment,
        resource_attributes=dict(settings.resource_attributes),
        error_policy=settings.error_policy,
        pseudonym_key=pseudonym_key(account, settings) if account else saved_key(settings),
        service_names=dict(settings.service_names),
        severities=dict(settings.severities),
        transfer_queues=dict(settings.transfer_queues),
        url_templates=settings.url_templates,
        loki_stream_attribute=settings.loki_stream_attribute,
        redaction=_redaction(settings),
        pages_redaction=settings.pages_redaction,
        limits=settings.limits,
    )


def poller_options(
    account: Account, settings: Settings, *, shared: bool, helps: bool
) -> PollerOptions:
    return PollerOptions(
        account=account.name,
        numbers=account.numbers,
        poll_interval=settings.poll_interval,
        settle=settings.settle,
        grow=settings.grow,
        since=settings.since,
        requests_per_second=settings.max_requests_per_second,
        concurrent_requests=settings.max_concurrent_requests,
        rescans=tuple(RescanSchedule(rescan.span, rescan.every) for rescan in settings.rescans),
        pseudonym_key=pseudonym_key(account, settings),
        shared=shared,
        helps=helps,
    )


def shipper_options(settings: Settings, profile: Profile, *, doubted: bool) -> ShipperOptions:
    """A call is live for as long as reading it may take, and two more minutes (decision 11)."""
    reading = settings.poll_interval + settings.settle + settings.grow
    return ShipperOptions(
        live=reading + LIVE, doubted=doubted, parks_old_records=profile is Profile.LOKI
    )


def pseudonym_key(account: Account, settings: Settings) -> bytes:
    """The configured key, else one derived from the account's developer key."""
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key.get_secret_value().encode()
    return developer_key_pseudonym(account.developer_key.get_secret_value())


def saved_key(settings: Settings) -> bytes | None:
    """The key for a saved log, which does not name its account: the key of all accounts, else that
    of the only account.
    """
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key.get_secret_value().encode()
    return pseudonym_key(settings.accounts[0], settings) if len(settings.accounts) == 1 else None
