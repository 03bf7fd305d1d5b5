# SPDX-License-Identifier: MIT
"""The ONNX files of an opened model: written by its model package, else copied byte by byte."""

import shutil
from pathlib import Path

from fairreg import models
from fairreg.errors import ModelError
from fairreg.runners import onnx as onnx_runner
from fairreg.runners.weights.onnx import side_files
from fairreg.runners.weights.side_file import open_side_file
from fairreg.services.run.loaded_model import LoadedModel

__all__ = ["MODEL_FILE", "write_onnx"]

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


def _copy_side_file(model: Path, name: str, folder: Path) -> None:
    target = folder / name
    if target.exists():
        raise ModelError(
            f"{model.name} keeps a tensor in a file named {name!r}, the name of the model itself in Triton.",
            hint="Save the model with another name of its side file.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_side_file(model.parent, name, model.name) as file:
        file.copy_to(target)
