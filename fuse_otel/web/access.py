"""Who may use the port: TLS, logins and open paths, as the web configuration file says now."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import new as hmac

from fuse_otel.errors import ConfigurationError
from fuse_otel.events import ConfigReloaded, Emit, unheard
from fuse_otel.files import FileStamp, file_stamp

_RETRY = 5.0  # seconds until a file that could not be used is tried again
_WOULD_OPEN = (
    "The web configuration file no longer has {what}, so the old one stays. If this is intended,"
    " reload the configuration (SIGHUP)."
)
PROBES = frozenset({"/-/healthy", "/-/ready"})


@dataclass(frozen=True, slots=True)
class Access:
    """``tls`` is absent for plain http. ``client_names``: with one of these in its certificate a
    client may connect; empty for any. ``users``: name → bcrypt hash. ``open_paths`` need no login.
    ``headers`` are added to every answer. ``stamps``: the files behind all this, as they were read.
    """

    tls: ssl.SSLContext | None = None
    client_names: tuple[str, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str = field(default="", repr=False)
    open_paths: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    stamps: Mapping[str, FileStamp | None] = field(default_factory=dict)

    @property
    def needs_login(self) -> bool:
        return bool(self.users or self.token)

    def opens(self, before: Access) -> str:
        """What protected the port under ``before`` and no longer does; empty for nothing."""
        lost = []
        if before.tls is not None and self.tls is None:
            lost.append("TLS")
        if before.needs_login and not self.needs_login:
            lost.append("logins")
        return " and ".join(lost)

    @property
    def probe_token(self) -> str:
        """Opens the probes and nothing else. A command on the same machine that reads the same file
        can compute it, so that it needs no password.
        """
        secrets = "\0".join([self.token, *(f"{each}:{self.users[each]}" for each in self.users)])
        return hmac(secrets.encode(), b"fuse-otel/probe/1", sha256).hexdigest()


OPEN = Access()


class CurrentAccess:
    """The present access. The files are read again when one of them has changed, as Prometheus does
    for each connection; if the new content cannot be used, the old one stays. For one thread.

    So it is if TLS or the logins are gone: an editor that empties a file before it writes it, or a
    full disk, must not open the port for a moment.
    """

    def __init__(
        self,
        first: Access = OPEN,
        reread: Callable[[], Access] | None = None,
        emit: Emit = unheard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``reread`` raises ``ConfigurationError``."""
        self._access = first
        self._reread = reread
        self._emit = emit
        self._clock = clock
        self._tried: Mapping[str, FileStamp | None] = first.stamps
        self._failed = ""
        self._failed_at = 0.0

    def __call__(self) -> Access:
        if self._reread is not None and self._is_due():
            self._read_again(self._reread)
        return self._access

    def _is_due(self) -> bool:
        if any(file_stamp(path) != stamp for path, stamp in self._tried.items()):
            return True
        # New content can name a file that was missing, which none of the stamps shows.
        return bool(self._failed) and self._clock() - self._failed_at > _RETRY

    def _no_looser(self, fresh: Access) -> Access:
        if what := fresh.opens(self._access):
            raise ConfigurationError([_WOULD_OPEN.format(what=what)])
        return fresh

    def _read_again(self, reread: Callable[[], Access]) -> None:
        self._tried = {path: file_stamp(path) for path in self._tried}
        try:
            self._access = self._no_looser(reread())
        except ConfigurationError as error:
            if str(error) != self._failed:
                self._emit(ConfigReloaded(successful=False, message=str(error)))
            self._failed, self._failed_at = str(error), self._clock()
            return
        self._tried = self._access.stamps
        if self._failed:
            self._failed = ""
            self._emit(ConfigReloaded(successful=True, message=""))
