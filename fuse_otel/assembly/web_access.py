"""From the web configuration file to who may use the port."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fuse_otel.config.catalogue import variable_of
from fuse_otel.errors import ConfigurationError
from fuse_otel.events import Emit
from fuse_otel.web.access import Access, CurrentAccess

if TYPE_CHECKING:
    from fuse_otel.config.file.web_config import WebConfig
    from fuse_otel.config.settings import Settings


def current_access(settings: Settings, emit: Emit) -> CurrentAccess:
    web = settings.web_config
    if web is None:
        return CurrentAccess()
    return CurrentAccess(access_of(web), partial(_read_again, settings, web.path), emit)


def access_of(web: WebConfig) -> Access:
    return Access(
        tls=web.tls,
        client_names=web.client_names,
        users=web.users,
        token=web.token,
        open_paths=web.open_paths,
        headers=web.headers,
        stamps=web.stamps,
    )


def _read_again(settings: Settings, path: str) -> Access:
    """Raises ``ConfigurationError`` with all problems of the file."""
    from fuse_otel.config.file.web_config import read_web_config  # noqa: PLC0415 - as in parts
    from fuse_otel.config.problems import WrongValue  # noqa: PLC0415
    from fuse_otel.config.warnings import login_problem  # noqa: PLC0415 - as in parts

    try:
        web = read_web_config(path)
        if problem := login_problem(settings.pages_redaction, web):
            raise ConfigurationError([f"{variable_of('pages_redaction')}: {problem}"])
        return access_of(web)
    except ValueError as error:
        problems = error.problems if isinstance(error, WrongValue) else (str(error),)
        name = variable_of("web_config")
        raise ConfigurationError(f"{name}: {each}" for each in problems) from None
