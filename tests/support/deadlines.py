# SPDX-License-Identifier: MIT
"""A deadline of live search that passes at an event and not at a time, so that no machine is too slow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from fairreg.services.search import federated

__all__ = ["FAR", "deadline_after"]

# Seconds that no healthy local source needs, on a busy machine either.
FAR = 100.0


@contextmanager
def deadline_after(answers: int, until: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Let the deadline of a search pass once so many sources have answered and `until` has returned."""

    class Answers(SimpleQueue[Any]):
        left = answers

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            if self.left == 0:
                until()
                raise Empty
            self.left -= 1
            return super().get(block)

    kept = federated.SimpleQueue
    federated.SimpleQueue = Answers  # type: ignore[misc]
    try:
        yield
    finally:
        federated.SimpleQueue = kept  # type: ignore[misc]
