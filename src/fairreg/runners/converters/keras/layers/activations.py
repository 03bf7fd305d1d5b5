# SPDX-License-Identifier: MIT
"""Activation functions as Keras of the version that the file states defines them.

Sources: keras/src/activations/activations.py (Keras 3), keras/activations.py, keras/backend and
keras/layers/advanced_activations.py of Keras 1 and 2 (hard_sigmoid is clip(0.2 x + 0.5, 0, 1) there, and
relu6(x + 3) / 6 in Keras 3).
"""

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

from fairreg.runners.converters.keras.arguments import Layer, quoted
from fairreg.runners.converters.keras.graph import KerasGraph, Value

__all__ = ["LAYERS", "activated", "check_name", "hard_sigmoid_slope", "name_of", "recurrent"]

_ALPHA, _SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al., arXiv:1706.02515
_VERSION_3 = 3
_Written = Callable[[KerasGraph, Value], Value]


def name_of(layer: Layer, key: str = "activation") -> str | Mapping[str, Any]:
    """The name of an activation, or the description of its layer; ``linear`` where there is none."""
    stated = layer.config.get(key)
    if isinstance(stated, Mapping):
        if stated.get("class_name") == "function":
            name = stated.get("config")
            if isinstance(name, str) and stated.get("module") in {"builtins", "keras.activations"}:
                return name if name in _FUNCTIONS else _foreign(layer, name)
        elif str(stated.get("class_name")) in LAYERS:
            return stated
        raise layer.wrong(key)
    if stated is None:
        return "linear"
    return stated if isinstance(stated, str) else _foreign(layer, stated)


def _foreign(layer: Layer, name: object) -> str:
    raise layer.refusal(f"has the activation {quoted(name)}, which is the author's own or not supported")


def check_name(layer: Layer, name: str) -> None:
    """Raise ModelError for the name of an unknown function."""
    if name not in _FUNCTIONS:
        _foreign(layer, name)


def hard_sigmoid_slope(graph: KerasGraph, layer: Layer) -> float:
    """Slope of hard_sigmoid, by the version of Keras. Raises ModelError where the file does not state it."""
    if graph.major is None:
        raise layer.refusal(
            "uses hard_sigmoid, which Keras 3 defines otherwise than Keras 1 and 2, and the file does not "
            "state its version of Keras",
            hint='If you know it, add "keras_version": "2.2.4", or the true one, to the JSON file.',
        )
    return 1 / 6 if graph.major >= _VERSION_3 else 0.2


def activated(graph: KerasGraph, layer: Layer, value: Value, key: str = "activation") -> Value:
    """Apply the activation of a layer. Raises ModelError for one that is unknown in its version of Keras."""
    name = name_of(layer, key)
    if isinstance(name, Mapping):
        config = name.get("config")
        inner = Layer(
            str(name["class_name"]), f"{layer.name}/{key}", config if isinstance(config, Mapping) else {}
        )
        return LAYERS[inner.kind](graph, inner, value)
    return _function(graph, layer, name)(graph, value)


def _function(graph: KerasGraph, layer: Layer, name: str) -> _Written:
    if name == "hard_sigmoid":
        slope = hard_sigmoid_slope(graph, layer)
        return lambda graph, value: graph.apply("HardSigmoid", value, alpha=slope, beta=0.5)
    found = _FUNCTIONS.get(name)
    if found is None:
        _foreign(layer, name)
    if name in _ONLY_3 and graph.major != _VERSION_3:
        raise layer.refusal(f"uses the activation {quoted(name)}, which only Keras 3 has by that name")
    return _FUNCTIONS[name]


def _plain(kind: str, **attributes: Any) -> _Written:
    return lambda graph, value: graph.apply(kind, value, **attributes)


def _times(graph: KerasGraph, value: Value, factor: Value) -> Value:
    return graph.apply("Mul", value, factor.name)


def _swish(graph: KerasGraph, value: Value) -> Value:
    return _times(graph, value, graph.apply("Sigmoid", value))


def _gelu(graph: KerasGraph, value: Value) -> Value:
    inner = graph.apply("Erf", graph.apply("Mul", value, graph.scalar(1 / sqrt(2))))
    half = graph.apply("Mul", value, graph.scalar(0.5))
    return _times(graph, half, graph.apply("Add", inner, graph.scalar(1)))


def _mish(graph: KerasGraph, value: Value) -> Value:
    return _times(graph, value, graph.apply("Tanh", graph.apply("Softplus", value)))


def _clip(low: float, high: float) -> _Written:
    return lambda graph, value: graph.apply("Clip", value, graph.scalar(low), graph.scalar(high))


def _hard_silu(graph: KerasGraph, value: Value) -> Value:
    return _times(graph, value, graph.apply("HardSigmoid", value, alpha=1 / 6, beta=0.5))


def _log_sigmoid(graph: KerasGraph, value: Value) -> Value:
    return graph.apply("Neg", graph.apply("Softplus", graph.apply("Neg", value)))


def _tanh_shrink(graph: KerasGraph, value: Value) -> Value:
    return graph.apply("Sub", value, graph.apply("Tanh", value).name)


_FUNCTIONS: Mapping[str, _Written] = {
    "linear": lambda _graph, value: value,
    "relu": _plain("Relu"),
    "tanh": _plain("Tanh"),
    "sigmoid": _plain("Sigmoid"),
    "softmax": _plain("Softmax", axis=-1),
    "softplus": _plain("Softplus"),
    "softsign": _plain("Softsign"),
    "exponential": _plain("Exp"),
    "elu": _plain("Elu", alpha=1.0),
    "selu": _plain("Selu", alpha=_ALPHA, gamma=_SCALE),
    "gelu": _gelu,
    "swish": _swish,
    "silu": _swish,
    "hard_sigmoid": _plain("HardSigmoid"),  # `_function` sets its slope
    "leaky_relu": _plain("LeakyRelu", alpha=0.2),
    "relu6": _clip(0, 6),
    "mish": _mish,
    "hard_silu": _hard_silu,
    "hard_swish": _hard_silu,
    "hard_tanh": _clip(-1, 1),
    "celu": _plain("Celu", alpha=1.0),
    "log_sigmoid": _log_sigmoid,
    "log_softmax": _plain("LogSoftmax", axis=-1),
    "tanh_shrink": _tanh_shrink,
}
_ONLY_3 = frozenset(
    {
        "leaky_relu",
        "relu6",
        "hard_silu",
        "hard_swish",
        "hard_tanh",
        "celu",
        "log_sigmoid",
        "log_softmax",
        "tanh_shrink",
    }
)
# Names and parameters in ONNX' recurrent operators.
_RECURRENT: Mapping[str, tuple[str, float | None, float | None]] = {
    "tanh": ("Tanh", None, None),
    "sigmoid": ("Sigmoid", None, None),
    "relu": ("Relu", None, None),
    "linear": ("Affine", 1.0, 0.0),
    "softsign": ("Softsign", None, None),
    "softplus": ("Softplus", None, None),
    "elu": ("Elu", 1.0, None),
}


def recurrent(graph: KerasGraph, layer: Layer, *keys: str) -> dict[str, Any]:
    """Attributes of a recurrent operator for the activations under `keys`, in its order.

    Raises ModelError for one that ONNX' operators do not have.
    """
    names: list[str] = []
    alphas: list[float] = []
    betas: list[float] = []
    for key in keys:
        if key not in layer.config:
            raise layer.wrong(key)  # its default differs between versions of Keras
        name = name_of(layer, key)
        if name == "hard_sigmoid":
            found: tuple[str, float | None, float | None] = (
                "HardSigmoid",
                hard_sigmoid_slope(graph, layer),
                0.5,
            )
        elif isinstance(name, str) and name in _RECURRENT:
            found = _RECURRENT[name]
        else:
            raise layer.refusal(
                f"has the {key.replace('_', ' ')} {quoted(name)}, which is not supported in it"
            )
        names.append(found[0])
        alphas += [found[1]] if found[1] is not None else []
        betas += [found[2]] if found[2] is not None else []
    attributes: dict[str, Any] = {"activations": names}
    return (
        attributes
        | ({"activation_alpha": alphas} if alphas else {})
        | ({"activation_beta": betas} if betas else {})
    )


def _relu(graph: KerasGraph, layer: Layer, value: Value) -> Value:
    """f(x) = x above the threshold, slope * (x - threshold) below it, at most `max_value`."""
    slope, threshold = layer.number("negative_slope", 0.0), layer.number("threshold", 0.0)
    positive = (
        graph.apply("ThresholdedRelu", value, alpha=threshold) if threshold else graph.apply("Relu", value)
    )
    if layer.config.get("max_value") is not None:
        positive = graph.apply("Min", positive, graph.scalar(layer.number("max_value")))
    if threshold < 0 or (layer.config.get("max_value") is not None and layer.number("max_value") < 0):
        raise layer.wrong("threshold" if threshold < 0 else "max_value")
    if not slope:
        return positive
    below = graph.apply("Relu", graph.apply("Sub", Value(graph.scalar(threshold), value.shape), value.name))
    return graph.apply("Sub", positive, graph.apply("Mul", below, graph.scalar(slope)).name)


def _leaky(graph: KerasGraph, layer: Layer, value: Value) -> Value:
    key = "negative_slope" if "negative_slope" in layer.config else "alpha"
    return graph.apply("LeakyRelu", value, alpha=layer.number(key, 0.3))


def _softmax(graph: KerasGraph, layer: Layer, value: Value) -> Value:
    axis = layer.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if not isinstance(axis, int) or axis == 0 or not -value.rank < axis < value.rank:
        raise layer.wrong("axis")
    return graph.apply("Softmax", value, axis=axis)


# Layers that are activations, without weights.
LAYERS: Mapping[str, Callable[[KerasGraph, Layer, Value], Value]] = {
    "ReLU": _relu,
    "LeakyReLU": _leaky,
    "Softmax": _softmax,
    "ELU": lambda graph, layer, value: graph.apply("Elu", value, alpha=layer.number("alpha", 1.0)),
    "ThresholdedReLU": lambda graph, layer, value: graph.apply(
        "ThresholdedRelu", value, alpha=layer.number("theta", 1.0)
    ),
}
