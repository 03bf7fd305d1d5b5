# SPDX-License-Identifier: MIT
"""The client of the Model Context Protocol, its own SDK's, for tests without an event loop."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from anyio.from_thread import start_blocking_portal
from mcp import Client


@contextmanager
def connected(server: Any, **choices: Any) -> Iterator[Callable[..., Any]]:
    """Connect to a server, a URL or a transport; yield a function that calls a method of the client."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(server, **choices)) as client,
    ):
        yield lambda method, *given: portal.call(getattr(client, method), *given)
