# SPDX-License-Identifier: MIT
"""Files beside an existing model of a project: signature.json, and test vectors of a known network."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fairreg import models, runners
from fairreg.errors import FairregError, ModelError
from fairreg.formats.base import json_text
from fairreg.schemas.record import Tensor
from fairreg.services.new.template import RenderedFile
from fairreg.services.new.trained import SIGNATURE_FILE
from fairreg.storage.files import is_inside

__all__ = ["beside_model"]

# Largest difference between a runtime and the stored outputs, of values computed in float32.
_TOLERANCE = 1e-5
_ITEMS = 16
Arrays = Mapping[str, NDArray[Any]]


def beside_model(folder: Path, name: str) -> tuple[RenderedFile, ...]:
    """Return the files for the ONNX model `name` of a project, computed from it. Raises ModelError.

    Names, types and shapes are those of the graph; features are known for networks that fairreg recognises.
    """
    path = folder / name
    if not path.is_file() or not is_inside(path, folder):
        raise ModelError(
            f"There is no model {name} in {folder}.", hint="Correct model_file, or copy the model there."
        )
    recognised = models.recognise(path)
    runner = models.load(recognised) if recognised else runners.get("onnx").load(path)
    files = [_file(SIGNATURE_FILE, _signature(name, runner.inputs, runner.outputs))]
    if recognised is not None:
        taken = models.sample_for(recognised)
        inputs = {item.name: taken[item.name][:_ITEMS] for item in runner.inputs if item.name in taken}
        files += _vectors(path, inputs)
    return tuple(files)


def _file(name: str, content: bytes) -> RenderedFile:
    return RenderedFile(PurePosixPath(name), content)


def _signature(name: str, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> bytes:
    told = {"model": name, "inputs": msgspec.to_builtins(inputs), "outputs": msgspec.to_builtins(outputs)}
    return json_text(told).encode("utf-8")


def _vectors(path: Path, inputs: Arrays) -> list[RenderedFile]:
    """Return inputs, outputs of the graph and the tolerance; none where the graph takes other inputs."""
    try:
        outputs = runners.get("onnx").load(path).run(inputs)
    except FairregError:
        return []
    tolerances = dict.fromkeys(outputs, _TOLERANCE)
    return [
        _file("tests/vectors/inputs.npz", _npz(inputs)),
        _file("tests/vectors/outputs.npz", _npz(outputs)),
        _file("tests/vectors/tolerance.json", (json.dumps(tolerances) + "\n").encode("utf-8")),
    ]


def _npz(arrays: Arrays) -> bytes:
    from io import BytesIO

    stream = BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
