"""Links from a call to its trace and its logs in other programs."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from fuse_otel.core.model.link_template import fill
from fuse_otel.views.call_tree import CallTree
from fuse_otel.views.waterfall import scale_of
from fuse_otel.web.html import Html, tag

_MILLISECOND = 1_000_000  # nanoseconds


@dataclass(frozen=True, slots=True)
class LinkTemplates:
    """Each is a template with the placeholders of ``core.model.link_template``, or empty."""

    trace: str = ""
    logs: str = ""


def external_links(templates: LinkTemplates, tree: CallTree) -> Html | None:
    values = _values(tree)
    made = [
        _link(name, url)
        for name, template in (("trace", templates.trace), ("logs", templates.logs))
        if template and (url := fill(template, values))
    ]
    return tag("p", made, class_="external") if made else None


def _values(tree: CallTree) -> dict[str, str]:
    """The times are whole milliseconds around the call; they are missing where nothing is known."""
    ids = {"trace_id": tree.trace_id, "session_id": tree.session_id}
    scale = scale_of(tree)
    if scale.start <= 0:
        return ids
    # The end is rounded up: Grafana leaves out what lies at or after the end of a range.
    times = {
        "start_ms": str(scale.start // _MILLISECOND),
        "end_ms": str(-(-scale.end // _MILLISECOND)),
    }
    return ids | times


def _link(name: str, url: str) -> Html:
    return tag("a", f"Open the {name} at {urlsplit(url).hostname}", href=url, rel="noreferrer")
