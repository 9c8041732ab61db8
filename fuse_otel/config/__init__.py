"""The configuration: flags outrank the environment, which outranks the file, which outranks
defaults.

Only this module reads the environment. Importing it is fast; ``load`` imports pydantic.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fuse_otel.config.catalogue import variable_of
from fuse_otel.config.file.contents import expand, find_config_file, read_toml
from fuse_otel.config.values.quantities import read_text
from fuse_otel.errors import ConfigurationError

if TYPE_CHECKING:
    from fuse_otel.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """``origins``: setting → the flag, variable or file that set it, or ``default``. ``warnings``
    are sentences, and ``advice`` are sentences for ``check`` alone. ``file``: path of the file, if
    there is one.
    """

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]
    advice: tuple[str, ...] = ()
    file: str = ""

    def shown(self) -> dict[str, object]:
        """Each setting as JSON, secrets masked, with its value and its origin."""
        values = self.settings.model_dump(mode="json")
        return {
            name: {"value": value, "origin": self.origins[name]} for name, value in values.items()
        }


def load(
    *,
    environ: Mapping[str, str] | None = None,
    config_file: str | None = None,
    default_file: str | None = None,
    flags: Mapping[str, str] | None = None,
    needs_account: bool = True,
) -> Loaded:
    """Reads and checks everything. Raises ``ConfigurationError`` with all problems at once.

    ``environ`` is by default that of the process. ``config_file`` overrides ``FUSE_OTEL_CONFIG``.
    ``default_file`` is read if neither names a file and it exists.
    ``flags``: key of a setting (``poll_interval``, ``developer_key_file``) → text, empty if unset.
    ``needs_account`` is false for commands that only read the store: they work without an account.
    """
    # Else pydantic reads the metadata of all packages for its plugins, which would see the secrets.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from fuse_otel.config.settings import load_from  # noqa: PLC0415 - imports pydantic

    return load_from(
        os.environ if environ is None else environ,
        config_file,
        default_file,
        flags or {},
        needs_account,
    )


def namespace_of(
    *,
    environ: Mapping[str, str] | None = None,
    config_file: str | None = None,
    default_file: str | None = None,
) -> str:
    """The namespace only. It is enough to compute a trace id, even if other settings are wrong.

    Raises ``ConfigurationError`` if the file cannot be read.
    """
    environ = os.environ if environ is None else environ
    if text := environ.get(variable_of("namespace"), "").strip():
        return text
    found = find_config_file(environ, config_file, default_file)
    content, file = read_toml(found).content, found.path if found else ""
    given = {name: value for name, value in content.items() if name == "namespace"}
    try:
        return read_text(expand(given, environ, file).content.get("namespace", ""))
    except ValueError as error:
        raise ConfigurationError([f"{file}: namespace: {error}"]) from error


def back_end_environ() -> Mapping[str, str]:
    """The variables that name back ends, for the demo, which ignores the others: OpenTelemetry's
    own, and where the pages link to.
    """
    links = {variable_of("trace_url"), variable_of("logs_url")}
    return {
        name: text for name, text in os.environ.items() if name.startswith("OTEL_") or name in links
    }


def colour_refused(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the user (https://no-color.org) or the terminal wants text without colours."""
    return bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"


__all__ = ["Loaded", "back_end_environ", "colour_refused", "load", "namespace_of"]
