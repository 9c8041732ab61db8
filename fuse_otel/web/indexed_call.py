"""The page of a call of which only the index of calls knows: its facts, without a waterfall."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from fuse_otel import humanize
from fuse_otel.ports import IndexedCall, Neighbours
from fuse_otel.web.call_head import call_facts, neighbour_links
from fuse_otel.web.call_view import CallView
from fuse_otel.web.external_links import CallPlace
from fuse_otel.web.html import Html, tag
from fuse_otel.web.page import page, when

_SECOND = 1_000_000_000  # nanoseconds


def indexed_call_page(
    call: IndexedCall, view: CallView, beside: Neighbours, elsewhere: Html | None
) -> Response:
    """``elsewhere``: links to the call in other programs."""
    return page(
        call.application,
        neighbour_links(beside, view),
        _head(call),
        elsewhere,
        tag("h2", "What happened"),
        tag(
            "p",
            "The waterfall is kept for the newest calls only. A back end may have the whole trace.",
            class_="faint",
        ),
        _modules(call),
        depth=1,
    )


def place_of(call: IndexedCall) -> CallPlace:
    """The index has whole seconds: the call ended within its last one."""
    start = call.start or 0
    end = start if call.end is None else call.end
    return CallPlace(call.trace_id, call.session_id, start * _SECOND, (end + 1) * _SECOND)


def _head(call: IndexedCall) -> Html:
    lasted = None if call.start is None or call.end is None else call.end - call.start
    return call_facts(
        (call.session_id, call.trace_id),
        (("Started", when(call.start)), ("Lasted", humanize.duration(lasted))),
        (
            ("Account", call.account),
            ("Version", call.version),
            ("Direction", call.direction),
            ("Outcome", call.outcome),
            ("Details", call.details),
            ("Failed in", f"{call.failed_module} {call.error_type}".strip()),
        ),
        error=call.error,
    )


def _modules(call: IndexedCall) -> Html | None:
    """Each leads to the calls in which it ran."""
    if not call.modules:
        return None
    made = (tag("li", tag("a", name, href=_calls_of(name))) for name in call.modules)
    return tag("section", tag("h3", "Modules that ran"), tag("ul", made))


def _calls_of(module: str) -> str:
    return "./?" + urlencode({"module": module}, errors="replace")
