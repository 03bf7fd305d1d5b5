# SPDX-License-Identifier: MIT
"""The reason why a file that no runner loads cannot be run, from its content."""

from pathlib import Path

from fairreg import runners
from fairreg.errors import FairregError, ModelError
from fairreg.runners.weights import Tensors, side_files, view_tensors
from fairreg.runners.weights.tensors import check_whole
from fairreg.storage.formats import HEAD_BYTES

__all__ = ["not_runnable"]

_WEIGHTS = frozenset({"zip_torch", "legacy_torch", "pickle", "safetensors"})


def not_runnable(path: Path) -> ModelError:
    """The error for a file that no runner loads and no model package recognises, with what it is."""
    from fairreg.storage.recognition import describe

    graph = path.with_suffix("")
    if _is_side_file(path, graph):
        return ModelError(f"{path.name} holds tensors of {graph.name}.", hint=f"Run {graph}.")
    try:
        with path.open("rb") as stream:
            check_whole(stream.read(HEAD_BYTES), path.name)
    except ModelError as error:
        return error
    tensors = _tensors(path)
    if tensors:
        return ModelError(
            f"{path.name} has weights ({_counted(tensors)}) but no network, and they fit none of fairreg's.",
            hint="Export the model to ONNX with its own code, or run that code in a container: fairreg fetch "
            "PID --recipe FILE writes how.",
        )
    said = describe(path)
    return ModelError(
        f"{path.name} is {said.words}, which no runner of fairreg ({', '.join(runners.names())}) loads.",
        hint=said.next_step or "Export the model to ONNX with the program that made it.",
    )


def _is_side_file(path: Path, graph: Path) -> bool:
    """Tell whether `graph`, an ONNX model, names this file for its tensors."""
    try:
        return graph.is_file() and path.name in side_files(graph)
    except FairregError:
        return False  # then it says nothing of this file


def _tensors(path: Path) -> Tensors | None:
    """The tensors of a weight file, None for other files and those that cannot be read."""
    from fairreg.storage.recognition import format_of_file

    if format_of_file(path) not in _WEIGHTS:
        return None
    try:
        return view_tensors(path)
    except FairregError:
        return None  # recognition has said why, if the file is one of weights


def _counted(tensors: Tensors) -> str:
    first = ", ".join(list(tensors)[:2])
    more = ", ..." if len(tensors) > 2 else ""  # noqa: PLR2004  the two that are named
    return f"{len(tensors)} tensor{'s' if len(tensors) > 1 else ''}: {first}{more}"
