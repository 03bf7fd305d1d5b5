# SPDX-License-Identifier: MIT
"""The ONNX files of an opened model: written by its model package, else copied byte by byte."""

import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from fairreg import models
from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners import onnx as onnx_runner
from fairreg.services.run.predict import LoadedModel

__all__ = ["MODEL_FILE", "side_files", "write_onnx"]

MODEL_FILE = "model.onnx"


def write_onnx(opened: LoadedModel, folder: Path) -> None:
    """Write the model as ``model.onnx`` into `folder`, with the side files that hold its tensors.

    A recognised network is written by its model package, any other ONNX file is copied. Raises ModelError for
    a model that is neither, SecurityRefusal for side files outside the folder of the model, OSError.
    """
    if opened.recognition is not None:
        (folder / MODEL_FILE).write_bytes(models.onnx_graph(opened.recognition))
        return
    if opened.runner.name != onnx_runner.RUNTIME:
        raise ModelError(
            f"{opened.path.name} runs on {opened.runner.name} and is not an ONNX model.",
            hint="Export it to ONNX with the program that made it, and convert the .onnx file.",
        )
    shutil.copyfile(opened.path, folder / MODEL_FILE)
    for name in side_files(opened.path):
        _copy_side_file(opened.path, name, folder)


def side_files(path: Path) -> list[str]:
    """List the files that hold tensors of the ONNX model at `path`, as the model names them, each once."""
    import onnx

    model = onnx.ModelProto.FromString(path.read_bytes())
    return list(dict.fromkeys(_locations(model)))


def _locations(message: Any) -> Iterator[str]:
    """Yield the location of every tensor of a protobuf message that is kept in another file."""
    import onnx

    if isinstance(message, onnx.TensorProto):
        yield from (entry.value for entry in message.external_data if entry.key == "location")
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in value if hasattr(value, "append") else [value]:
                yield from _locations(part)


def _copy_side_file(model: Path, name: str, folder: Path) -> None:
    inside = PurePosixPath(name)
    source = model.parent / inside
    plain = not inside.is_absolute() and ".." not in inside.parts and "\\" not in name
    if not plain or not source.resolve().is_relative_to(model.parent.resolve()):
        raise SecurityRefusal(
            f"{model.name} keeps a tensor in the file {name!r}, which is outside its folder.",
            hint="Save the model with its side files beside it.",
        )
    target = folder / inside
    if target.exists():
        raise ModelError(
            f"{model.name} keeps a tensor in a file named {name!r}, the name of the model itself in Triton.",
            hint="Save the model with another name of its side file.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
