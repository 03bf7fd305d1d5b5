# SPDX-License-Identifier: MIT
"""Models that their file describes whole: run by the runner of their format, or converted to ONNX first."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from fairreg import runners
from fairreg.errors import MissingEngine, ModelError, SecurityRefusal, UsageError
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
    described = _described(path)
    chosen = runtime or _runtime_of(path, described)
    if chosen is None or not _loads(chosen, path, described):
        return _converted(path, described, runtime, options) or _otherwise(path, runtime, options)
    try:
        return WholeModel(runners.load(chosen, path, **options))
    except (ModelError, SecurityRefusal) as error:
        if runtime is not None or isinstance(error, MissingEngine):
            raise
        # A converter may read exactly what the engine refuses; if not, the engine's reason stands.
        with suppress(ModelError, SecurityRefusal):
            if (found := _converted(path, described, runtime, options)) is not None:
                return found
        raise


def _converted(
    path: Path, described: "FormatDescription | None", runtime: str | None, options: dict[str, Any]
) -> WholeModel | None:
    """Run a file as the ONNX model that a converter makes of it, None without one.

    Raises UsageError for a runtime that does not take ONNX, and the errors of the converter.
    """
    from fairreg.runners.converters import converter_of

    converter = converter_of(described) if described is not None else None
    if described is None or converter is None:
        return None
    if runtime is not None and "onnx" not in runners.formats(runtime):
        raise UsageError(
            f"{path.name} is {described.words}; {runtime} does not run it.",
            hint="Leave out --runtime (runtime= in Python).",
        )
    conversion = converter.convert(path)
    return WholeModel(runners.load(runtime or ONNX, conversion.model, **options), conversion)


def conversion_warnings(path: Path, conversion: "Conversion | None") -> tuple[str, ...]:
    """Warn of a model that runs as ONNX although its file is another program's."""
    if conversion is None:
        return ()
    what = f"{path.name} runs as ONNX, written from its {conversion.original} model and not compared with it."
    how = f"fairreg convert {quote(str(path))} --to onnx compares them." if conversion.runtime else ""
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


def _runtime_of(path: Path, described: "FormatDescription | None") -> str | None:
    """The runtime of a file, the default one first, then one with its engine; None without any."""
    able = [name for name in runners.names() if _loads(name, path, described)]
    if not able or ONNX in able:
        return ONNX if able else None
    return next((name for name in able if runners.get(name).available()), able[0])


def _otherwise(path: Path, runtime: str | None, options: dict[str, Any]) -> WholeModel:
    """Let a runner refuse a file that none is for; without a chosen one the reason is that of the file."""
    try:
        return WholeModel(runners.load(runtime or ONNX, path, **options))
    except ModelError as error:
        if runtime is None:
            raise not_runnable(path) from error
        raise
