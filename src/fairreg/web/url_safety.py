# SPDX-License-Identifier: MIT
"""Judgement of IP addresses before a request: public ones only.

The ranges are those of IANA's registries of special-purpose addresses (RFC 6890; IPv4 and IPv6, 2025), kept
here because Python's `is_global` differs between its versions. Refused are also ranges that carry an IPv4
address in another one (IPv4-mapped, NAT64, 6to4, Teredo), and what lies outside IPv6's global unicast range.
"""

import ipaddress
import socket
from collections.abc import Iterable

from fairreg.errors import UnsafeAddress

__all__ = ["is_public", "look_up", "refuse_private"]

_PRIVATE_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by the customers of a provider
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local, with the metadata services of clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # assignments of the IETF
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, with broadcast
        ),
    )
)
_GLOBAL_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
_PRIVATE_6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # assignments of the IETF: Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(address: str) -> bool:
    """Tell whether an IP address, without a zone, can be reached from anywhere."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _PRIVATE_4)
    return found in _GLOBAL_UNICAST_6 and not any(found in network for network in _PRIVATE_6)


def look_up(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, each once. Raises OSError for an unknown host."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def refuse_private(host: str, addresses: Iterable[str]) -> None:
    """Raise UnsafeAddress if one of the IP addresses of `host` is not public."""
    if not all(is_public(address) for address in addresses):
        raise UnsafeAddress(
            f"Refused to follow a link to {host}: it is a private address.",
            hint="If this is your own mirror, set it as a base URL (for example FAIRREG_ZENODO_URL).",
        )
