"""``fuse-otel health``: whether the daemon at the configured address is healthy, for the health
checks of containers.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from fuse_otel.cli.output import DONE, FAILED, print_lines
from fuse_otel.cli.own_pages import NoAnswer, ask
from fuse_otel.cli.settings_flags import load_settings
from fuse_otel.errors import ConfigurationError

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings

_MOST = 4096  # bytes of the answer


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ready", action="store_true", help="ask whether it is ready instead of healthy"
    )


def run(args: argparse.Namespace) -> int:
    """One line either way. Also for a wrong configuration the exit code is 1: Docker reserves the
    other ones.
    """
    try:
        settings = load_settings(args, needs_account=False).settings
    except ConfigurationError as error:
        problem = f"The configuration is not valid: {error.problems[0]}"
    else:
        problem = _problem(settings, "/-/ready" if args.ready else "/-/healthy")
    line = problem or ("ready" if args.ready else "healthy")
    return DONE if print_lines([" ".join(line.split())]) and not problem else FAILED


def _problem(settings: Settings, path: str) -> str:
    """Empty if the daemon answers that all is well."""
    try:
        status, text = ask(settings, path, _MOST)
    except NoAnswer as error:
        return str(error)
    return "" if status == 200 else f"{status}: {text}"  # noqa: PLR2004 - HTTP
