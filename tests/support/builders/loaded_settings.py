"""A configuration with an account, loaded."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from fuse_otel.config import load
from fuse_otel.config.settings import Settings
from fuse_otel.errors import ConfigurationError

ACCOUNT = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "open-sesame"}


def settings(environ: Mapping[str, str] | None = None, **kwargs) -> Settings:
    return load(environ={**ACCOUNT, **(environ or {})}, **kwargs).settings


def problems(environ: Mapping[str, str] | None = None, **kwargs) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(environ={**ACCOUNT, **(environ or {})}, **kwargs)
    return caught.value.problems


def write_toml(folder: Path, text: str) -> str:
    file = folder / "fuse-otel.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)
