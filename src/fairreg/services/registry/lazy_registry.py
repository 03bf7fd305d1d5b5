# SPDX-License-Identifier: MIT
"""The registry of a command that may do without: opened when it is first needed."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Self

from fairreg.registry import Registry
from fairreg.services.registry.db import open_registry
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["LazyRegistry", "Opener"]

# Opens a registry for a context; the line function hears what had to be done for that.
Opener = Callable[[Log], AbstractContextManager[Registry]]


class LazyRegistry:
    """Context manager of a registry that `opener` opens when `open` is first called; closed when it ends.

    A registry that cannot be opened fails those who need it, and nobody else.
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
        """Return the registry, opened and made ready now where it is not yet. Raises RegistryError."""
        if self._registry is None:
            self._registry = self._stack.enter_context(self._opener(log))
        return self._registry

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._registry = None
        self._stack.close()
