"""A destination of calls, complete: the assembly builds its lanes from it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from fuse_otel.config.values.fields import MASK
from fuse_otel.core.model.redaction_policy import Mode
from fuse_otel.core.model.telemetry import Profile, Signal

Compression = Literal["gzip", "none"]


def _plain(flavours: Mapping[Signal, Profile]) -> dict[str, str]:
    return {signal.value: flavour.value for signal, flavour in flavours.items()}


def _masked_url(url: str) -> str:
    """Masks user, password and query, which may hold credentials. gRPC's own names have none."""
    if not url.startswith(("http://", "https://")):
        return url
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{MASK}@{host}" if "@" in parts.netloc else host
    return urlunsplit((parts.scheme, netloc, parts.path, MASK if parts.query else "", ""))


def _masked_urls(urls: Mapping[Signal, str]) -> dict[str, str]:
    return {signal.value: _masked_url(url) for signal, url in urls.items()}


def _masked_headers(headers: Mapping[Signal, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {signal.value: dict.fromkeys(named, MASK) for signal, named in headers.items() if named}


class DestinationSettings(BaseModel):
    """``urls`` are used unchanged. ``timeout`` is in seconds. Each mapping has exactly the keys
    ``signals``, except ``flavours``: for a signal without one, and for ``redaction`` None, the
    general setting applies. Only the type ``file`` has a ``path``, and only ``otlp`` has the fields
    from ``protocol`` on. ``insecure`` applies to gRPC endpoints without a scheme.

    Two destinations may have the same name if their signals differ: a lane is a name and a signal.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: str
    type: Literal["otlp", "console", "file"]
    signals: tuple[Signal, ...]
    redaction: Mode | None = None
    path: str | None = None
    flavours: Annotated[
        Mapping[Signal, Profile],
        AfterValidator(MappingProxyType),
        PlainSerializer(_plain, when_used="json"),
        Field(default_factory=dict),
    ]
    protocol: Literal["http/protobuf", "grpc"] = "http/protobuf"
    urls: Annotated[
        Mapping[Signal, str],
        AfterValidator(MappingProxyType),
        PlainSerializer(_masked_urls, when_used="json"),
        Field(default_factory=dict, repr=False),
    ]
    headers: Annotated[
        Mapping[Signal, Mapping[str, str]],
        AfterValidator(MappingProxyType),
        PlainSerializer(_masked_headers, when_used="json"),
        Field(default_factory=dict, repr=False),
    ]
    timeout: Mapping[Signal, float] = Field(default_factory=dict)
    compression: Mapping[Signal, Compression] = Field(default_factory=dict)
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    insecure: bool = False
