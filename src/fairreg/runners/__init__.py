# SPDX-License-Identifier: MIT
"""Runners: a model file and named arrays in, named arrays out. `base` describes a runner module."""

from typing import cast

from fairreg import plugins
from fairreg.errors import UsageError
from fairreg.runners.base import Runner, RunnerModule

__all__ = ["NOT_PLUGINS", "Runner", "available", "get", "names", "suffixes"]

_ROOM = "fairreg.runners"
NOT_PLUGINS = frozenset({"base", "batching", "cpu", "independence", "memory", "signature", "weights"})


def names() -> tuple[str, ...]:
    """Names of all runtimes, with or without installed engine."""
    return plugins.names(_ROOM, skip=NOT_PLUGINS)


def get(runtime: str) -> RunnerModule:
    """Return the runner module of `runtime`. Raises UsageError if unknown, PluginError if incomplete."""
    if runtime not in names():
        raise UsageError(f"There is no runtime {runtime!r}.", hint=f"Runtimes are: {', '.join(names())}.")
    return cast("RunnerModule", plugins.load_complete(_ROOM, runtime, RunnerModule))


def suffixes() -> frozenset[str]:
    """Suffixes of the files that runners load by themselves, with or without installed engine."""
    return frozenset().union(*(get(name).SUFFIXES for name in names()))


def available() -> tuple[str, ...]:
    """Names of the runtimes with an installed engine."""
    return tuple(name for name in names() if get(name).available())
