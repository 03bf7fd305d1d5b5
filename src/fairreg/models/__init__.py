# SPDX-License-Identifier: MIT
"""Models that fairreg knows how to build and run from their weights. `base` says what a package defines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray

from fairreg import plugins
from fairreg.errors import ModelError, SeveralModels, UsageError
from fairreg.models.base import Demonstration, ModelModule, Recognition
from fairreg.models.common.weight_file import WeightFile
from fairreg.runners import Runner
from fairreg.runners.base import accepted
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "Demonstration",
    "Recognition",
    "choose",
    "companions",
    "get",
    "load",
    "names",
    "onnx_graph",
    "recognise",
    "reference",
    "sample_for",
    "several",
]

_ROOM = "fairreg.models"
_MOST_NAMES = 20  # in a message


def names() -> tuple[str, ...]:
    """Names of the available models."""
    return plugins.names(_ROOM)


def get(model: str) -> ModelModule:
    """Return the package of `model`: its module, or the object ``PACKAGE`` in it.

    Raises UsageError for an unknown model, PluginError if it is incomplete.
    """
    if model not in names():
        raise UsageError(f"There is no model {model!r}.", hint=f"Models are: {', '.join(names())}.")
    return cast("ModelModule", plugins.load_complete(_ROOM, model, ModelModule, stand_in="PACKAGE"))


def recognise(path: Path) -> Recognition | None:
    """Return the finding of the first model package that recognises `path`; None if no package does.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    answers = (_recognised(get(name), path, file) for name in names())
    return next((answer for answer in answers if answer is not None), None)


def _recognised(package: ModelModule, path: Path, file: WeightFile | None) -> Recognition | None:
    look = getattr(package, "recognise_weights", None)
    if look is None:
        return package.recognise(path)
    found: Recognition | None = look(file) if file is not None else None
    return found


def sample_for(found: Recognition) -> Mapping[str, NDArray[Any]]:
    """Return inputs by name for the recognised network, or for those of its model that take them."""
    package = get(found.model)
    own = getattr(package, "sample_for", None)
    arrays: Mapping[str, NDArray[Any]] = package.sample_inputs() if own is None else own(found)
    return arrays


def companions(name: str) -> tuple[str, ...]:
    """Paths of the files that are read with weights called `name`, relative to their folder."""
    found = (getattr(get(model), "companions", None) for model in names())
    return tuple(dict.fromkeys(path for look in found if look is not None for path in look(name)))


def choose(
    recognitions: Iterable[Recognition],
    *,
    where: str = "The record",
    name_of: Callable[[Path], str] = lambda path: path.name,
) -> Recognition:
    """Choose among the weight files of `where`, such as a record: the one of highest preference.

    One with an obstacle is chosen only where all have one. Raises ModelError for an empty choice, and
    `several` if different weights share the highest preference.
    """
    given = list(recognitions)
    able = [item for item in given if item.obstacle is None] or given
    ranked = sorted(able, key=lambda item: -item.preference)
    if not ranked:
        raise ModelError("None of the files contains weights of a model that fairreg supports.")
    best = [item for item in ranked if item.preference == ranked[0].preference]
    if len({item.fingerprint for item in best}) > 1:
        raise several(where, [name_of(item.path) for item in best])
    return best[0]


def several(where: str, names: Sequence[str]) -> SeveralModels:
    """The error for a record with models of these names, none of which is preferred."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return SeveralModels(
        f"{where} has several models: {', '.join(names[:_MOST_NAMES])}{more}.",
        hint="Choose one with --file NAME (file=NAME in Python).",
    )


def reference(identifier: Identifier) -> Recognition | None:
    """Packaged weights that may replace those published as `identifier`; None without any."""
    answers = (get(name).reference(identifier) for name in names())
    return next((answer for answer in answers if answer is not None), None)


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> Runner:
    """Return a runner of `source`, with the methods that its model package adds, such as `predict`.

    Raises ModelError if no package recognises the file, UsageError for an unknown runtime, MissingEngine.
    """
    found = source if isinstance(source, Recognition) else recognise(source)
    if found is None:
        raise ModelError(f"{source} does not contain weights of a model that fairreg supports.")
    package = get(found.model)
    options = accepted(
        package.load,
        f"The model {found.model!r}",
        batch_size=batch_size,
        threads=threads,
        engines=engines,
        device=device,
    )
    return package.load(found, runtime=runtime, **options)


def onnx_graph(found: Recognition) -> bytes:
    """Return the recognised network with its weights as the bytes of an ONNX model.

    Raises ModelError if the model package writes no ONNX.
    """
    write = getattr(get(found.model), "onnx_graph", None)
    if write is None:
        raise ModelError(
            f"The model package {found.model} does not write its networks as ONNX.",
            hint="Its function onnx_graph would do it (see fairreg.models.base).",
        )
    content: bytes = write(found)
    return content
