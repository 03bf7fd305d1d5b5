# SPDX-License-Identifier: MIT
"""Runners: a model file and named arrays in, named arrays out. `base` describes a runner module."""

from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from fairreg import plugins
from fairreg.errors import UsageError
from fairreg.runners import devices
from fairreg.runners.base import Runner, RunnerModule, accepted
from fairreg.storage.formats import HEAD_BYTES, FileFormat, format_of_head

__all__ = [
    "NOT_PLUGINS",
    "Runner",
    "available",
    "check_device",
    "formats",
    "get",
    "load",
    "loads",
    "names",
    "suffixes",
    "takes_onnx",
]

_ROOM = "fairreg.runners"
# Formats of a beginning that no runner and no converter reads.
_NO_MODELS: frozenset[FileFormat] = frozenset(
    {
        *("text", "unknown", "root", "parquet", "npy", "tar", "lfs_pointer", "apple_double"),
        *("pickle", "legacy_torch"),
    }
)
NOT_PLUGINS = plugins.NOT_RUNNERS


def names() -> tuple[str, ...]:
    """Names of all runtimes, with or without installed engine."""
    return plugins.names(_ROOM, skip=NOT_PLUGINS)


def get(runtime: str) -> RunnerModule:
    """Return the runner module of `runtime`. Raises UsageError if unknown, PluginError if incomplete."""
    if runtime not in names():
        raise UsageError(f"There is no runtime {runtime!r}.", hint=f"Runtimes are: {', '.join(names())}.")
    return cast("RunnerModule", plugins.load_complete(_ROOM, runtime, RunnerModule))


def load(runtime: str, source: Path | bytes, **options: Any) -> Runner:
    """Load a runner of a file, or of the bytes of an ONNX model, with the options that somebody asked for.

    Raises as the `load` of the runner module, and UsageError for an option that it does not have.
    """
    module = get(runtime)
    return module.load(source, **accepted(module.load, f"The runtime {runtime!r}", **options))


def check_device(runtime: str, device: str | None) -> None:
    """Raise what loading on `device` would, before anything is downloaded.

    UsageError for a text that is no device or does not fit the runtime, ModelError where there is no such
    GPU, MissingEngine. Runtimes of plugins may leave this to their `load`.
    """
    place = devices.parse(device)
    check = getattr(get(runtime), "check_device", None)
    if device is not None and check is not None:
        check(place)


def suffixes() -> frozenset[str]:
    """Suffixes of the files that runners load by themselves, with or without installed engine."""
    return _suffixes(names())


@lru_cache(8)
def _suffixes(runtimes: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(get(name).SUFFIXES for name in runtimes))


def formats(runtime: str) -> frozenset[FileFormat]:
    """Formats of the files that a runner loads by themselves whatever their names."""
    found: frozenset[FileFormat] = getattr(get(runtime), "FORMATS", frozenset())
    return found


def loads(path: Path) -> bool:
    """Tell whether a runner loads a file by itself, or as the ONNX model that a converter makes of it.

    Texts and archives of data are told by their first bytes, other files by their content.
    """
    if path.suffix.lower() in suffixes():
        return True
    try:
        with path.open("rb") as stream:
            head = format_of_head(stream.read(HEAD_BYTES), path.name)
        return head not in _NO_MODELS and _loads_by_content(path)
    except OSError:
        return False


def _loads_by_content(path: Path) -> bool:
    # Imported here: most commands meet no file that is looked into.
    from fairreg.runners.converters import converter_of
    from fairreg.storage.recognition import describe

    described = describe(path)
    known = any(described.format in formats(name) for name in names())
    return known or converter_of(described) is not None


def takes_onnx(runtime: str) -> bool:
    """Tell whether a runtime may take ONNX models or any network: not one of another format alone."""
    known = formats(runtime)
    any_network: bool = getattr(get(runtime), "ANY_NETWORK", True)
    return any_network and (not known or "onnx" in known)


def available() -> tuple[str, ...]:
    """Names of the runtimes with an installed engine."""
    return tuple(name for name in names() if get(name).available())
