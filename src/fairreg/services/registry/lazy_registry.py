# SPDX-License-Identifier: MIT
"""The registry of a command that can work without it: opened when it is first needed."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Self

from fairreg.registry import Registry
from fairreg.services.registry.db import open_registry
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["LazyRegistry", "Opener"]

# Opens a registry as a context manager; the log function is called with one line per preparatory step.
Opener = Callable[[Log], AbstractContextManager[Registry]]


class LazyRegistry:
    """Context manager of a registry that `opener` opens at the first call of `open`, and that it closes.

    A registry that cannot be opened fails only callers of `open`.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._stack = ExitStack()
        self._registry: Registry | None = None

    @classmethod
    def of(cls, settings: Settings) -> "LazyRegistry":
        """Return the registry of `settings`, not opened yet."""
        return cls(partial(open_registry, settings))

    def open(self, log: Log = no_log) -> Registry:
        """Return the registry; open it and make it ready at the first call. Raises RegistryError."""
        if self._registry is None:
            self._registry = self._stack.enter_context(self._opener(log))
        return self._registry

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._registry = None
        self._stack.close()
