"""``make demo BACK_ENDS=1``: the demo delivers to Jaeger and VictoriaLogs where they are built.

Ctrl-C reaches every process of the terminal. The back ends ignore it and end after the demo, so
the demo can deliver its last calls.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from support.back_ends.pins import programs
from support.peers.jaeger import Jaeger
from support.peers.victorialogs import VictoriaLogs

_FIRST_TRACE = 60.0  # seconds
_PAUSE = 0.5
_DAEMON = "fuse-otel"  # the service of the daemon's own traces
_DRAWING = 2.0  # seconds in which the demo draws its call


def main(*arguments: str) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuse-otel-demo-")))
        jaeger, victorialogs = _started(stack, folder)
        demo = stack.enter_context(_demo(_settings(jaeger, victorialogs), arguments))
        if jaeger is not None:
            _print_links_of_a_call(demo, jaeger, victorialogs)
        return demo.wait()


def _started(stack: ExitStack, folder: Path) -> tuple[Jaeger | None, VictoriaLogs | None]:
    jaeger = victorialogs = None
    if found := _built("jaeger"):
        jaeger = stack.enter_context(Jaeger(found, folder / "jaeger"))
        # The Go module of Jaeger, which `make back-ends` builds, has no web pages.
        _say(
            f"Jaeger        {jaeger.url('query')}/api/services (API only: this build has no pages)"
        )
    if found := _built("victorialogs"):
        victorialogs = stack.enter_context(VictoriaLogs(found, folder / "victorialogs"))
        _say(f"VictoriaLogs  {victorialogs.url('http')}/select/vmui/")
    return jaeger, victorialogs


def _built(name: str) -> Path | None:
    found = programs()[name].find()
    if found is None:
        _say(f"{programs()[name].title} is not built. `make back-ends` builds it.")
    return found


def _settings(jaeger: Jaeger | None, victorialogs: VictoriaLogs | None) -> dict[str, str]:
    """Empty without both: the demo then delivers to a file."""
    if jaeger is None and victorialogs is None:
        return {}
    settings = {"OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    if jaeger is not None:
        settings["OTEL_TRACES_EXPORTER"] = "otlp"
        settings["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{jaeger.url('http')}/v1/traces"
        settings["FUSE_OTEL_TRACE_URL"] = _trace_url(jaeger, "{trace_id}")
    if victorialogs is not None:
        settings["OTEL_LOGS_EXPORTER"] = "otlp"
        settings["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] = f"{victorialogs.otlp}/v1/logs"
        settings["FUSE_OTEL_LOGS_URL"] = _logs_url(victorialogs, "{trace_id}")
    return settings


def _trace_url(jaeger: Jaeger, trace_id: str) -> str:
    return f"{jaeger.url('query')}/api/traces/{trace_id}?prettyPrint=true"


def _logs_url(victorialogs: VictoriaLogs, trace_id: str) -> str:
    """Of a week: the page shows five minutes by default, and the demo's first calls are older."""
    query = quote(f'trace_id:="{trace_id}"', safe="{}")
    return f"{victorialogs.url('http')}/select/vmui/#/?query={query}&g0.range_input=7d"


@contextmanager
def _demo(
    settings: Mapping[str, str], arguments: tuple[str, ...]
) -> Iterator[subprocess.Popen[bytes]]:
    """A signal to end goes on to the demo, which ends by itself."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "fuse_otel", "demo", "--deliver", *arguments],
        env={**os.environ, **settings},
    )
    signal.signal(signal.SIGTERM, lambda *_: demo.terminate())
    try:
        yield demo
    finally:
        demo.terminate()
        demo.wait()


def _print_links_of_a_call(
    demo: subprocess.Popen[bytes], jaeger: Jaeger, victorialogs: VictoriaLogs | None
) -> None:
    end = time.monotonic() + _FIRST_TRACE
    while demo.poll() is None and time.monotonic() < end:
        if found := _with_log(jaeger):
            time.sleep(_DRAWING)
            _print_links(found, jaeger, victorialogs)
            return
        time.sleep(_PAUSE)


def _with_log(jaeger: Jaeger) -> str:
    """The trace id of a call that has executions, and so log records; empty if there is none."""
    services = set(jaeger.services()) - {_DAEMON}
    found = [trace for service in services for trace in jaeger.search(service, {})]
    return next((trace["traceID"] for trace in found if len(trace["spans"]) > 1), "")


def _print_links(trace_id: str, jaeger: Jaeger, victorialogs: VictoriaLogs | None) -> None:
    _say("\nOne of the calls in the back ends:")
    _say(f"  trace, as JSON  {_trace_url(jaeger, trace_id)}")
    _say(f"  polls, as JSON  {jaeger.url('query')}/api/traces?service={_DAEMON}&prettyPrint=true")
    if victorialogs is not None:
        _say(f"  logs            {_logs_url(victorialogs, trace_id)}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is its output


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
