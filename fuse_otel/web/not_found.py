"""The answer for a page or a call that does not exist: a page with navigation for a browser, a
sentence for everything else.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from fuse_otel.web.html import tag
from fuse_otel.web.page import page
from fuse_otel.web.responses import plain


def not_found(request: Request, sentence: str) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return plain(404, sentence)
    depth = _depth(request)
    up = "../" * depth
    overview = tag("a", "overview", href=up or "./")
    calls = tag("a", "calls of the last 7 days", href=f"{up}calls/")
    return page(
        "Not found",
        tag("p", sentence),
        tag("p", "Continue with the ", overview, " or the ", calls, "."),
        depth=depth,
        code=404,
    )


def _depth(request: Request) -> int:
    """Folders below ours, as the browser counts them: an encoded slash begins none."""
    path: bytes = request.scope["raw_path"]
    return max(path.partition(b"?")[0].count(b"/") - 1, 0)
