# SPDX-License-Identifier: MIT
"""Runners: a model file and named arrays in, named arrays out. `base` says what a runner module defines."""

from typing import cast

from fairreg import plugins
from fairreg.errors import UsageError
from fairreg.runners.base import Runner, RunnerModule

__all__ = ["NOT_PLUGINS", "Runner", "available", "get", "names", "suffixes"]

_ROOM = "fairreg.runners"
NOT_PLUGINS = frozenset({"base", "cpu", "signature", "weights"})


def names() -> tuple[str, ...]:
    """Every runtime that fairreg knows, whether or not its engine is installed."""
    return plugins.names(_ROOM, skip=NOT_PLUGINS)


def get(runtime: str) -> RunnerModule:
    """The runner module of `runtime`; UsageError names those there are, PluginError what is missing in it."""
    if runtime not in names():
        raise UsageError(f"There is no runtime {runtime!r}.", hint=f"Runtimes are: {', '.join(names())}.")
    return cast("RunnerModule", plugins.load_complete(_ROOM, runtime, RunnerModule))


def suffixes() -> frozenset[str]:
    """Suffixes of the files that some runner loads by itself, whether or not its engine is installed."""
    return frozenset().union(*(get(name).SUFFIXES for name in names()))


def available() -> tuple[str, ...]:
    """The runtimes whose engine is installed."""
    return tuple(name for name in names() if get(name).available())
