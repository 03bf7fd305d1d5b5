# SPDX-License-Identifier: MIT
"""Check of addresses before a request: public ones only."""

import ipaddress
import socket

__all__ = ["is_private"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Prefixes that embed an IPv4 address (RFC 6052, RFC 3056), which would bypass a check of the address itself.
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))


def is_private(host: str) -> bool:
    """Tell whether `host` is, or resolves to, an address that is not public; False for an unknown host."""
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
