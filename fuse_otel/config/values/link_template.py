"""Reads the template of a link to another program, such as
``http://jaeger:16686/trace/{trace_id}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from fuse_otel.config.problems import WrongValue
from fuse_otel.config.values.fields import split_http
from fuse_otel.config.values.quantities import read_required_text
from fuse_otel.core.model.link_template import PLACEHOLDER, PLACEHOLDERS
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.credentials import without_credentials
from fuse_otel.humanize import quoted

_KNOWN = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
_NAMED_BY_THE_CALL = "The host must not contain a placeholder."
_CREDENTIALS = "The URL must not contain credentials, because the pages show it. Remove them."


def read_link_template(value: object) -> str:
    """Raises ``WrongValue``. No message repeats the URL: it may hold a password."""
    template = read_required_text(value)
    if problems := list(_problems(template)):
        raise WrongValue(problems)
    return template


def _problems(template: str) -> Iterator[str]:
    # The host of a template is checked like that of any URL, so its placeholders get a text first.
    plain = PLACEHOLDER.sub("x", template)
    try:
        parts = split_http(plain)
    except ValueError:
        yield f"Not a URL. Use one such as http://jaeger:16686/trace/{{{PLACEHOLDERS[0]}}}."
    else:
        if parts.username is not None or _holds_a_secret(plain):
            yield _CREDENTIALS
        elif PLACEHOLDER.search(urlsplit(template).netloc):
            yield _NAMED_BY_THE_CALL
    for name in dict.fromkeys(PLACEHOLDER.findall(template)):
        if name not in PLACEHOLDERS:
            yield _unknown(name)
    if "{" in plain or "}" in plain:
        yield "A brace has no partner. Percent-encode it: %7B or %7D."


def _holds_a_secret(url: str) -> bool:
    tally = Tally()
    without_credentials(url, tally)
    return bool(tally.redactions["secret"])


def _unknown(name: str) -> str:
    near = get_close_matches(name.lower()[:64], PLACEHOLDERS, n=1)
    advice = f"Did you mean {{{near[0]}}}?" if near else f"Use {_KNOWN}."
    return f"Unknown placeholder {quoted(name)}. {advice}"


LinkTemplate = Annotated[str, BeforeValidator(read_link_template)]
