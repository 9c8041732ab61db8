"""``fuse-otel demo``: a simulated Fuse API, the daemon and its pages, without any configuration."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from math import inf
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from fuse_otel.cli.arguments import number
from fuse_otel.cli.demo_folder import CALLS, MARK, SETTINGS, STORE, demo_folder, write_settings
from fuse_otel.cli.output import DONE, FAILED, complain, own_command, print_lines, reason
from fuse_otel.cli.signals import Signals
from fuse_otel.humanize import plural

if TYPE_CHECKING:
    from fuse_otel.assembly.service import Service
    from fuse_otel.config.settings import Settings
    from fuse_otel.ports import Control, Status

_PORT = 9464
_PAST = 3600.0
_FIRST_CALLS = 30.0  # seconds to wait for a call to draw

_CONFIGURATION = """\
{mark} For production, replace api_url, email and developer_key by those
# of a real account, and add a destination.
api_url = "{api_url}"
email = "owner@example.com"
developer_key = "simulated-key"
state_url = {state_url}
listen = "127.0.0.1:{port}"
poll_interval = "2s"
settle = "2s"
since = "1h"
log_level = "warn"
"""
_TO_FILE = """
[[destinations]]
name = "file"
type = "file"
path = {file}
"""
_OWN_TRACES = """
# The daemon's own polls and exports, as traces of the service fuse-otel in the same back end.
self_traces = "on"
"""
_ENDPOINT = "_ENDPOINT"
_TRACES_ENDPOINTS = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path("demo"),
        metavar="DIR",
        help="directory of its files (default: demo)",
    )
    parser.add_argument(
        "--rate",
        type=number(float, 0.01, 6000),
        default=6.0,
        metavar="CALLS",
        help="calls per minute (default: 6)",
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="the same seed gives the same calls (default: 7)"
    )
    parser.add_argument(
        "--seconds",
        type=number(float, 0, 31_536_000),
        default=0.0,
        help="exit after so many seconds (default: 0, run until Ctrl-C)",
    )
    parser.add_argument(
        "--deliver",
        action="store_true",
        help="deliver to the endpoints of OTEL_EXPORTER_OTLP_* (default: into a file)",
    )


def run(args: argparse.Namespace) -> int:
    from fuse_otel.config import back_end_environ  # noqa: PLC0415 - only here
    from fuse_otel.simulator.simulated_api import SimulatedApi  # noqa: PLC0415 - only here
    from fuse_otel.simulator.world import World  # noqa: PLC0415 - only here

    environ = back_end_environ()
    world = World(seed=args.seed, rate=args.rate / 60, past=_PAST)
    with ExitStack() as stack:
        try:
            stack.enter_context(demo_folder(args.directory))
        except OSError as error:
            sentence = f"{args.directory}: {reason(error)}. Choose another --directory."
            complain(f"fuse-otel demo: {sentence}")
            return FAILED
        api = stack.enter_context(SimulatedApi(world))
        signals = Signals()
        signals.listen()
        used = environ if args.deliver else {}
        service, url = stack.enter_context(_service(args.directory, api.url, used))
        print_lines(_introduction(url, api.url, args.directory, service.settings))
        print_lines(_unused(environ.keys() - used.keys()))
        _draw_one(service.workers.store.control, args.directory / SETTINGS)
        print_lines(_farewell(service.settings))
        signals.wait_for_end(args.seconds or inf)
    print_lines(_end(service.settings))
    return DONE


@contextmanager
def _service(
    directory: Path, api_url: str, environ: Mapping[str, str]
) -> Iterator[tuple[Service, str]]:
    """The daemon on its usual port, or on a free one where that is taken."""
    from fuse_otel.assembly.service import Service  # noqa: PLC0415 - imports the whole daemon
    from fuse_otel.errors import CannotListen  # noqa: PLC0415
    from fuse_otel.instrumentation.metrics import Metrics  # noqa: PLC0415
    from fuse_otel.web.sockets import ListeningSockets  # noqa: PLC0415

    def status() -> Status:
        return service.status()

    listening = ListeningSockets()
    for port in (_PORT, 0):
        settings = _settings(directory, api_url, port, environ)
        try:
            service = Service(settings, Metrics(status=status), None, listening=listening)
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


def _settings(directory: Path, api_url: str, port: int, environ: Mapping[str, str]) -> Settings:
    from fuse_otel.config import load  # noqa: PLC0415 - imports pydantic

    text = _configuration(directory, api_url, port)
    if not any(name.endswith(_ENDPOINT) for name in environ):
        text += _TO_FILE.format(file=json.dumps(f"{directory.as_posix()}/{CALLS}"))
    elif _TRACES_ENDPOINTS & environ.keys():
        text += _OWN_TRACES
    write_settings(directory, text)
    return load(environ=environ, config_file=str(directory / SETTINGS)).settings


def _draw_one(control: Control, settings: Path) -> None:
    """One of the first calls: with an error, if there is one."""
    from fuse_otel.cli.terminal.call_tree import draw  # noqa: PLC0415
    from fuse_otel.cli.terminal.text import coloured, terminal_width  # noqa: PLC0415
    from fuse_otel.core.encoding.otlp_json import logs_json, traces_json  # noqa: PLC0415
    from fuse_otel.views.call_tree import call_trees  # noqa: PLC0415

    end = time.monotonic() + _FIRST_CALLS
    while time.monotonic() < end:
        found = [call for call in control.recent(100) if call.details == "full"]
        if found:
            break
        time.sleep(0.2)
    else:
        print_lines(["No call has arrived yet.", ""])
        return
    best = max(found, key=lambda call: (call.error, call.direction == "inbound", call.session_id))
    call = control.recent_call(best.session_id)
    if call is not None:
        for tree in call_trees(traces_json(call.traces), logs_json(call.logs)):
            drawing = draw(tree, width=terminal_width(), colour=coloured())
            show = f"{own_command()} show {quote(call.session_id)} --config {quote(str(settings))}"
            print_lines(["One of its calls:", "", f"  {show}", "", drawing, ""])


def _configuration(directory: Path, api_url: str, port: int) -> str:
    # A text of JSON is one of TOML, whatever characters the path has.
    state_url = json.dumps(f"sqlite:///{directory.as_posix()}/{STORE}")
    return _CONFIGURATION.format(mark=MARK, api_url=api_url, port=port, state_url=state_url)


def _introduction(url: str, api_url: str, directory: Path, settings: Settings) -> Iterator[str]:
    yield "fuse-otel demo: a simulated Fuse API, and the daemon that reads it."
    yield ""
    yield f"  status      {url}/status"
    yield f"  calls       {url}/calls/"
    yield f"  metrics     {url}/metrics"
    yield f"  the API     {api_url}"
    yield f"  settings    {directory / SETTINGS}"
    for destination in settings.destinations:
        urls = sorted(set(destination.urls.values()))
        for where in urls or [destination.path or destination.type]:
            yield f"  delivers to {where}"
    if settings.self_traces:
        yield "  own traces  of its polls and exports: the service fuse-otel, in the same place"
    yield ""


def _end(settings: Settings) -> Iterator[str]:
    """How much the demo leaves in its file, read when the daemon has ended."""
    from fuse_otel.assembly.parts import open_control  # noqa: PLC0415 - opens the store

    with open_control(settings) as control:
        status = control.status()
    stored = sum(account.calls for account in status.accounts)
    for destination in settings.destinations:
        if destination.path:
            lanes = (each for each in status.lanes if each.lane.destination == destination.name)
            delivered = stored - max((lane.calls for lane in lanes), default=0)
            yield f"{plural(delivered, 'call is', 'calls are')} in {destination.path}."


def _unused(variables: Iterable[str]) -> Iterator[str]:
    """Invented calls must not get among real ones only because a shell names a back end."""
    for name in sorted(name for name in variables if name.endswith(_ENDPOINT)):
        yield f"{name} is not used: --deliver sends these simulated calls there."
        yield ""


def _farewell(settings: Settings) -> Iterator[str]:
    yield "With your own account and back end:"
    yield ""
    yield "  export FUSE_OTEL_EMAIL=you@example.com FUSE_OTEL_DEVELOPER_KEY_FILE=/path/to/key"
    yield "  export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318"
    yield f"  {own_command()} check --online && {own_command()} run"
    yield ""
    for destination in settings.destinations:
        if destination.path:
            yield f"What was delivered: {own_command()} show {quote(destination.path)}"
    yield "Ctrl-C ends the demo."
