# SPDX-License-Identifier: MIT
"""Which addresses a request may go to."""

import ipaddress
import socket

__all__ = ["is_private"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Prefixes that carry an IPv4 address inside (RFC 6052, RFC 3056): a way around a check of the address itself.
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))


def is_private(host: str) -> bool:
    """Whether `host` is, or resolves to, an address that is not public. An unknown host is left to fail."""
    try:
        found = [ipaddress.ip_address(host)]
    except ValueError:
        try:
            found = [ipaddress.ip_address(item[4][0]) for item in socket.getaddrinfo(host, None)]
        except (OSError, UnicodeError):
            return host == "localhost" or host.endswith(".localhost")
    return any(not _is_public(address) for address in found)


def _is_public(address: Address) -> bool:
    translated = any(address in network for network in _TRANSLATED)
    return address.is_global and not address.is_multicast and not translated
