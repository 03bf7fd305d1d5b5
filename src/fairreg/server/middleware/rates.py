# SPDX-License-Identifier: MIT
"""The rate of requests of each client, as a bucket of tokens; a client beyond it gets 429."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from fairreg.errors import UsageError
from fairreg.server.problems import problem
from fairreg.server.threads import CLIENT

__all__ = ["HEALTH", "NO_PROXIES", "Proxies", "Rates"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Clients that are remembered; of more, those that asked least recently are forgotten.
CLIENTS = 10_000
# Seconds of its rate that a client may use at once.
BURST_SECONDS = 5
# Answered at any rate: who watches a server asks from the address of a proxy, or with many others from one.
HEALTH = "/healthz"
# The part of an IPv6 address that belongs to one customer.
_NETWORK_BITS = 64
_LONGEST_CHAIN = 20


@dataclass(frozen=True)
class Proxies:
    """Proxies whose header X-Forwarded-For is believed, as networks."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Proxies":
        """Read addresses and networks such as 10.0.0.0/8. Raises UsageError."""
        try:
            return cls(tuple(map(ipaddress.ip_network, texts)))
        except ValueError as error:
            raise UsageError(
                f"{error}.", hint="Give the address of a proxy, such as 127.0.0.1, or a network."
            ) from error

    def client(self, scope: Scope) -> str:
        """Return the client of a request as it is counted: the last address that is no proxy's."""
        peer = (scope.get("client") or ("",))[0]
        address = _address(peer)
        chain = [] if address is None else [address]
        if self._holds(address):
            said = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
            for text in reversed(said[-_LONGEST_CHAIN:]):
                address = _address(text.strip())
                if address is None:
                    break
                chain.append(address)
                if not self._holds(address):
                    break
        return _counted(chain[-1]) if chain else peer

    def _holds(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self.networks)


NO_PROXIES = Proxies()


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return found if mapped is None else mapped


def _counted(address: Address) -> str:
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), _NETWORK_BITS), strict=False))
    return str(address)


class Rates:
    """Lets `rate` requests per second of each client pass, `BURST_SECONDS` times as many at once; 0: all."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        rate: float,
        proxies: Proxies,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._rate = rate
        self._proxies = proxies
        self._clock = clock
        # By client, least recent first: tokens left, and when.
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            client = self._proxies.client(scope)
            CLIENT.set(client)
            if self._rate and scope["path"] != HEALTH and (wait := self._wait(client)):
                answer = problem(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"More than {self._rate:g} requests per second.",
                    hint="Ask again after the time in Retry-After, and then more slowly.",
                    headers={"Retry-After": str(math.ceil(wait))},
                )
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _wait(self, client: str) -> float:
        """Take a token of a client; return the seconds until there is one, 0 where there was."""
        now, most = self._clock(), max(1.0, self._rate * BURST_SECONDS)
        left, at = self._clients.pop(client, (most, now))
        left = min(most, left + (now - at) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._clients[client] = (left if wait else left - 1, now)
        if len(self._clients) > CLIENTS:
            self._clients.popitem(last=False)
        return wait
