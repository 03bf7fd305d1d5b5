# SPDX-License-Identifier: MIT
"""Layers and arguments computed by Keras 3 itself with PyTorch: those that agree with a definition.

Each was compared with the ONNX that is written here, or with a plain definition in numpy (docs/keras.md).
Refused, since Keras 3.15 with PyTorch computes them otherwise than it defines them:

- averages over padding of unequal sides: keras/src/backend/torch/nn.py, `_apply_same_padding`, repeats the
  numbers at the edge, which then count; TensorFlow leaves padding out of the mean;
- normalisation of other axes than the last: keras/src/ops/nn.py calls `torch.nn.functional.layer_norm` and
  `rms_norm`, which take the last axes;
- bicubic interpolation: the constant is -0.75, and -0.5 in TensorFlow (kernels/image/resize_bicubic_op.cc).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from fairreg.runners.converters.keras import layers, network
from fairreg.runners.converters.keras.arguments import KerasNetwork, Layer, Reference, quoted
from fairreg.runners.converters.keras.layers import activations

__all__ = ["KINDS", "check", "indices"]

_HINT = "fairreg convert writes many such models as ONNX; or ask its authors for an ONNX file."
_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})
_POOL = "pool_size strides padding data_format"
_TRANSPOSED = (
    "filters kernel_size strides padding output_padding data_format dilation_rate activation use_bias"
)
_HEADS = "num_heads key_dim value_dim use_bias output_shape attention_axes"
# Layers beside those that can be written, with the arguments that each may have.
_MORE: Mapping[str, str] = {
    "Embedding": "input_dim output_dim",
    "Masking": "mask_value",
    "MultiHeadAttention": _HEADS,
    "Attention": "use_scale score_mode",
    "AdditiveAttention": "use_scale",
    "Dot": "axes normalize",
    "EinsumDense": "equation output_shape activation bias_axes",
    "Conv3D": "filters kernel_size strides padding data_format dilation_rate groups activation use_bias",
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _TRANSPOSED),
    **dict.fromkeys(("MaxPooling3D", "AveragePooling3D"), _POOL),
    **dict.fromkeys(("GlobalMaxPooling3D", "GlobalAveragePooling3D"), "data_format keepdims"),
    "GroupNormalization": "groups axis epsilon center scale",
    "UnitNormalization": "axis",
    "RMSNormalization": "axis epsilon",
    "Normalization": "axis mean variance invert",
    "ZeroPadding3D": "padding data_format",
    "Cropping3D": "cropping data_format",
    "UpSampling3D": "size data_format",
    "SpatialDropout3D": "rate data_format",
}
# Classes that Keras may make, with the layer of an input.
KINDS = frozenset({*layers.KINDS, *_MORE, "InputLayer"})
_NUMBERS_OF_INPUTS: Mapping[str, frozenset[int]] = {
    "Dot": frozenset({2}),
    **dict.fromkeys(("Attention", "AdditiveAttention", "MultiHeadAttention"), frozenset({2, 3})),
}
_MERGING = frozenset({"Add", "Multiply", "Subtract", "Average", "Maximum", "Minimum", "Concatenate"})
# Layers that take a mask to their output, or end it there; only the recurrent ones compute otherwise with it.
_KEEP_MASKS = _RECURRENT | {
    *("Masking", "Dense", "Activation", "Dropout", "GaussianNoise", "BatchNormalization", "Bidirectional"),
    *("ReLU", "LeakyReLU", "ELU", "PReLU"),
}
_INTEGERS = frozenset({"int32", "int64"})


def check(whole: KerasNetwork) -> None:
    """Raise ModelError, with the name of the layer, for a model that Keras would not compute as defined."""
    _check(whole, inside=False)


def _check(whole: KerasNetwork, *, inside: bool) -> None:
    for layer in whole.layers:
        _check_layer(layer)
        if layer.network is not None:
            _check(layer.network, inside=True)
    _check_indices(whole, inside=inside)
    _check_masks(whole, inside=inside)


def _check_layer(layer: Layer) -> None:
    if layer.network is not None:
        return
    if layer.kind == "InputLayer":
        network.input_shape(replace(layer, config={**layer.config, "dtype": "float32"}))
        if _type(layer) not in {"float32", *_INTEGERS}:
            raise layer.wrong("dtype")
        return
    if layer.kind == "TimeDistributed":
        raise layer.refusal("is run step by step by Keras, which fairreg leaves out", hint=_HINT)
    layers.check_arguments(layer, _MORE)
    for item in (*layer.children, *_activations(layer)):
        _check_layer(item)
    several = frozenset(range(2, 1000)) if layer.kind in _MERGING else frozenset({1})
    for call in layer.calls:
        if len(call.inputs) not in _NUMBERS_OF_INPUTS.get(layer.kind, several):
            raise layer.refusal(f"is called with {len(call.inputs)} inputs, which is not supported")
    if layer.kind in _RULES:
        _RULES[layer.kind](layer)


def _type(layer: Layer) -> str:
    """The type of an input."""
    return str(layer.config.get("dtype") or "float32")


def _activations(layer: Layer) -> Iterator[Layer]:
    """The layers that a layer has as its activations. Raises ModelError for an unknown function."""
    for key in ("activation", "recurrent_activation"):
        stated = activations.name_of(layer, key)
        if isinstance(stated, Mapping):
            config = stated.get("config")
            inner = config if isinstance(config, Mapping) else {}
            yield Layer(str(stated["class_name"]), f"{layer.name}/{key}", inner)
        else:
            activations.check_name(layer, stated)


def _average(layer: Layer) -> None:
    rank = int(layer.kind[-2])
    if layer.choice("padding", "valid", "valid", "same") == "valid":
        return
    sizes = layer.integers("pool_size", rank, 2)
    strides = sizes if layer.config.get("strides") is None else layer.integers("strides", rank)
    if any(stride > 1 or not size % 2 for size, stride in zip(sizes, strides, strict=True)):
        raise layer.refusal(
            "averages over padding, whose sides may differ, and Keras with PyTorch then counts the padding",
            hint=_HINT,
        )


def _last_axis(layer: Layer) -> None:
    if layer.config.get("axis", -1) not in (-1, [-1]):
        raise layer.refusal(
            f"normalises along the axis {quoted(layer.config['axis'])}, and Keras with PyTorch takes the "
            "last axes for it; only -1 is run",
            hint=_HINT,
        )


def _not_unrolled(layer: Layer) -> None:
    if layer.config.get("unroll"):
        raise layer.refusal("is unrolled, which Keras runs step by step and fairreg leaves out", hint=_HINT)


def _bidirectional(layer: Layer) -> None:
    layer.choice("merge_mode", "concat", "concat", "sum", "mul", "ave")
    one, other = layer.children
    if not {one.kind, other.kind} <= _RECURRENT:
        raise layer.refusal("wraps other layers than recurrent ones, which is not supported")
    if one.flag("return_sequences") != other.flag("return_sequences"):
        raise layer.refusal("has two layers of which one alone gives sequences")


def _upsampling(layer: Layer) -> None:
    layer.choice("interpolation", "nearest", "nearest", "bilinear")


def _concatenate(layer: Layer) -> None:
    if layer.config.get("axis", -1) == 0:
        raise layer.refusal("joins rows, which is not supported")


def _attention(layer: Layer) -> None:
    layer.choice("score_mode", "dot", "dot", "concat")


_RULES: Mapping[str, Callable[[Layer], None]] = {
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"), _average),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), _last_axis),
    **dict.fromkeys(_RECURRENT, _not_unrolled),
    "Bidirectional": _bidirectional,
    "UpSampling2D": _upsampling,
    "Concatenate": _concatenate,
    "Attention": _attention,
}


def indices(whole: KerasNetwork) -> frozenset[str]:
    """Names of the inputs that are the numbers of rows of an embedding."""
    inputs = {item.layer for item in whole.inputs}
    return frozenset(
        item.layer
        for layer, _, taken in _calls(whole)
        for item in taken
        if layer.kind == "Embedding" and item.layer in inputs
    )


def _check_indices(whole: KerasNetwork, *, inside: bool) -> None:
    """Raise ModelError where an embedding takes no input of the model, or something else takes integers."""
    integers = {
        layer.name for layer in whole.layers if layer.kind == "InputLayer" and _type(layer) in _INTEGERS
    }
    inputs = frozenset[str]() if inside else {item.layer for item in whole.inputs}
    for layer, _, taken in _calls(whole):
        names = {item.layer for item in taken}
        if layer.kind == "Embedding" and not names <= inputs:
            raise layer.refusal(
                "takes something else than an input of the whole model, which is not supported"
            )
        if layer.kind != "Embedding" and names & integers:
            raise layer.refusal("takes an input of integers, which only Embedding may")


def _calls(whole: KerasNetwork) -> Iterator[tuple[Layer, int, tuple[Reference, ...]]]:
    for layer, number in network.ordered(whole):
        yield layer, number, layer.calls[number].inputs


def _check_masks(whole: KerasNetwork, *, inside: bool) -> None:
    """Raise ModelError where a mask comes to a layer whose use of masks was not compared."""
    masked: set[tuple[str, int]] = set()
    for layer, number, taken in _calls(whole):
        if layer.kind != "Masking" and not any((item.layer, item.call) in masked for item in taken):
            continue
        if layer.kind not in _KEEP_MASKS:
            raise layer.refusal("takes a sequence with a mask, which is not supported in it")
        if layer.kind in _RECURRENT:
            layer.forbid("zero_output_for_mask")
        inner = layer.children[0] if layer.kind == "Bidirectional" else layer
        if inner.kind not in _RECURRENT or inner.flag("return_sequences"):
            masked.add((layer.name, number))
    for item in whole.outputs:
        if inside and (item.layer, item.call) in masked:
            raise whole.by_name[item.layer].refusal(
                "gives a mask to the model around it, which is not supported"
            )
