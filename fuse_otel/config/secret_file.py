"""Secrets that stand in a file of their own, as Docker and Kubernetes mount them."""

from __future__ import annotations

from pathlib import Path

from fuse_otel.config.quantities import read_required_text

_MOST = 64 * 1024
_UNREAD = "unread"


def unfold(path: object, where: str, problems: list[str]) -> str:
    """What the file holds, without white space around it. Adds to ``problems`` if there is nothing
    to be had; what is returned then only keeps the secret from being called missing as well.
    """
    try:
        return _read(Path(read_required_text(path)))
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return _UNREAD


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
    except OSError as error:
        raise ValueError(f"The file it names cannot be read: {error.strerror}.") from error
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise ValueError("The file it names holds no UTF-8 text.") from None
    if not text or len(content) > _MOST:
        raise ValueError("The file it names has to hold the secret alone.")
    return text
