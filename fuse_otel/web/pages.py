"""The handlers of the routes."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fuse_otel.errors import Stopping, WrongQuery
from fuse_otel.ports import Neighbours, RecentCall, Status
from fuse_otel.views.call_tree import call_trees
from fuse_otel.views.history import Series, first_slot, history
from fuse_otel.views.problems import low_headroom, reported_problems
from fuse_otel.views.status_json import status_json
from fuse_otel.views.waterfall import scale_of
from fuse_otel.web import calls, flow
from fuse_otel.web.call_head import CallPlace, external_links, read_view
from fuse_otel.web.connections import wait_for_next_server
from fuse_otel.web.context import PageContext
from fuse_otel.web.page import accepts_pages, not_found
from fuse_otel.web.responses import accepts_gzip, plain, probe
from fuse_otel.web.status import landing_page, status_page
from fuse_otel.web.waterfall import call_page, indexed_call_page, place_of

if TYPE_CHECKING:
    from fuse_otel.core.encoding.otlp_json import Json

P = ParamSpec("P")
T = TypeVar("T")


_GZIP_LEVEL = 6  # a tenth of the size; 9 takes three times as long for 2 % less


class Pages:
    """Work that may wait for the disk runs in threads beside the loop, so that health is answered
    meanwhile. Pages share two of them, and metrics have two of their own.
    """

    def __init__(self, site: PageContext) -> None:
        self._site = site
        self._page_threads = ThreadPoolExecutor(2, "web-page")
        self._metric_threads = ThreadPoolExecutor(2, "web-metrics")

    def close(self) -> None:
        for threads in (self._page_threads, self._metric_threads):
            threads.shutdown(wait=False, cancel_futures=True)

    def give_back_memory(self) -> None:
        self._page_threads.submit(self._site.give_back_memory)

    async def landing(self, _request: Request) -> Response:
        site = self._site
        status = await self._beside(site.control.status)
        now = site.clock()
        last_day = await self._beside(self._last_day, now)
        known = site.problems()
        reported = self._problems(status)
        rest = [each for each in reported if not any(one.explains(each) for one in known)]
        rest += low_headroom(status, now)
        return landing_page(site.version, status, now, known, rest, last_day)

    def _last_day(self, now: float) -> Sequence[Series]:
        first = first_slot(now)
        counts, samples = self._site.calls.counts(first), self._site.control.samples(first)
        return history(counts, samples, now)

    async def metrics(self, request: Request) -> Response:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._metric_threads, self._exposition, request.headers)

    def _exposition(self, headers: Headers) -> Response:
        body, content_type = self._site.metrics(",".join(headers.getlist("accept")))
        about = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if accepts_gzip(",".join(headers.getlist("accept-encoding"))):
            about["Content-Encoding"] = "gzip"
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        return Response(body, headers=about)

    async def healthy(self, _request: Request) -> Response:
        return probe(self._site.health(), "Healthy.")

    async def ready(self, _request: Request) -> Response:
        return probe(self._site.readiness(), "\n".join(["Ready.", *self._site.paused()]))

    async def reload(self, request: Request) -> Response:
        # Browsers send the origin of a request. A page of another site may not reload the daemon.
        if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return plain(403, "Another site's page may not reload the configuration.")
        if self._site.reload is None:
            return plain(501, "The demo cannot reload its configuration. Restart it.")
        wait_for_next_server(request.scope)
        result = await self._beside(self._site.reload)
        try:
            async with asyncio.timeout(self._site.reload_seconds):
                problem = await asyncio.wrap_future(result)
        except TimeoutError:
            return plain(504, "The reload takes long. The log of the daemon will have its result.")
        except Stopping as error:
            return plain(503, str(error))
        return plain(500, problem) if problem else plain(200, "The configuration is reloaded.")

    async def status(self, request: Request) -> Response:
        status = await self._beside(self._site.control.status)
        now, problems = self._site.clock(), self._problems(status)
        if _wants_json(request):
            daemon = self._site.control.lock_holder()
            return JSONResponse(status_json(status, now, problems, self._site.version, daemon))
        return status_page(status, now, problems)

    async def calls(self, request: Request) -> Response:
        try:
            wanted = calls.read_request(request, self._site.clock())
        except WrongQuery as error:
            if not _wants_page(request):
                raise
            return calls.wrong_calls_page(request, error.problems)
        found = await self._beside(calls.find, self._site.calls, wanted)
        if _wants_json(request):
            return calls.calls_json(request, wanted, found)
        return calls.calls_page(wanted, found)

    async def call(self, request: Request) -> Response:
        session_id = request.path_params["session_id"]
        found = await self._beside(self._site.control.recent_call, session_id)
        if found is None:
            return await self._beside(self._known, request, session_id)
        try:
            if request.query_params.get("format") == "otlp":
                return await self._beside(_otlp_lines, found)
            return await self._beside(self._drawn, request, found)
        except ValueError:  # a disk may damage what no index of the database covers
            return not_found(
                request, "The stored copy of this call is damaged; a back end may have it."
            )

    def _known(self, request: Request, session_id: str) -> Response:
        """The page of a call that is no longer among those kept whole."""
        call = self._site.calls.call(session_id)
        if call is None or request.query_params.get("format") == "otlp":
            return not_found(
                request, "This call is not among those stored last; a back end may have it."
            )
        elsewhere = external_links(self._site.links, place_of(call))
        view = read_view(request.query_params)
        return indexed_call_page(call, view, self._site.calls.neighbours(call), elsewhere)

    def _drawn(self, request: Request, call: RecentCall) -> Response:
        trees = call_trees(*_as_otlp(call))
        tree = next((tree for tree in trees if tree.trace_id == call.trace_id), None)
        if tree is None:
            return not_found(request, "Nothing of this call is kept to draw.")
        indexed, scale = self._site.calls.call(call.session_id), scale_of(tree)
        beside = self._site.calls.neighbours(indexed) if indexed else Neighbours()
        place = CallPlace(tree.trace_id, tree.session_id, scale.start, scale.end)
        view, elsewhere = read_view(request.query_params), external_links(self._site.links, place)
        return call_page(call, tree, view, beside, elsewhere)

    async def flows(self, _request: Request) -> Response:
        return flow.list_page(await self._beside(self._site.flows.parts))

    async def flow(self, request: Request) -> Response:
        try:
            view = flow.read_view(request, self._site.clock())
        except WrongQuery as error:
            if not _wants_page(request):
                raise
            application = request.path_params["application"]
            parts = await self._beside(self._site.flows.parts, application)
            return flow.wrong_flow_page(request, parts, error.problems)
        found = await self._beside(flow.find_flow, self._site.flows, view)
        if not found.parts:
            return not_found(request, "No call of this application was stored in the last 30 days.")
        if _wants_json(request):
            return await self._beside(flow.flow_as_json, found)
        return await self._beside(flow.flow_page, view, found)

    def _problems(self, status: Status) -> list[str]:
        """What does not work, a sentence each. Readiness names problems only when it fails; then
        it names all of them.
        """
        unready = self._site.readiness() or reported_problems(status)
        return list(dict.fromkeys([*self._site.health(), *unready]))

    async def _beside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._page_threads, partial(work, *args, **kwargs))


def _wants_json(request: Request) -> bool:
    wanted = request.query_params.get("format")
    if wanted is not None:
        return wanted == "json"
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _wants_page(request: Request) -> bool:
    """Whether a person reads the answer. Programs get the sentences of an error alone."""
    return not _wants_json(request) and accepts_pages(request)


def _otlp_lines(call: RecentCall) -> Response:
    """An export request a line, as the file destination writes them."""
    from fuse_otel.core.encoding.otlp_json import dumps  # noqa: PLC0415 - as below

    text = "".join(f"{dumps(request)}\n" for request in _as_otlp(call) if request)
    return Response(text, media_type="application/x-ndjson")


def _as_otlp(call: RecentCall) -> tuple[Json, Json]:
    """Its spans and its log records."""
    from fuse_otel.core.encoding import otlp_json  # noqa: PLC0415 - protobuf: no start waits for it

    return otlp_json.traces_json(call.traces), otlp_json.logs_json(call.logs)
