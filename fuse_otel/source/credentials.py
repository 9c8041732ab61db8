"""The login of an account at the API. A key that changes in its file is used without a reload."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

import httpx

from fuse_otel.source.answer import ApiOptions

# Half of what the poller waits after a 401, so that each of its tries may read the file, and the
# concurrent requests of one try read it once.
_REREAD = 30.0  # seconds


class Credentials:
    """For any number of threads. ``clock`` gives seconds."""

    def __init__(self, options: ApiOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._email = options.email
        self._key = options.developer_key
        self._reread = options.reread_key
        self._clock = clock
        self._read_at = float("-inf")
        self._lock = Lock()
        self.auth = httpx.BasicAuth(self._email, self._key)

    @property
    def secrets(self) -> tuple[str, str]:
        """What no message may contain."""
        return self._key, self._email

    def renewed(self, refused: httpx.BasicAuth) -> bool:
        """After a 401: whether ``auth`` has another key now than the refused login had."""
        with self._lock:
            if self.auth is refused:
                self._read_key()
            return self.auth is not refused

    def _read_key(self) -> None:
        if self._reread is None or self._clock() - self._read_at < _REREAD:
            return
        self._read_at = self._clock()
        try:
            key = self._reread()
        except ValueError:  # the file is missing or empty: the answer of the API says what to do
            return
        if key != self._key:
            self._key = key
            self.auth = httpx.BasicAuth(self._email, key)
