"""``fuse-otel trace-id``: the trace of a call, computed from its session id alone."""

from __future__ import annotations

import argparse

from fuse_otel.cli.arguments import add_session_ids
from fuse_otel.cli.output import print_lines
from fuse_otel.cli.settings_flags import CONFIG_HELP
from fuse_otel.config import catalogue, namespace_of
from fuse_otel.core.model.ids import trace_id


def arguments(parser: argparse.ArgumentParser) -> None:
    add_session_ids(parser)
    parser.add_argument(
        "--namespace",
        metavar="TEXT",
        help="the namespace of the daemon (default: from the environment or the file)",
    )
    parser.add_argument("--config", metavar="FILE", help=CONFIG_HELP)


def run(args: argparse.Namespace) -> int:
    namespace: str | None = args.namespace
    if namespace is None:
        namespace = namespace_of(
            config_file=args.config, default_file=catalogue.DEFAULT_CONFIG_FILE
        )
    ids = (trace_id(namespace, each).hex() for each in args.session_ids)
    return 0 if print_lines(ids) else 1
