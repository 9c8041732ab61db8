"""Session ids on the command line."""

from __future__ import annotations

import argparse


def add_session_ids(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "session_ids",
        nargs="+",
        type=_session_id,
        metavar="SESSION_ID",
        help="for example '300060;001;1529552581'",
    )


def _session_id(text: str) -> str:
    """An empty one comes of an unset variable in a script."""
    if not text:
        raise argparse.ArgumentTypeError("a session id is empty")
    return text
