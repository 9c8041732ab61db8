"""Links from a call to its trace and its logs in other programs."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from fuse_otel.core.model.link_template import fill
from fuse_otel.web.html import Html, tag

_MILLISECOND = 1_000_000  # nanoseconds


@dataclass(frozen=True, slots=True)
class LinkTemplates:
    """Each is a template with the placeholders of ``core.model.link_template``, or empty."""

    trace: str = ""
    logs: str = ""


@dataclass(frozen=True, slots=True)
class CallPlace:
    """Where other programs find a call. ``start`` and ``end`` are nanoseconds; a ``start`` of 0 is
    unknown.
    """

    trace_id: str
    session_id: str
    start: int
    end: int


def external_links(templates: LinkTemplates, call: CallPlace) -> Html | None:
    values = _values(call)
    made = [
        _link(name, url)
        for name, template in (("trace", templates.trace), ("logs", templates.logs))
        if template and (url := fill(template, values))
    ]
    return tag("p", made, class_="external") if made else None


def _values(call: CallPlace) -> dict[str, str]:
    """The times are whole milliseconds around the call; they are missing where nothing is known."""
    ids = {"trace_id": call.trace_id, "session_id": call.session_id}
    if call.start <= 0:
        return ids
    # The end is rounded up: Grafana leaves out what lies at or after the end of a range.
    times = {
        "start_ms": str(call.start // _MILLISECOND),
        "end_ms": str(-(-call.end // _MILLISECOND)),
    }
    return ids | times


def _link(name: str, url: str) -> Html:
    return tag("a", f"Open the {name} at {urlsplit(url).hostname}", href=url, rel="noreferrer")
