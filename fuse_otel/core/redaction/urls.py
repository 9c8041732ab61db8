"""The parts of a URL that may leave: scheme, host, port, and the words of the path that every
service has. Any other word of a path may name a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.personal_data import is_plain_host
from fuse_otel.core.redaction.scrub import is_scrubbed

_HARMLESS = re.compile(r"(?:api|rest|soap|graphql|services?|prod|v\d{1,2}(?:\.\d)?)?\Z", re.ASCII)
_LONGEST = 2048
_SCHEMES = {"http", "https", "ws", "wss"}
_HIDDEN = "*"

# The library keeps the last URLs in a cache, with their credentials and paths.
split_url: Callable[[str], SplitResult] = getattr(urlsplit, "__wrapped__", urlsplit)


def _is_harmless(segment: str) -> bool:
    return _HARMLESS.match(segment) is not None


def safe_url(
    text: str, tally: Tally, is_shown: Callable[[str], bool] = _is_harmless
) -> tuple[str, str] | None:
    """(URL without credentials, query and fragment; host), or ``None`` if it is no such URL.
    ``is_shown`` decides for each segment of the path.
    """
    if len(text) > _LONGEST:
        return None
    try:
        parts = split_url(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES or not host or not is_plain_host(host):
        return None
    place = f"{parts.scheme}://{host}" if port is None else f"{parts.scheme}://{host}:{port}"
    segments = parts.path.split("/")
    shown = [segment if is_shown(segment) else _HIDDEN for segment in segments]
    if parts.query or parts.fragment or "@" in parts.netloc or shown != segments:
        tally.redactions["url"] += 1
    url = place + "/".join(shown)
    return (url, host) if is_scrubbed(url) else None
