# SPDX-License-Identifier: MIT
"""Discovery of the plugin rooms: harvesters, models, runners and FAIR indicators.

A built-in plugin is a module in its room's package; an outside one is a Python entry point in the group
of the same name (``fairreg.harvesters`` and so on) that loads such a module. Both come through `load`.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from fairreg.errors import PluginError

__all__ = ["load", "load_complete", "modules", "names"]

# What lies beside the plugins of a room and is none of them.
NOT_PLUGINS = frozenset({"base", "common"})


def modules(room: str, *, skip: frozenset[str] = NOT_PLUGINS) -> Iterator[ModuleType]:
    """Import and yield each plugin module of `room`, a package such as ``fairreg.harvesters``, by name."""
    for name in names(room, skip=skip):
        yield load(room, name)


@cache
def names(room: str, *, skip: frozenset[str] = NOT_PLUGINS) -> tuple[str, ...]:
    """Names of the plugin modules of `room`, sorted; nothing but the room's package is imported."""
    package = import_module(room)
    built_in = {info.name for info in iter_modules(package.__path__) if not info.name.startswith("_")}
    outside = {point.name for point in entry_points(group=room)}
    return tuple(sorted((built_in - skip) | outside))


@cache
def load(room: str, name: str) -> ModuleType:
    """Import the one plugin module of `room` that is called `name`, which must be one of its `names`."""
    for point in entry_points(group=room, name=name):
        loaded = point.load()
        if not isinstance(loaded, ModuleType):
            raise TypeError(f"entry point {room}:{name} must load a module, not {type(loaded).__name__}")
        return loaded
    return import_module(f"{room}.{name}")


def load_complete(room: str, name: str, contract: type[Any]) -> Any:
    """Load a plugin module that defines all that the protocol class `contract` lists.

    Raises PluginError, which names what is missing.
    """
    module = load(room, name)
    needed = (*contract.__annotations__, *vars(contract))
    missing = [part for part in needed if not part.startswith("_") and not hasattr(module, part)]
    if missing:
        raise PluginError(
            f"The plugin {name!r} of {room} does not define {', '.join(missing)}.",
            hint=f"{contract.__module__} says what it must define. Complete it, or uninstall its package.",
        )
    return module
