# SPDX-License-Identifier: MIT
"""A server that really listens, for tests: the application in a thread of the test's process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fairreg.server.serve import listen, prepared
from fairreg.settings import Settings


@contextmanager
def serving(settings: Settings, at: socket.socket | None = None, **choices: Any) -> Iterator[str]:
    """Serve the registry of `settings` at a free port, or at a socket that listens; yield the base URL."""
    with at or listen("127.0.0.1", 0) as listening:
        site, server = prepared(settings, listening, **choices)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield site.base_url
        finally:
            server.should_exit = True
            thread.join()
