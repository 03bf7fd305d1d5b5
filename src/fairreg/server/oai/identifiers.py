# SPDX-License-Identifier: MIT
"""Identifiers of items: ``oai:<host>:<identifier>`` (https://www.openarchives.org/OAI/2.0/guidelines-oai-identifier.htm).

The host is that of the server's public address, so that they stay the same as long as that does.
"""

import re
from urllib.parse import quote, unquote, urlsplit

__all__ = ["host_of", "is_domain", "local_of", "oai_identifier"]

# The characters of an identifier's last part, without the percent sign, with which others are written.
_SAFE = "-_.!~*'();/?:@&=+$,"
_DOMAIN = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*(?:\.[a-zA-Z][a-zA-Z0-9-]*)+")
_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?")


def host_of(base_url: str) -> str:
    """Return the host in an address; ``localhost`` for one that an identifier cannot hold, such as IPv6."""
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        host = ""
    return host if _NAME.fullmatch(host) else "localhost"


def is_domain(host: str) -> bool:
    """Tell whether a host is one that the guidelines allow in identifiers: a domain, not an address."""
    return _DOMAIN.fullmatch(host) is not None


def oai_identifier(host: str, identifier: str) -> str:
    """Return the identifier of an item.

    >>> oai_identifier("registry.example", "doi:10.1234/a#b")
    'oai:registry.example:doi:10.1234/a%23b'
    """
    return f"oai:{host}:{quote(identifier, safe=_SAFE, errors='replace')}"


def local_of(host: str, text: str) -> str | None:
    """Return the identifier that `oai_identifier` wrote for this host, None for any other text."""
    prefix = f"oai:{host}:"
    if not text.startswith(prefix):
        return None
    identifier = unquote(text.removeprefix(prefix), errors="replace")
    # Any other spelling would be an item of its own to a harvester; no database looks for NUL.
    return identifier if oai_identifier(host, identifier) == text and "\0" not in identifier else None
