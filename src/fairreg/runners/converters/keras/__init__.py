# SPDX-License-Identifier: MIT
"""Keras models of version 1, 2 and 3 as ONNX, without Keras (extra ``hep`` for HDF5).

Own writer: Keras 3 does not load most of the .h5 files that are published and computes some of them wrong,
since functions such as hard_sigmoid changed their meaning. Each layer is written as the version of Keras that
the file states defines it; docs/keras.md lists the layers. Nothing of the file is executed.

- `safety` refuses code and foreign modules in a configuration, `stored` and `archive` read within bounds;
- `model_file` finds architecture and weights, `configuration` reads networks (`keras1` translates), `stores`
  the weights;
- `network` walks through the layers of `layers`; `graph` holds the ONNX graph.
"""

from pathlib import Path

from fairreg.errors import ModelError
from fairreg.runners.converters.base import Conversion
from fairreg.runners.converters.keras import edges, keras_engine, model_file, network
from fairreg.runners.converters.keras.arguments import plain
from fairreg.runners.converters.keras.graph import KerasGraph
from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition import FormatDescription

__all__ = ["FORMATS", "accepts", "convert"]

_SHOWN = 40
_RUN_BY_KERAS = 3
FORMATS: frozenset[FileFormat] = frozenset({"hdf5", "keras"})


def accepts(described: FormatDescription, /) -> bool:
    """Tell whether a described file is of Keras: a model, or weights."""
    return described.format == "keras" or described.framework == "Keras"


def convert(path: Path, /) -> Conversion:
    """Write a Keras model as ONNX.

    Inputs and outputs have the names of their layers; float32; rows are independent of each other. Raises
    ModelError, with the name of the layer, SecurityRefusal for code in the file, MissingEngine without h5py.
    """
    model = model_file.read(path)
    graph = KerasGraph(model.major, model.backend, model.weights.count)
    whole = model.network
    given, made = network.names(whole.inputs), network.names(whole.outputs)
    made = [f"{name}_output" if name in given else name for name in made]
    graph.reserve([*given, *made])
    shapes = [network.input_shape(whole.by_name[item.layer]) for item in whole.inputs]
    values = [graph.input(name, shape) for name, shape in zip(given, shapes, strict=True)]
    for name, value in zip(made, network.written(graph, whole, values, model.weights), strict=True):
        graph.output(name, value)
    stated = plain(model.version or "", _SHOWN)
    original = f"Keras {stated or model.major or '(version not stated)'}"
    runtime, reason = _runtime(path, model)
    return Conversion(
        graph.serialised(original),
        original,
        runtime,
        edges.inputs(given, shapes),
        (*model.remarks, *graph.remarks, *reason),
    )


def _runtime(path: Path, model: model_file.KerasModel) -> tuple[str | None, tuple[str, ...]]:
    """The runner of the original, or a remark why Keras 3 is not asked for what is in its own archive."""
    with path.open("rb") as file:
        is_archive = file.read(2) == b"PK"
    if not is_archive or model.major != _RUN_BY_KERAS:
        return None, ()
    try:
        keras_engine.check(model.network)
    except ModelError as error:
        return None, (f"Keras itself is not asked: {error.message}",)
    return "keras", ()
