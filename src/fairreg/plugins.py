# SPDX-License-Identifier: MIT
"""Discovery of the plugin rooms: harvesters, models, runners and FAIR indicators.

A built-in plugin is a module in its room's package; an outside one is a Python entry point in the group
of the same name (``fairreg.harvesters`` and so on) that loads such a module. Both are loaded by `load`.
Rows of `fairreg.sources` come from entry points only. The installed packages are searched once.
"""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fairreg.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "entry_points_of",
    "load",
    "load_complete",
    "load_entry_point",
    "names",
    "outside",
    "package_of",
    "refusal",
]

# Modules of a room that are not plugins.
NOT_PLUGINS = frozenset({"base", "common"})
# Those of `fairreg.runners`. They stand here because that package imports NumPy, which a help has no use for.
NOT_RUNNERS = frozenset(
    {
        *("bare_graph", "base", "batching", "converters", "cpu", "devices", "independence", "memory"),
        *("signature", "weights"),
    }
)
# Exceptions on importing a module that is broken or made for another release of fairreg.
_BROKEN = (
    *(ImportError, AttributeError, NameError, TypeError, ValueError, LookupError, SyntaxError),
    *(OSError, RuntimeError, ArithmeticError, AssertionError, SystemExit),
)


@cache
def names(room: str, *, skip: frozenset[str] = NOT_PLUGINS) -> tuple[str, ...]:
    """Return the sorted names of the plugin modules of `room`, whose package is not imported.

    Raises PluginError if an installed package takes the name of another plugin.
    """
    found = _built_in(room) - skip
    for point in entry_points_of(room):
        if point.name.replace("-", "_") in found:
            raise refusal(point, "that name is already in use")
        found.add(point.name)
    return tuple(sorted(found))


def _built_in(room: str) -> set[str]:
    """Names of the modules in a room's folder; pkgutil would be one import more of every command."""
    package = find_spec(room)
    folders = (package and package.submodule_search_locations) or ()
    entries = [entry for folder in folders for entry in Path(folder).iterdir()]
    modules = {entry.stem for entry in entries if entry.suffix == ".py" or (entry / "__init__.py").is_file()}
    return {name for name in modules if not name.startswith("_")}


@cache
def load(room: str, name: str) -> ModuleType:
    """Import the one plugin module of `room` that is called `name`, which must be one of its `names`."""
    point = outside(room, name)
    if point is None:
        return import_module(f"{room}.{name}")
    loaded = load_entry_point(point)
    if not isinstance(loaded, ModuleType):
        raise refusal(point, f"{point.value} is {type(loaded).__name__!r} and must be a module")
    return loaded


def load_complete(room: str, name: str, contract: type[Any], *, stand_in: str = "") -> Any:
    """Load a plugin module, or the object in it that is called `stand_in`, and check it against `contract`.

    Raises PluginError, which names the missing members of that protocol class.
    """
    module: object = load(room, name)
    module = getattr(module, stand_in, module)
    needed = (*contract.__annotations__, *vars(contract))
    missing = [part for part in needed if not part.startswith("_") and not hasattr(module, part)]
    if not missing:
        return module
    fault = f"does not define {', '.join(missing)}"
    point = outside(room, name)
    if point is not None:
        raise refusal(point, f"it {fault} (see {contract.__module__})")
    raise PluginError(
        f"The plugin {name!r} of {room} {fault}.",
        hint=f"See {contract.__module__} for the interface. Complete it, or uninstall its package.",
    )


def outside(room: str, name: str) -> "EntryPoint | None":
    """Return the entry point of an installed package's plugin, None for a built-in one."""
    return next((point for point in entry_points_of(room) if point.name == name), None)


def entry_points_of(group: str) -> tuple["EntryPoint", ...]:
    """Entry points of the installed packages in one group, by name."""
    return _installed().get(group, ())


@cache
def _installed() -> dict[str, tuple["EntryPoint", ...]]:
    # Imported here: `fairreg --help` needs no plugin, and this would be a tenth of its time.
    from importlib.metadata import entry_points

    found = entry_points()
    rooms = [group for group in found.groups if group.startswith("fairreg.")]
    return {
        room: tuple(sorted(found.select(group=room), key=lambda point: (point.name, package_of(point))))
        for room in rooms
    }


def load_entry_point(point: "EntryPoint") -> object:
    """Load the object of an entry point. Raises PluginError if it is missing or broken."""
    try:
        return point.load()
    except _BROKEN as error:
        raise refusal(point, f"{point.value} cannot be loaded ({error})") from error


def refusal(point: "EntryPoint", fault: str) -> PluginError:
    """Make the error for an entry point that cannot be used; `fault` is half a sentence."""
    package = package_of(point)
    return PluginError(
        f"The package {package} adds {point.name!r} to {point.group}, but {fault}.",
        hint=f"Uninstall {package}, or ask its author to fix its entry point.",
    )


def package_of(point: "EntryPoint") -> str:
    """Name of the installed package of an entry point."""
    return point.dist.name if point.dist is not None else point.module
