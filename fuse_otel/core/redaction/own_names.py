"""Names that the operator gave: the queue behind a number of a transfer, the template of a URL's
path. An entry only selects one of them, so no text of an entry leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.telemetry import Value
from fuse_otel.core.redaction.phone_number import international_digits
from fuse_otel.core.redaction.urls import split_url

_NUMBERS = ("destination", "number", "to")  # the keys of a transfer's number
_URLS = ("url", "endpoint")
_REQUEST = "Request: "
_LONGEST = 2048


class OwnNames:
    """``queues`` maps a number, as ``international_digits`` gives it, to a name. ``templates`` are
    paths such as ``/claims/{claim}``; the first one that fits counts.
    """

    def __init__(self, queues: Mapping[str, str], templates: Sequence[str]) -> None:
        self._queues = queues
        self._templates = _split(tuple(templates))

    def __bool__(self) -> bool:
        return bool(self._queues or self._templates)

    def queue(self, entry: Entry, dropped: frozenset[str]) -> tuple[str, dict[str, Value]] | None:
        """The key of the data that has the number of a queue, and the attribute with its name."""
        for key in _NUMBERS if self._queues else ():
            if key in dropped:
                continue
            value = entry.data.get(key)
            if isinstance(value, str) and (name := self._queues.get(international_digits(value))):
                return key, {semconv.TRANSFER_QUEUE: name}
        return None

    def template(self, entry: Entry, dropped: frozenset[str]) -> dict[str, Value]:
        """The template of the URL in the entry's data or line; empty if none fits."""
        for url in _urls(entry, dropped) if self._templates else ():
            path = _path(url)
            for template, parts in self._templates:
                if path is not None and _fits(path, parts):
                    return {semconv.URL_TEMPLATE: template}
        return {}


def template_parts(template: str) -> tuple[str | None, ...]:
    """The segments of the path, ``None`` for one that is a variable."""
    segments = template.split("/")
    return tuple(None if part[:1] == "{" and part[-1:] == "}" else part for part in segments)


@lru_cache(maxsize=16)
def _split(templates: tuple[str, ...]) -> tuple[tuple[str, tuple[str | None, ...]], ...]:
    return tuple((template, template_parts(template)) for template in templates)


def _urls(entry: Entry, dropped: frozenset[str]) -> list[str]:
    kept = (entry.data.get(key) for key in _URLS if key not in dropped)
    found = [url for url in kept if isinstance(url, str)]
    if entry.line.startswith(_REQUEST):
        found.append(entry.line[: _LONGEST + 32].rpartition(" ")[2])
    return found


def _path(url: str) -> list[str] | None:
    if len(url) > _LONGEST:
        return None
    try:
        return split_url(url.strip()).path.split("/")
    except ValueError:
        return None


def _fits(path: Sequence[str], parts: Sequence[str | None]) -> bool:
    return len(path) == len(parts) and all(
        bool(segment) if part is None else segment == part
        for segment, part in zip(path, parts, strict=True)
    )
