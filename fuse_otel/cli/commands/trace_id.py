"""``fuse-otel trace-id``: the trace of a call, computed from its session id alone."""

from __future__ import annotations

import argparse

from fuse_otel.cli.output import print_lines
from fuse_otel.config import namespace_of
from fuse_otel.core.model.ids import trace_id


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "session_ids",
        nargs="+",
        type=_session_id,
        metavar="SESSION_ID",
        help="for example '300060;001;1529552581'",
    )
    parser.add_argument(
        "--namespace",
        metavar="TEXT",
        help="the namespace of the daemon (default: from the environment or the file)",
    )
    parser.add_argument("--config", metavar="FILE", help="the configuration, a TOML file")


def _session_id(text: str) -> str:
    """An empty one comes of an unset variable in a script."""
    if not text:
        raise argparse.ArgumentTypeError("a session id is empty")
    return text


def run(args: argparse.Namespace) -> int:
    namespace: str | None = args.namespace
    if namespace is None:
        namespace = namespace_of(config_file=args.config)
    ids = (trace_id(namespace, session_id).hex() for session_id in args.session_ids)
    return 0 if print_lines(ids) else 1
