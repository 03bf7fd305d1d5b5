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

from fairreg.runners.converters.base import Conversion
from fairreg.runners.converters.keras import edges, model_file, network
from fairreg.runners.converters.keras.graph import KerasGraph
from fairreg.schemas.text import one_line
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
    graph = KerasGraph(model.major, model.backend)
    whole = model.network
    given, made = network.names(whole.inputs), network.names(whole.outputs)
    made = [f"{name}_output" if name in given else name for name in made]
    graph.reserve([*given, *made])
    shapes = [network.input_shape(whole.by_name[item.layer]) for item in whole.inputs]
    values = [graph.input(name, shape) for name, shape in zip(given, shapes, strict=True)]
    for name, value in zip(made, network.written(graph, whole, values, model.weights), strict=True):
        graph.output(name, value)
    stated = one_line(model.version or "")[:_SHOWN]
    original = f"Keras {stated or model.major or '(version not stated)'}"
    return Conversion(
        graph.serialised(original),
        original,
        _runtime(path, model),
        edges.inputs(given, shapes),
        (*model.remarks, *graph.remarks),
    )


def _runtime(path: Path, model: model_file.KerasModel) -> str | None:
    """The runner of the original: Keras 3 runs its own archives, but not step by step."""
    with path.open("rb") as file:
        is_archive = file.read(2) == b"PK"
    runs = (
        is_archive and model.major == _RUN_BY_KERAS and "TimeDistributed" not in network.kinds(model.network)
    )
    return "keras" if runs else None
