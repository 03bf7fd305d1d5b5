# SPDX-License-Identifier: MIT
"""Allowed content of a .keras file before Keras itself reads it: its own classes by a list, nothing else.

Keras resolves classes by the names in a file, and its safe mode had holes; so every object of the
configuration must be on a list here, and Keras reads an archive that is written anew from the checked parts.
Source: keras/src/saving/serialization_lib.py and saving_lib.py (Keras 3.15).
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners.converters.keras import archive, keras_engine, network, safety, stored
from fairreg.runners.converters.keras.arguments import KerasNetwork, plain, quoted
from fairreg.runners.converters.keras.configuration import Reader
from fairreg.runners.converters.keras.model_file import check_version, major_of

__all__ = ["Checked", "checked"]

_INITIALIZERS = frozenset(
    {
        *("Zeros", "Ones", "Constant", "Identity", "OrthogonalInitializer", "Orthogonal", "RandomNormal"),
        *("RandomUniform", "TruncatedNormal", "VarianceScaling", "GlorotUniform", "GlorotNormal", "HeNormal"),
        *("HeUniform", "LecunNormal", "LecunUniform"),
    }
)
# The classes of each module, as Keras writes them.
_ALLOWED: Mapping[str, frozenset[str]] = {
    "keras.layers": keras_engine.KINDS,
    "keras": frozenset({"Sequential", "Functional", "Model", "DTypePolicy"}),
    "keras.models": frozenset({"Sequential", "Functional", "Model"}),
    "keras.src.models.functional": frozenset({"Functional"}),
    "keras.src.models.sequential": frozenset({"Sequential"}),
    "keras.initializers": _INITIALIZERS,
    "keras.regularizers": frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"}),
    "keras.constraints": frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}),
    "keras.dtype_policies": frozenset({"DTypePolicy"}),
}
_TENSOR = "__keras_tensor__"
_VERSION = 3
_MOST_CALLS = 5_000
_LONGEST = 1 << 24  # of an axis of an input
_HINT = "fairreg convert writes many such models as ONNX; or ask its authors for an ONNX file."


@dataclass(frozen=True)
class Checked:
    """A checked model: `content` is the archive for Keras, `parameters` the numbers among its weights.

    `indices` are names of inputs that hold numbers of rows; `independent`: no layer works along the axis of
    the batch.
    """

    content: bytes
    network: KerasNetwork
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    indices: frozenset[str]
    parameters: int
    version: str | None
    independent: bool


def checked(path: Path) -> Checked:
    """Check a .keras file. Raises ModelError, SecurityRefusal, MissingEngine without h5py."""
    name = plain(path.name)
    with archive.opened(path) as members:
        config = safety.parsed(members.read(archive.CONFIG, safety.MAX_JSON), name)
        metadata = safety.parsed(members.read(archive.METADATA, safety.MAX_JSON), name)
        weights = members.read(archive.WEIGHTS)
    version = metadata.get("keras_version")
    _check_version(version, name)
    for item in safety.objects(config, name):
        _check_object(item, name)
    found = Reader(name, _VERSION).network(config)
    _check_calls(found, name)
    keras_engine.check(found)
    return Checked(
        _rewritten(config, metadata, weights),
        found,
        tuple(network.names(found.inputs)),
        tuple(network.names(found.outputs)),
        keras_engine.indices(found),
        _parameters(weights, name),
        version if isinstance(version, str) else None,
        all(_by_rows(item) for item in safety.objects(config, name)),
    )


def _check_version(version: Any, file: str) -> None:
    """Raise ModelError for a file of Keras 2, of which Keras 3 computes some functions otherwise."""
    check_version(version if isinstance(version, str) else None, file)
    if major_of(str(version)) != _VERSION:
        said = f"was saved by Keras {quoted(version)}" if version else "does not state its version of Keras"
        raise ModelError(
            f"{file} {said}, and Keras {_VERSION} computes some functions otherwise.",
            hint="fairreg convert writes it as ONNX as its own version computes it.",
        )


def _check_object(item: Mapping[str, Any], file: str) -> None:
    """Raise SecurityRefusal for an object that Keras would make and that is not on the list."""
    if item.get("compile_config") not in (None, {}):
        raise ModelError(f"A model inside {file} holds how it was trained, which is not read.", hint=_HINT)
    if "class_name" not in item:
        return
    kind, module, registered = item["class_name"], item.get("module"), item.get("registered_name")
    if kind == _TENSOR and module is None:
        return
    allowed = _ALLOWED.get(module, frozenset()) if isinstance(module, str) else frozenset[str]()
    if not isinstance(kind, str) or kind not in allowed or registered not in (None, kind):
        raise SecurityRefusal(
            f"{file} asks Keras for {quoted(kind)} of {quoted(module)} ({quoted(registered)}), which is not "
            "on the list of its layers that fairreg lets it make.",
            hint=_HINT,
        )


def _check_calls(whole: KerasNetwork, file: str) -> None:
    """Raise ModelError for models that would be called far too often, or for huge inputs."""
    stack, count = [whole], 0
    while stack:
        for layer in stack.pop().layers:
            calls = max(len(layer.calls), 1)
            count += calls
            inner = [child.network for child in layer.children if child.network]
            stack += calls * [layer.network] if layer.network else inner
            if count > _MOST_CALLS or len(stack) > _MOST_CALLS:
                raise ModelError(f"The model in {file} calls its layers more than {_MOST_CALLS} times.")
            shape = layer.config.get("batch_shape") if layer.kind == "InputLayer" else None
            if any(isinstance(size, int) and size > _LONGEST for size in shape or ()):
                raise ModelError(f"An input of the model in {file} is too large.")


def _by_rows(item: Mapping[str, Any]) -> bool:
    """Tell whether an object surely does not work along the first axis, as far as its `axis` says."""
    stated = item.get("axis", item.get("axes", -1))
    axes = stated if isinstance(stated, list) else [stated]
    return all(axis is None or (isinstance(axis, int) and (axis > 0 or axis == -1)) for axis in axes)


def _parameters(weights: bytes, file: str) -> int:
    """Numbers in the weights; every array of them is inside the file."""
    with stored.opened(weights, file) as content:
        return content.check_all()


def _rewritten(config: Mapping[str, Any], metadata: Mapping[str, Any], weights: bytes) -> bytes:
    result = BytesIO()
    parts = {archive.CONFIG: json.dumps(config).encode(), archive.METADATA: json.dumps(metadata).encode()}
    with zipfile.ZipFile(result, "w") as written:
        for name, content in {**parts, archive.WEIGHTS: weights}.items():
            written.writestr(name, content)
    return result.getvalue()
