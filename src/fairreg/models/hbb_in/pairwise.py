# SPDX-License-Identifier: MIT
"""The interaction network as defined, pair by pair: the reference for the faster forms.

The features of each pair are concatenated, one row per pair, in all 60 slots, padding included. This takes
about ten times as long as the graph of `network`, and megabytes per jet.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.network import CLASSES, OUTPUT, Hyperparameters

__all__ = ["LARGEST_CALL", "definition", "pairwise_bytes"]

# Jets per call: the pairs of one jet take about 3 MB, so these take 1.5 GB.
LARGEST_CALL = 512

_OPSET, _IR_VERSION = 17, 8  # as `network`

Array = NDArray[Any]


def pairwise_bytes(tensors: Mapping[str, Array], dtype: str = "float32") -> bytes:
    """Serialised ONNX model of the definition with these weights, computing in `dtype` (float32, float64).

    Inputs `input_cpf` (N, track features, 60) and `input_sv` (N, vertex features, 5), output `probabilities`
    (N, 2), any N; no `input_sv` for a network of tracks only. The floating-point initializers are the
    tensors: float32 keeps their fingerprint. Raises ModelError for tensors of another network.
    """
    from onnx import helper

    sizes = Hyperparameters.from_tensors(tensors)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    shapes = ((sizes.track_features, sizes.n_tracks), (sizes.vertex_features, sizes.n_vertices))
    values = [
        helper.make_tensor_value_info(name, kind, ("N", *shape))
        for name, shape in zip(sizes.inputs, shapes, strict=False)
    ]
    outputs = [helper.make_tensor_value_info(OUTPUT, kind, ("N", len(CLASSES)))]
    stored = {name: array.astype(dtype) for name, array in tensors.items()}
    graph = helper.make_graph(
        _nodes(sizes), "hbb_in_pairwise", values, outputs, _initializers({**stored, **_indices(sizes)})
    )
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(graph, ir_version=_IR_VERSION, opset_imports=[opset], producer_name="fairreg")
    content: bytes = model.SerializeToString()
    return content


def definition(tensors: Mapping[str, Array], batch_size: int = 64) -> Callable[[Array, Array | None], Array]:
    """Return a function of tracks (N, P, 60) and vertices (N, S, 5): probabilities (N, 2) in float64.

    A network of tracks only ignores the vertices, which may be None.
    """
    from fairreg.runners import get

    names = Hyperparameters.from_tensors(tensors).inputs
    runner = get("onnx").load(pairwise_bytes(tensors, "float64"), batch_size=batch_size)

    def probabilities(tracks: Array, vertices: Array | None) -> Array:
        given = zip(names, (tracks, vertices), strict=False)
        return runner.run({name: np.asarray(array, dtype=np.float64) for name, array in given})[OUTPUT]

    return probabilities


def _indices(sizes: Hyperparameters) -> dict[str, Array]:
    """Indices of the objects of each pair, and the shapes in which the messages are summed."""
    slots, vertices = sizes.n_tracks, sizes.n_vertices
    senders = [[sender for sender in range(slots) if sender != receiver] for receiver in range(slots)]
    of_tracks = {
        "receiver": np.repeat(np.arange(slots), slots - 1),
        "sender": np.array(senders).ravel(),
    }
    of_vertices = {
        "track": np.repeat(np.arange(slots), vertices),
        "vertex": np.tile(np.arange(vertices), slots),
    }
    by_vertex = {"by_vertex": np.array([0, slots, vertices, sizes.width("fr3_pv")])}
    return {
        **of_tracks,
        **(of_vertices if sizes.vertex_features else {}),
        "by_track": np.array([0, slots, slots - 1, sizes.width("fr3")]),
        **(by_vertex if sizes.vertex_features else {}),
        "axis_1": np.array([1]),
        "axis_2": np.array([2]),
    }


def _initializers(arrays: Mapping[str, Array]) -> list[Any]:
    from onnx import numpy_helper

    return [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()]


def _nodes(sizes: Hyperparameters) -> list[Any]:
    rows = [
        _node("Transpose", name, output=output, perm=[0, 2, 1])
        for name, output in zip(sizes.inputs, ("x", "y"), strict=False)
    ]
    messages = _messages(("x", "x"), ("receiver", "sender"), "", "by_track", "from_tracks")
    sums = ["from_tracks"]
    if sizes.vertex_features:
        messages += _messages(("x", "y"), ("track", "vertex"), "_pv", "by_vertex", "from_vertices")
        sums.append("from_vertices")
    return [
        *rows,
        *messages,
        _node("Concat", "x", *sums, output="objects", axis=2),
        *_perceptron("objects", ["fo1", "fo2", "fo3"], "summands"),
        _node("ReduceSum", "summands", "axis_1", output="jet", keepdims=0),
        *_linear("jet", "fc_fixed", "logits"),
        _node("Softmax", "logits", output=OUTPUT, axis=-1),
    ]


def _messages(
    objects: tuple[str, str], chosen: tuple[str, str], suffix: str, shape: str, output: str
) -> list[Any]:
    layers = [f"fr{number}{suffix}" for number in (1, 2, 3)]
    ends = (f"{output}_receivers", f"{output}_senders")
    return [
        *(
            _node("Gather", value, indices, output=end, axis=1)
            for value, indices, end in zip(objects, chosen, ends, strict=True)
        ),
        _node("Concat", *ends, output=f"{output}_pairs", axis=2),
        *_perceptron(f"{output}_pairs", layers, f"{output}_edges"),
        _node("Reshape", f"{output}_edges", shape, output=f"{output}_grid"),
        _node("ReduceSum", f"{output}_grid", "axis_2", output=output, keepdims=0),
    ]


def _perceptron(value: str, layers: list[str], output: str) -> list[Any]:
    nodes: list[Any] = []
    for layer in layers:
        after = output if layer == layers[-1] else f"{layer}_active"
        nodes += [*_linear(value, layer, f"{layer}_sum"), _node("Relu", f"{layer}_sum", output=after)]
        value = after
    return nodes


def _linear(value: str, layer: str, output: str) -> list[Any]:
    """Nodes of a linear layer; the engine transposes the weights once, when it loads the model."""
    return [
        _node("Transpose", f"{layer}.weight", output=f"{layer}_columns", perm=[1, 0]),
        _node("MatMul", value, f"{layer}_columns", output=f"{output}_product"),
        _node("Add", f"{output}_product", f"{layer}.bias", output=output),
    ]


def _node(operator: str, *inputs: str, output: str, **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(operator, list(inputs), [output], **attributes)
