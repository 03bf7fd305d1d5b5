# SPDX-License-Identifier: MIT
"""Weights of a network from the HDF5 files of Keras, matched as Keras matches them.

Sources: keras/src/legacy/saving/legacy_h5_format.py (layer_names, weight_names; files of Keras 1 and 2, in
the order of the layers) and keras/src/saving/saving_lib.py (files of Keras 3: one path for each layer, by its
class and place). Every array of a file must be used.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from fairreg.errors import ModelError
from fairreg.runners.converters.keras import keras1
from fairreg.runners.converters.keras.arguments import KerasNetwork, Layer, quoted
from fairreg.runners.converters.keras.stored import Stored
from fairreg.runners.converters.keras.weights import Array, LayerWeights, leaves, names_of

__all__ = ["by_order", "by_path"]

_Owned = tuple[Layer, str]
_SUFFIX = re.compile(r"(_\d+)?(:\d+)?$")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_KNOWN = frozenset(
    {
        *("kernel", "recurrent_kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "alpha"),
        *("depthwise_kernel", "pointwise_kernel"),
    }
)
_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})


def by_order(network: KerasNetwork, stored: Stored, *, old: bool) -> tuple[LayerWeights, list[str]]:
    """Weights of a file of Keras 1 or 2, or of the same format by Keras 3; `old`: it is of Keras 1.

    Layers with weights and groups with weights are paired in their order. The second value are remarks.
    Raises ModelError for arrays that are missing, left over or out of order.
    """
    owners = [layer for layer in network.layers if _expected(layer)]
    groups = [
        (name, names)
        for name in stored.texts("layer_names")
        if (names := stored.group(name).texts("weight_names"))
    ]
    if "top_level_model_weights" in stored and stored.group("top_level_model_weights").texts("weight_names"):
        raise ModelError(f"{stored.file} has weights that belong to no layer, which is not supported.")
    remarks = _paired(owners, [name for name, _ in groups], stored.file)
    found: dict[Layer, dict[str, Array]] = {}
    for layer, (group, names) in zip(owners, groups, strict=True):
        arrays = [stored.group(group).array(name) for name in names]
        if old:
            if layer.network:
                raise layer.refusal("is a model inside a model of Keras 1, whose weights are not supported")
            arrays, names = keras1.arrays_of(layer, arrays), []  # noqa: PLW2901
        for (owner, weight), array in _owned(layer, names, arrays):
            found.setdefault(owner, {})[weight] = array
    return LayerWeights(found), remarks


def _paired(owners: Sequence[Layer], groups: Sequence[str], file: str) -> list[str]:
    """Check the pairs of layers and groups; return a remark where the names differ."""
    expected = [layer.name for layer in owners]
    if len(expected) != len(groups):
        missing, extra = sorted(set(expected) - set(groups)), sorted(set(groups) - set(expected))
        said = [f"it has none for {', '.join(map(quoted, missing[:5]))}"] if missing else []
        said += [f"no layer is called {', '.join(map(quoted, extra[:5]))}"] if extra else []
        raise ModelError(
            f"{file} has weights of {len(groups)} layers, and the model {len(expected)} layers with weights"
            f"{': ' if said else ''}{'; '.join(said)}."
        )
    if expected == list(groups):
        return []
    if sorted(expected) == sorted(groups):
        raise ModelError(
            f"{file} has its layers in another order than the model, so that it is not clear which is meant."
        )
    return [
        "The layers have other names in the file of the weights; they are paired in order, as Keras does."
    ]


def _expected(layer: Layer) -> list[_Owned]:
    """All weights of a layer and what is inside it: the trained ones, then the others."""
    trained: list[_Owned] = []
    others: list[_Owned] = []
    for leaf in leaves(layer):
        one, other = names_of(leaf)
        frozen = leaf.config.get("trainable") is False and leaf is not layer
        (others if frozen else trained).extend((leaf, name) for name in one)
        others.extend((leaf, name) for name in other)
    return trained + others


def _owned(layer: Layer, names: Sequence[str], arrays: Sequence[Array]) -> Iterator[tuple[_Owned, Array]]:
    """Pair the weights of a layer with its arrays: in their order, where their names allow it."""
    expected = _expected(layer)
    if len(expected) != len(arrays):
        raise ModelError(
            f"The file of the weights has {len(arrays)} arrays for {layer}, which has {len(expected)}: "
            f"{', '.join(quoted(name) for _, name in expected[:12])}."
        )
    if not names or all(_agrees(name, owner, layer) for name, owner in zip(names, expected, strict=True)):
        yield from zip(expected, arrays, strict=True)
        return
    for owner in expected:
        fits = [number for number, name in enumerate(names) if _agrees(name, owner, layer)]
        if len(fits) != 1:
            raise ModelError(
                f"The weights of {layer} are out of order: {', '.join(map(quoted, names[:12]))}."
            )
        yield owner, arrays[fits[0]]


def _agrees(name: str, owner: _Owned, layer: Layer) -> bool:
    """Tell whether a name of the file may be that of a weight; names of no known weight may be of any."""
    leaf, weight = owner
    *path, last = name.split("/")
    bare = _SUFFIX.sub("", last)
    if bare == "kernel" and weight == "depthwise_kernel":  # Keras 3 calls it so
        bare = weight
    if bare in _KNOWN and bare != weight:
        return False
    return not layer.network or any(_SUFFIX.sub("", part) == _SUFFIX.sub("", leaf.name) for part in path)


def by_path(network: KerasNetwork, stored: Stored) -> LayerWeights:
    """Weights of a file of Keras 3. Raises ModelError for arrays that are missing or left over."""
    if "_layer_checkpoint_dependencies" in stored:
        raise ModelError(f"{stored.file} is of a trial version of Keras' format, which is not supported.")
    stored.check_all()  # a link would otherwise count as a missing array
    places = dict(_places(network, ""))
    present = {
        name for name in stored.datasets() if name.startswith("layers/") and "/seed_generator/" not in name
    }
    if extra := sorted(present - places.keys()):
        raise ModelError(f"{stored.file} has weights {quoted(extra[0])} that no layer of the model takes.")
    found: dict[Layer, dict[str, Array]] = {}
    for place, (layer, name) in places.items():
        if place not in present:
            raise ModelError(
                f"The weights {quoted(name)} of {layer} are missing in {stored.file}: {quoted(place)}."
            )
        found.setdefault(layer, {})[name] = stored.array(place)
    return LayerWeights(found)


def _places(network: KerasNetwork, prefix: str) -> Iterator[tuple[str, _Owned]]:
    used: dict[str, int] = {}
    for layer in network.layers:
        name = snake_case(layer.kind)
        used[name] = used.get(name, -1) + 1
        number = f"_{used[name]}" if used[name] else ""
        yield from _inside(layer, f"{prefix}layers/{name}{number}/")


def _inside(layer: Layer, path: str) -> Iterator[tuple[str, _Owned]]:
    if layer.network:
        yield from _places(layer.network, path)
    elif layer.children:
        parts = ("forward_layer", "backward_layer") if layer.kind == "Bidirectional" else ("layer",)
        for part, child in zip(parts, layer.children, strict=True):
            yield from _inside(child, f"{path}{part}/")
    else:
        cell = "cell/" if layer.kind in _RECURRENT else ""
        names: Mapping[int, str] = dict(enumerate(sum(names_of(layer), ())))
        for number, name in names.items():
            yield f"{path}{cell}vars/{number}", (layer, name)


def snake_case(kind: str) -> str:
    """The name of a class in the paths of Keras 3: ``Conv2D`` is conv2d, ``MaxPooling2D`` max_pooling2d."""
    return _WORDS.sub("_", kind).lower()
