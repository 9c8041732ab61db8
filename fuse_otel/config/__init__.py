"""The configuration: flags over environment over file over defaults. Only here is the environment
read. Importing this is light; loading imports pydantic.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from fuse_otel.config.loaded import Loaded


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


def namespace_of() -> str:
    """The namespace that the environment names: enough to compute the id of a trace."""
    return os.environ.get("FUSE_OTEL_NAMESPACE", "").strip()


def otel_environ() -> Mapping[str, str]:
    """OpenTelemetry's own variables alone, for what shall run without ours."""
    return {name: text for name, text in os.environ.items() if name.startswith("OTEL_")}


__all__ = ["Loaded", "load", "namespace_of", "otel_environ"]
