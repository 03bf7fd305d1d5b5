# SPDX-License-Identifier: MIT
"""Models that their file describes whole: run by the runner of their format, or converted to ONNX first."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairreg import runners
from fairreg.errors import ModelError, UsageError
from fairreg.runners import Runner
from fairreg.services.run.not_runnable import not_runnable

if TYPE_CHECKING:
    from fairreg.runners.converters import Conversion
    from fairreg.storage.recognition import FormatDescription

ONNX = "onnx"  # the runtime of models that no other is for

__all__ = ["WholeModel", "conversion_warnings", "open_whole"]


@dataclass(frozen=True)
class WholeModel:
    """A runner, with the conversion of a file that was converted to ONNX for it."""

    runner: Runner
    conversion: "Conversion | None" = None


def open_whole(path: Path, runtime: str | None, options: dict[str, Any]) -> WholeModel:
    """Open the model in a file on `runtime`; None: that of its format, else ONNX.

    `options` are those of the runners. A file of another format than the runtime's is converted to ONNX if it
    can be. Raises ModelError with the reason of the file's own format, MissingEngine, SecurityRefusal.
    """
    if path.suffix.lower() in runners.get(runtime or ONNX).SUFFIXES:
        return WholeModel(runners.load(runtime or ONNX, path, **options))
    from fairreg.runners import converters

    described = _described(path)
    chosen = runtime or _runtime_of(path, described)
    if chosen is not None and _loads(chosen, path, described):
        return WholeModel(runners.load(chosen, path, **options))
    converter = converters.converter_of(described) if described is not None else None
    if converter is not None and (chosen is None or _loads_onnx(chosen)):
        conversion = converter.convert(path)
        return WholeModel(runners.load(chosen or ONNX, conversion.model, **options), conversion)
    if converter is not None and chosen is not None and runtime is not None:
        raise _other_runtime(path, described, runtime)
    return _otherwise(path, runtime, options)


def conversion_warnings(path: Path, conversion: "Conversion | None") -> tuple[str, ...]:
    """Warn of a model that runs as ONNX although its file is another program's."""
    if conversion is None:
        return ()
    what = f"{path.name} runs as ONNX, written from its {conversion.original} model and not compared with it."
    how = f"fairreg convert {path} --to onnx compares them." if conversion.runtime else ""
    return (f"{what} {how}".strip(), *conversion.remarks)


def _described(path: Path) -> "FormatDescription | None":
    from fairreg.storage.recognition import describe

    try:
        return describe(path)
    except OSError:
        return None  # loading it says why


def _loads(runtime: str, path: Path, described: "FormatDescription | None") -> bool:
    """Tell whether a runner loads a file by itself, by its content or its name."""
    known = runners.formats(runtime)
    return (described is not None and described.format in known) or path.suffix.lower() in runners.get(
        runtime
    ).SUFFIXES


def _loads_onnx(runtime: str) -> bool:
    return "onnx" in runners.formats(runtime)


def _runtime_of(path: Path, described: "FormatDescription | None") -> str | None:
    """The runtime of a file, the default one first, then one with its engine; None without any."""
    able = [name for name in runners.names() if _loads(name, path, described)]
    if not able or ONNX in able:
        return ONNX if able else None
    return next((name for name in able if runners.get(name).available()), able[0])


def _other_runtime(path: Path, described: "FormatDescription | None", runtime: str) -> UsageError:
    words = described.words if described is not None else "a model of another format"
    return UsageError(
        f"{path.name} is {words}; {runtime} does not run it.",
        hint="Leave out --runtime (runtime= in Python).",
    )


def _otherwise(path: Path, runtime: str | None, options: dict[str, Any]) -> WholeModel:
    """Let a runner refuse a file that none is for; without a chosen one the reason is that of the file."""
    try:
        return WholeModel(runners.load(runtime or ONNX, path, **options))
    except ModelError as error:
        if runtime is None:
            raise not_runnable(path) from error
        raise
