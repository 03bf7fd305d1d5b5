# SPDX-License-Identifier: MIT
"""The ONNX files of a model: written by its model package or a converter, else copied byte by byte."""

import shutil
from pathlib import Path

from fairreg import models
from fairreg.errors import ModelError
from fairreg.models.base import Recognition
from fairreg.runners import onnx as onnx_runner
from fairreg.runners import torch as torch_runner
from fairreg.runners.converters import Conversion, converter_of
from fairreg.runners.weights.onnx import side_files
from fairreg.runners.weights.side_file import open_side_file
from fairreg.services.run.loaded_model import LoadedModel
from fairreg.storage.recognition import describe

__all__ = ["MODEL_FILE", "conversion_of", "write_onnx"]

MODEL_FILE = "model.onnx"


def conversion_of(path: Path, recognition: Recognition | None) -> Conversion | None:
    """Write the model in a file as ONNX; None for a file that no model package and no converter writes.

    Raises ModelError for a model that cannot be written exactly, SecurityRefusal, MissingEngine.
    """
    if recognition is not None:
        content = models.onnx_graph(recognition)
        return Conversion(content, recognition.title, torch_runner.RUNTIME, remarks=recognition.assumptions)
    converter = converter_of(describe(path))
    return converter.convert(path) if converter is not None else None


def write_onnx(opened: LoadedModel, folder: Path) -> None:
    """Write the model as ``model.onnx`` into `folder`, with the side files that hold its tensors.

    An ONNX model that fairreg does not know is copied, any other one converted. Raises ModelError for one
    that cannot be, SecurityRefusal for side files outside the folder of the model, OSError.
    """
    if opened.recognition is None and opened.conversion is None and opened.runner.name == onnx_runner.RUNTIME:
        _copy(opened.path, folder)
        return
    conversion = opened.conversion or conversion_of(opened.path, opened.recognition)
    if conversion is None:
        raise ModelError(
            f"{opened.path.name} runs on {opened.runner.name} and is not an ONNX model.",
            hint="Export it to ONNX with the program that made it, and convert the .onnx file.",
        )
    (folder / MODEL_FILE).write_bytes(conversion.model)


def _copy(model: Path, folder: Path) -> None:
    shutil.copyfile(model, folder / MODEL_FILE)
    for name in side_files(model):
        _copy_side_file(model, name, folder)


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
