"""Names and addresses of hosts that may leave, also in texts."""

from __future__ import annotations

import re

from fuse_otel.core.redaction.masks import FREE_NUMBER

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
HOST_IN_URL = rf"(?<=://)({_NAME})(?::[0-9]{{1,5}})?(?![\w.@:%-]|[^\s/?#]*(?:@|%(?:25)*40))"
"""A host and a port; the host is the first group. What an @ follows is a user's name."""
_HOST = re.compile(rf"{_NAME}\Z")
# An address of four groups of three is no number, and neither are the letters and digits of a
# machine's name.
_NUMBER_IN_HOST = re.compile(r"\d{5}|\d{4}[.-]\d|\d[.-]\d{4}")
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = re.compile(rf"(?<!\d)(?:{_OCTET}[.-]){{3}}{_OCTET}(?!\d)")


def is_plain_host(host: str) -> bool:
    """Whether the name of a host, or its IPv4 address, holds no number of somebody."""
    if not _HOST.match(host) or _NUMBER_IN_HOST.search(host):
        return False
    # With more groups beside it, an address is a part of a longer number.
    return not FREE_NUMBER.search(_IPV4.sub("0000", host))
