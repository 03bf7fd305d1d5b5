# SPDX-License-Identifier: MIT
"""Keras 1: its names of layers and arguments in the words of Keras 2, and its layouts of weights.

Sources: keras/legacy/interfaces.py of keras-team/keras 2.x (renamed arguments) and
`preprocess_weights_for_loading` of keras/engine/saving.py there (weights; the order of the gates).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fairreg.runners.converters.keras.arguments import Layer

__all__ = ["arrays_of", "is_old", "renamed"]

_COMMON = {"output_dim": "units", "bias": "use_bias", "inner_activation": "recurrent_activation"}
_CONVOLUTION = {
    "nb_filter": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "filter_length": "kernel_size",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
    "bias": "use_bias",
}
_POOLING = {
    "pool_length": "pool_size",
    "stride": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
}
_FORMAT = {"dim_ordering": "data_format"}
_ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("Dense", "LSTM", "GRU", "SimpleRNN"), _COMMON),
    **dict.fromkeys(("Convolution1D", "Convolution2D"), _CONVOLUTION),
    **dict.fromkeys(
        ("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"),
        _POOLING,
    ),
    **dict.fromkeys(
        ("GlobalMaxPooling2D", "GlobalAveragePooling2D", "ZeroPadding2D", "Cropping2D", "UpSampling2D"),
        _FORMAT,
    ),
    "UpSampling1D": {"length": "size"},
    "Merge": {"concat_axis": "axis"},
}
_KINDS = {"Convolution1D": "Conv1D", "Convolution2D": "Conv2D"}
_FORMATS = {"th": "channels_first", "tf": "channels_last"}
# The class of Keras 2 for each way of Keras 1 to merge.
_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate"}
# Arguments that only Keras 1 has.
_MARKS = frozenset({"nb_filter", "output_dim", "border_mode", "W_regularizer", "dim_ordering", "inner_init"})
_LSTM, _GRU = 12, 9  # arrays of a layer with separate gates


def is_old(kind: str, config: Mapping[str, Any]) -> bool:
    """Tell whether a layer's arguments are those of Keras 1."""
    marks = _MARKS - {"output_dim"} if kind not in _ARGUMENTS else _MARKS  # Embedding has it in all versions
    return kind in _KINDS or kind == "Merge" or not marks.isdisjoint(config)


def renamed(kind: str, config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The class and the arguments of a layer of Keras 1 in the words of Keras 2."""
    names = _ARGUMENTS.get(kind, {})
    found = {names.get(key, key): value for key, value in config.items()}
    if kind == "Convolution2D" and {"nb_row", "nb_col"} <= found.keys():
        found["kernel_size"] = [found.pop("nb_row"), found.pop("nb_col")]
    if isinstance(order := found.get("data_format"), str):
        found["data_format"] = _FORMATS.get(order, order)
    if kind == "Merge" and isinstance(mode := found.get("mode"), str) and mode in _MERGES:
        return _MERGES[mode], found
    return _KINDS.get(kind, kind), found


def arrays_of(layer: Layer, arrays: Sequence[Any]) -> list[Any]:
    """The arrays of a layer in a file of Keras 1 as Keras 2 would keep them.

    LSTM: input, candidate, forget and output gate become i, f, c, o; GRU: z, r, h, one array for all gates.
    """
    if layer.kind == "Bidirectional":
        half = len(arrays) // 2
        one, other = layer.children
        return [*arrays_of(one, arrays[:half]), *arrays_of(other, arrays[half:])]
    if layer.kind == "TimeDistributed":
        return arrays_of(layer.children[0], arrays)
    if layer.kind == "LSTM" and len(arrays) == _LSTM:
        return _gates(arrays, (0, 2, 1, 3))
    if layer.kind == "GRU" and len(arrays) == _GRU:
        return _gates(arrays, (0, 1, 2))
    if layer.kind in {"Conv1D", "Conv2D"} and arrays:
        return [_kernel(layer, arrays[0]), *arrays[1:]]
    return list(arrays)


def _gates(arrays: Sequence[Any], order: tuple[int, ...]) -> list[Any]:
    parts = [[arrays[3 * gate + which] for gate in order] for which in range(3)]
    if any(len({part.shape[:-1] for part in same}) != 1 or not same[0].ndim for same in parts):
        return list(arrays)  # their number is an error then
    return [np.concatenate(same, axis=-1) for same in parts]


def _kernel(layer: Layer, kernel: Any) -> Any:
    if kernel.ndim != 4:  # noqa: PLR2004  rows, columns, inputs, outputs
        return kernel
    if layer.kind == "Conv1D":
        length, filters = layer.integers("kernel_size", 1)[0], layer.integer("filters")
        if kernel.shape[:2] != (length, 1) or kernel.shape[3] != filters:
            kernel = kernel.transpose(2, 3, 1, 0)  # before Keras 1.1
        return kernel[:, 0] if kernel.shape[1] == 1 else kernel
    first = layer.config.get("data_format") == "channels_first"
    return kernel.transpose(2, 3, 1, 0) if first else kernel
