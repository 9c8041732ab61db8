"""All that the pages know of the daemon."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from fuse_otel.events import Emit, unheard
from fuse_otel.ports import CallIndex, Control, Flows
from fuse_otel.views.problems import Problem
from fuse_otel.web.access import CurrentAccess
from fuse_otel.web.call_head import LinkTemplates

Reload = Callable[[], Future[str]]


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class PageContext:
    """What the web is given. ``health``, ``readiness``, ``paused`` and ``hook`` must return at
    once: they run where all requests are served. The others may wait for the disk.

    - ``calls``: the index of calls; ``flows``: the call flows
    - ``metrics``: an ``Accept`` header → the exposition and its content type
    - ``health``, ``readiness``: what is wrong, a sentence a problem; empty means well
    - ``paused``: lanes that an operator has paused, a sentence each
    - ``problems``: what does not work, since when, and when it is tried again
    - ``reload``: read the configuration again and use it: a sentence if that failed, else empty,
      and ``Stopping`` if the daemon ends. Absent for a program that cannot. A request waits for it,
      at most ``reload_seconds``
    - ``hook``: a call ended: poll now; absent without a token
    - ``allowed_hosts``: names under which the pages answer, besides addresses and ``localhost``
    - ``access``: TLS and logins of the port, as its file says now
    - ``links``: where a call is found in other programs
    - ``give_back_memory``: called when the last large page is sent
    - ``clock``: UNIX seconds
    """

    control: Control
    calls: CallIndex
    flows: Flows
    metrics: Callable[[str], tuple[bytes, str]]
    health: Callable[[], Sequence[str]]
    readiness: Callable[[], Sequence[str]]
    version: str
    reload: Reload | None = None
    reload_seconds: float = 60.0
    hook: Callable[[], None] | None = None
    hook_token: str | None = field(default=None, repr=False)
    allowed_hosts: Collection[str] = ()
    access: CurrentAccess = field(default_factory=CurrentAccess)
    paused: Callable[[], Sequence[str]] = tuple
    problems: Callable[[], Sequence[Problem]] = tuple
    links: LinkTemplates = field(default_factory=LinkTemplates)
    give_back_memory: Callable[[], None] = _nothing
    emit: Emit = unheard
    clock: Callable[[], float] = time.time
