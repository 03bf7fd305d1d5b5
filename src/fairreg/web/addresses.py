# SPDX-License-Identifier: MIT
"""Which addresses a request may go to."""

import ipaddress
import socket

__all__ = ["is_private"]


def is_private(host: str) -> bool:
    """Whether `host` is, or resolves to, an address that is not public. An unknown host is left to fail."""
    try:
        found = [ipaddress.ip_address(host)]
    except ValueError:
        try:
            found = [ipaddress.ip_address(item[4][0]) for item in socket.getaddrinfo(host, None)]
        except (OSError, UnicodeError):
            return host == "localhost" or host.endswith(".localhost")
    return any(not address.is_global for address in found)
