"""``fuse-otel demo``: a simulated Fuse API, the daemon and its pages, without any configuration."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from fuse_otel.cli.demo_text import configuration, farewell, headline, pages
from fuse_otel.cli.printing import print_lines
from fuse_otel.cli.signals import Signals

if TYPE_CHECKING:
    from fuse_otel.assembly.service import Service
    from fuse_otel.config.settings import Settings
    from fuse_otel.ports import Control

_PORT = 9464
_PAST = 3600.0
_FIRST_CALLS = 30.0  # seconds to wait for something to draw


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--directory", type=Path, default=Path("demo"), help="where its files go (default: demo)"
    )
    parser.add_argument(
        "--rate", type=float, default=6.0, metavar="CALLS", help="calls a minute (default: 6)"
    )
    parser.add_argument("--seed", type=int, default=7, help="of the simulated calls (default: 7)")
    parser.add_argument(
        "--seconds", type=float, default=0.0, help="end after so long (default: 0, on Ctrl-C)"
    )


def run(args: argparse.Namespace) -> int:
    from fuse_otel.simulator import SimulatedApi, World  # noqa: PLC0415 - only here

    args.directory.mkdir(parents=True, exist_ok=True)
    _sweep(args.directory)
    world = World(seed=args.seed, rate=args.rate / 60, past=_PAST)
    with SimulatedApi(world) as api, ExitStack() as stack:
        signals = Signals()
        signals.listen()
        service, url = stack.enter_context(_service(args.directory, api.url))
        print_lines(pages(url, api.url, args.directory, service.settings))
        _draw_one(service.works.store.control)
        print_lines(farewell(args.directory))
        signals.wait_for_end(args.seconds or inf)
    return 0


def _sweep(directory: Path) -> None:
    """Each demo begins anew; only files of its own names are taken away."""
    for name in ("state.db", "state.db-wal", "state.db-shm", "calls.jsonl"):
        (directory / name).unlink(missing_ok=True)


@contextmanager
def _service(directory: Path, api_url: str) -> Iterator[tuple[Service, str]]:
    """The daemon on its usual port, or on a free one where that is taken."""
    from fuse_otel.assembly.service import Service  # noqa: PLC0415 - imports the whole daemon
    from fuse_otel.errors import CannotListen  # noqa: PLC0415
    from fuse_otel.instrumentation.metrics import Metrics  # noqa: PLC0415
    from fuse_otel.web.listening import Listening  # noqa: PLC0415

    listening = Listening()
    for port in (_PORT, 0):
        settings = _settings(directory, api_url, port)
        service = Service(settings, Metrics(), lambda: None, listening=listening)
        try:
            host, found = service.start()
        except CannotListen:
            if port == 0:
                raise
            continue
        break
    try:
        yield service, f"http://{host}:{found}"
    finally:
        service.stop()
        listening.close()


def _settings(directory: Path, api_url: str, port: int) -> Settings:
    from fuse_otel.config import load, otel_environ  # noqa: PLC0415 - imports pydantic

    environ = otel_environ()
    file = directory / "fuse-otel.toml"
    delivers = any(name.endswith("_ENDPOINT") for name in environ)
    file.write_text(configuration(directory, api_url, port, to_file=not delivers))
    return load(environ=environ, config_file=str(file)).settings


def _draw_one(control: Control) -> None:
    """The most telling of the first calls."""
    from fuse_otel.cli.drawing import draw  # noqa: PLC0415
    from fuse_otel.cli.show import coloured, terminal_width  # noqa: PLC0415
    from fuse_otel.core.otlp_json import logs_json, traces_json  # noqa: PLC0415
    from fuse_otel.core.tree import call_trees  # noqa: PLC0415

    end = time.monotonic() + _FIRST_CALLS
    while time.monotonic() < end:
        found = [call for call in control.recent(100) if call.details == "full"]
        if found:
            break
        time.sleep(0.2)
    else:
        print_lines(["No call has come yet.", ""])
        return
    best = max(found, key=lambda call: (call.error, call.direction == "inbound", call.session_id))
    call = control.recent_call(best.session_id)
    if call is not None:
        for tree in call_trees(traces_json(call.traces), logs_json(call.logs)):
            drawing = draw(tree, width=terminal_width(), colour=coloured())
            print_lines([headline(call.session_id), "", drawing, ""])
