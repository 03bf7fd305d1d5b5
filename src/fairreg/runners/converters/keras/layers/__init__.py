# SPDX-License-Identifier: MIT
"""The layers that can be written, by their class in Keras 2 and 3, with the arguments that each may have.

An argument that is not listed and has a value makes the layer unsupported: it would be left out silently.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from fairreg.runners.converters.keras.arguments import KerasNetwork, Layer
from fairreg.runners.converters.keras.graph import KerasGraph, Value, known
from fairreg.runners.converters.keras.layers import activations, dense, merging, pooling, recurrent, shaping
from fairreg.runners.converters.keras.layers import convolution as conv
from fairreg.runners.converters.keras.weights import LayerWeights

__all__ = ["KINDS", "canonical", "check_all", "check_arguments", "write"]

Writer = Callable[[KerasGraph, Layer, tuple[Value, ...], LayerWeights], Value]


@dataclass(frozen=True)
class _Kind:
    """The writer of a layer, and the arguments that decide what it computes."""

    write: Writer
    arguments: frozenset[str]
    several: bool = False  # inputs


def _kind(write: Writer, arguments: str = "", *, several: bool = False) -> _Kind:
    return _Kind(write, frozenset(arguments.split()), several)


def _activation(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    return activations.activated(graph, layer, inputs[0])


def _activation_layer(
    graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights
) -> Value:
    return activations.LAYERS[layer.kind](graph, layer, inputs[0])


_CONV = "filters kernel_size strides padding data_format dilation_rate groups activation use_bias"
_DEPTH = "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias"
_POOL = "pool_size strides padding data_format"
_RNN = "units activation recurrent_activation use_bias return_sequences go_backwards reset_after"
_ELEMENTWISE = _kind(merging.elementwise, "mode axis", several=True)

KINDS: Mapping[str, _Kind] = {
    "Dense": _kind(dense.dense, "units activation use_bias"),
    "BatchNormalization": _kind(dense.batch_normalisation, "axis epsilon center scale"),
    "LayerNormalization": _kind(dense.layer_normalisation, "axis epsilon center scale"),
    "PReLU": _kind(dense.prelu, "shared_axes"),
    "Rescaling": _kind(dense.rescaling, "scale offset"),
    **dict.fromkeys(("Conv1D", "Conv2D"), _kind(conv.convolution, _CONV)),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _kind(conv.depthwise, _DEPTH)),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _kind(conv.separable, f"filters {_DEPTH}")),
    **dict.fromkeys(
        ("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"),
        _kind(pooling.pooling, _POOL),
    ),
    **dict.fromkeys(
        ("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D"),
        _kind(pooling.global_pooling, "data_format keepdims"),
    ),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _kind(recurrent.recurrent, _RNN)),
    "Bidirectional": _kind(recurrent.bidirectional, "layer backward_layer merge_mode"),
    **dict.fromkeys(("Add", "Multiply", "Subtract", "Average", "Maximum", "Minimum"), _ELEMENTWISE),
    "Concatenate": _kind(merging.concatenate, "axis mode", several=True),
    "Activation": _kind(_activation, "activation"),
    **{
        name: _kind(_activation_layer, "axis alpha negative_slope max_value threshold theta")
        for name in activations.LAYERS
    },
    "Flatten": _kind(shaping.flatten, "data_format"),
    "Reshape": _kind(shaping.reshape, "target_shape"),
    "Permute": _kind(shaping.permute, "dims"),
    "RepeatVector": _kind(shaping.repeat, "n"),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D"), _kind(shaping.padding, "padding data_format")),
    **dict.fromkeys(("Cropping1D", "Cropping2D"), _kind(shaping.cropping, "cropping data_format")),
    **dict.fromkeys(
        ("UpSampling1D", "UpSampling2D"), _kind(shaping.upsampling, "size data_format interpolation")
    ),
    **dict.fromkeys(
        (
            *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout", "GaussianDropout"),
            *("GaussianNoise", "ActivityRegularization", "Identity"),
        ),
        _kind(shaping.identity, "rate p stddev sigma l1 l2 data_format"),
    ),
}
# Names that Keras gives a class besides its own, and those of TensorFlow 1.13 to 2.0.
_ALIASES: Mapping[str, str] = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
}
# Arguments that decide only how a layer is made and trained, or how fast it is.
_TRAINING = frozenset(
    {
        *("name", "trainable", "dtype", "batch_input_shape", "batch_shape", "input_shape", "input_dim"),
        *(
            "input_dtype",
            "input_length",
            "init",
            "inner_init",
            "forget_bias_init",
            "weights",
            "implementation",
        ),
        *("unroll", "consume_less", "seed", "noise_shape", "momentum", "dropout", "recurrent_dropout"),
        *("dropout_W", "dropout_U", "unit_forget_bias", "supports_masking", "stateful", "return_state"),
        *("time_major", "zero_output_for_mask", "synchronized", "fused", "renorm_momentum"),
        *(
            "renorm_clipping",
            "renorm",
            "virtual_batch_size",
            "rms_scaling",
            "mode",
            "gamma_init",
            "beta_init",
        ),
        *("activity_regularizer", "build_input_shape", "batch_size", "autocast", "sparse", "ragged"),
    }
)
_ENDINGS = ("_initializer", "_regularizer", "_constraint")
# These sound like training and would change the result: layers refuse them where they are set.
_UNSET = frozenset({"stateful", "return_state", "time_major", "renorm", "virtual_batch_size", "rms_scaling"})


def canonical(layer: Layer) -> Layer:
    """The layer under the name by which its class is known here."""
    return replace(layer, kind=_ALIASES.get(layer.kind, layer.kind))


def check_arguments(layer: Layer, more: Mapping[str, str] | None = None) -> None:
    """Raise ModelError for an unknown class or argument, and for arithmetic other than float32.

    `more` are further classes with their arguments, as words of one text.
    """
    found = KINDS.get(layer.kind)
    also = (more or {}).get(layer.kind)
    if found is None and also is None:
        raise layer.refusal(_reason(layer.kind))
    arguments = found.arguments if found is not None else frozenset((also or "").split())
    for key, value in layer.config.items():
        known = key in arguments or key in _TRAINING or key.endswith(_ENDINGS)
        if not known and value not in (None, False):
            raise layer.wrong(key)
    layer.forbid(*_UNSET)
    if _precision(layer.config.get("dtype")) not in (None, "float32"):
        raise layer.wrong("dtype")


def check_all(network: KerasNetwork) -> None:
    """Raise ModelError for a layer of a network that cannot be written, before its weights are read."""
    for layer in network.layers:
        for item in (layer, *layer.children):
            if item.network is not None:
                check_all(item.network)
            elif item.kind not in {"InputLayer", "TimeDistributed"}:
                check_arguments(item)


def _precision(stated: object) -> object:
    """The name of the type that a layer computes in."""
    if isinstance(stated, Mapping):
        config = stated.get("config")
        return config.get("name") if isinstance(config, Mapping) else stated
    return stated


def _reason(kind: str) -> str:
    if kind in {"Masking", "Embedding"}:
        return "makes a mask or takes indices, which is not supported"
    if kind.startswith(("Q", "H")) and kind[1:2].isupper():
        return "is of QKeras or HGQ, or the author's own, and not of Keras"
    return "is of a class that is the author's own or not supported"


def write(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights) -> Value:
    """Write a layer. Raises ModelError, with its name, for what cannot be written exactly."""
    check_arguments(layer)
    found = KINDS[layer.kind]
    if not found.several and len(inputs) != 1:
        raise layer.refusal(f"is called with {len(inputs)} inputs, which is not supported")
    value = found.write(graph, layer, inputs, weights)
    graph.take(layer, known((1, *(size or 1 for size in value.shape[1:]))) or 0)
    return value
