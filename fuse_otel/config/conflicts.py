"""Settings that are good alone and must not be set together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fuse_otel.config.catalogue import variable_of
from fuse_otel.config.file.web_config import WebConfig
from fuse_otel.config.problems import Place
from fuse_otel.config.settings import Settings
from fuse_otel.core.model.redaction_policy import Mode


def conflicts(settings: Settings, names: Mapping[Place, str]) -> Iterator[str]:
    """Sentences. ``names``: place → the setting as the user wrote it."""
    name = names[("pages_redaction",)]
    shown = settings.pages_redaction
    sent = max(
        (each.redaction or settings.redaction for each in settings.destinations),
        key=lambda mode: mode.looseness,
        default=settings.redaction,
    )
    if shown.looseness > sent.looseness:
        yield f"{name}: The pages must not show more than what is sent. Use {sent}."
    if problem := login_problem(shown, settings.web_config):
        yield f"{name}: {problem}"


def login_problem(shown: Mode, web: WebConfig | None) -> str:
    """Nothing if the pages may show that much."""
    if shown is Mode.STRICT or (web is not None and web.has_login):
        return ""
    return (
        f"Pages that show more than {Mode.STRICT} need a login. Set {variable_of('web_config')} to"
        " a file with basic_auth_users, bearer_token_file or RequireAndVerifyClientCert."
    )
