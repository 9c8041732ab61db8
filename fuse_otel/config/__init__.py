"""The configuration: flags over environment over file over defaults. Only this module reads the
environment. Importing it is fast; loading imports pydantic.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fuse_otel.config.catalogue import variable_of
from fuse_otel.config.file.contents import path_of, read_toml
from fuse_otel.errors import ConfigurationError

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """``origins``: setting → the flag, variable or file that set it, or ``default``. ``warnings``
    are sentences.
    """

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]


def load(
    *,
    environ: Mapping[str, str] | None = None,
    config_file: str | None = None,
    flags: Mapping[str, str] | None = None,
    needs_account: bool = True,
) -> Loaded:
    """Read and check everything. Raises ``ConfigurationError`` with all problems at once.

    ``environ`` is the process's own if absent. ``config_file`` overrides ``FUSE_OTEL_CONFIG``.
    ``flags``: a setting's key (``poll_interval``, ``developer_key_file``) → its text; empty: unset.
    ``needs_account`` false: no account at all is fine, for commands that only read the store.
    """
    from fuse_otel.config.loading import load_from  # noqa: PLC0415 - imports pydantic

    return load_from(
        os.environ if environ is None else environ, config_file, flags or {}, needs_account
    )


def namespace_of(
    *, environ: Mapping[str, str] | None = None, config_file: str | None = None
) -> str:
    """The namespace alone: enough to compute the id of a trace, whatever else is said wrongly.

    Raises ``ConfigurationError`` for a file that cannot be read.
    """
    said = os.environ if environ is None else environ
    if text := said.get(variable_of("namespace"), "").strip():
        return text
    file = path_of(said, config_file)
    found = read_toml(file, by_flag=bool(config_file)).get("namespace", "")
    if not isinstance(found, str):
        raise ConfigurationError([f"{file}: namespace: It has to be text in quotes."])
    return found.strip()


def otel_environ() -> Mapping[str, str]:
    """OpenTelemetry's own variables alone, for what shall run without ours."""
    return {name: text for name, text in os.environ.items() if name.startswith("OTEL_")}


def colour_refused(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the user (https://no-color.org) or the terminal wants text without colours."""
    return bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"


__all__ = ["Loaded", "colour_refused", "load", "namespace_of", "otel_environ"]
