"""Everything the transform may depend on besides the call itself."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from fuse_otel.core.model.limits import MODEL, Limits
from fuse_otel.core.model.redaction_policy import STRICT, Mode, Redaction


class ModelOptions(Struct, frozen=True):
    """The same options give the same bytes. ``account`` is the name that the configuration gives
    the account, empty for an account without a name. ``service_names`` maps our own number
    (digits) or an application's name to a ``service.name``. ``severities`` maps a raw log class to
    (SeverityNumber, SeverityText) and wins over the model's own. ``pseudonym_key`` is that of the
    account; without one no line has a fingerprint. ``transfer_queues`` maps the number of a queue,
    with its country code, to its name; ``url_templates`` are paths of our own services.
    ``explain`` changes no byte: the tally then holds notes.
    """

    namespace: str = ""
    account: str = ""
    environment: str = ""
    resource_attributes: Mapping[str, str] = field(default_factory=dict)
    error_policy: str = "any"
    pseudonym_key: bytes | None = None
    service_names: Mapping[str, str] = field(default_factory=dict)
    severities: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    transfer_queues: Mapping[str, str] = field(default_factory=dict)
    url_templates: tuple[str, ...] = ()
    loki_stream_attribute: str = "service.instance.id"
    redaction: Redaction = STRICT
    pages_redaction: Mode = Mode.STRICT
    limits: Limits = MODEL
    explain: bool = False
