"""``fuse-otel simulate``: the simulated Fuse API alone, for load and fault tests."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from fuse_otel.cli.output import DONE, FAILED, USAGE, complain, reason
from fuse_otel.cli.signals import Signals
from fuse_otel.simulator.faults import Fault, Faults
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.samples import SamplesWorld
from fuse_otel.simulator.simulated_api import DEVELOPER_KEY, EMAIL, SimulatedApi
from fuse_otel.simulator.switches import is_number, read_duration, read_rate
from fuse_otel.simulator.world import World

_HIGHEST_PORT = 65_535


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen",
        default="127.0.0.1:8765",
        metavar="HOST:PORT",
        help="address of the API; port 0 takes any free port (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same calls (default: 1)"
    )
    parser.add_argument(
        "--rate", default="6/m", help="rate of new calls: 6/m, 0.5/s, 300/h (default: 6/m)"
    )
    parser.add_argument("--past", default="3h", help="age of the oldest call (default: 3h)")
    parser.add_argument(
        "--email", default=EMAIL, help="login of the account (default: %(default)s)"
    )
    parser.add_argument(
        "--developer-key",
        default=DEVELOPER_KEY,
        help="key of the account (default: %(default)s)",
    )
    parser.add_argument(
        "--quirk",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a choice that the API's documentation leaves open; see docs/simulator.md; repeatable",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[,NAME=VALUE]",
        help="a fault to simulate; see docs/simulator.md; repeatable",
    )
    parser.add_argument("--hook-url", default="", help="URL that gets a POST when a call ends")
    parser.add_argument("--hook-token", default="", help="token that these POSTs carry")
    parser.add_argument(
        "--samples", type=Path, metavar="DIR", help="answer every request from the files in DIR"
    )


def run(args: argparse.Namespace) -> int:
    try:
        api = _build(args)
    except (ValueError, OSError) as error:
        where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        complain(f"fuse-otel simulate: {where}{reason(error)}")
        return USAGE
    signals = Signals()
    signals.listen()
    try:
        with api:
            _introduce(api)
            signals.wait_for_end()
    except OSError as error:
        complain(f"fuse-otel simulate: cannot listen on {args.listen}: {reason(error)}")
        return FAILED
    return DONE


def _build(args: argparse.Namespace) -> SimulatedApi:
    host, port = _read_listen(args.listen)
    return SimulatedApi(
        _world(args),
        quirks=Quirks.parsed(args.quirk),
        faults=Faults(map(Fault.parsed, args.fault), seed=args.seed),
        email=args.email,
        developer_key=args.developer_key,
        host=host,
        port=port,
        hook_url=args.hook_url,
        hook_token=args.hook_token,
    )


def _world(args: argparse.Namespace) -> World | SamplesWorld:
    if args.samples is not None:
        return SamplesWorld.from_folder(args.samples)
    return World(seed=args.seed, rate=read_rate(args.rate), past=read_duration(args.past))


def _read_listen(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not (colon and host and is_number(port) and int(port) <= _HIGHEST_PORT):
        raise ValueError(f"an address is written host:port, not {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _introduce(api: SimulatedApi) -> None:
    print(f"The simulated Fuse API answers at {api.url}. Point the daemon at it:\n")
    for name, value in (
        ("API_URL", api.url),
        ("EMAIL", api.email),
        ("DEVELOPER_KEY", api.developer_key),
    ):
        print(f"export FUSE_OTEL_{name}={shlex.quote(value)}")
    print(
        f"\nFaults can be switched at {api.origin}/_simulator/faults. Ctrl-C ends it.", flush=True
    )
