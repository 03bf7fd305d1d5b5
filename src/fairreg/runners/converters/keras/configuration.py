# SPDX-License-Identifier: MIT
"""Keras configurations of version 1, 2 and 3 as networks of layers.

Sources: keras/src/models/functional.py and sequential.py (Keras 3), keras/engine/network.py (Keras 2),
keras/engine/topology.py (Keras 1): layers, inbound_nodes, input_layers, output_layers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fairreg.errors import ModelError
from fairreg.runners.converters.keras import keras1, layers
from fairreg.runners.converters.keras.arguments import Call, KerasNetwork, Layer, Reference, quoted

__all__ = ["NETWORKS", "Reader", "listed_layers"]

NETWORKS = frozenset({"Sequential", "Functional", "Model"})
_WRAPPERS = frozenset({"Bidirectional", "TimeDistributed"})
_MODULES = (
    "keras.layers",
    "keras.src.layers",
    "keras.models",
    "keras.src.models",
    "keras.src.engine",
    "keras.engine",
)
_MAX_LAYERS = 10_000
_MAX_NESTED = 20
_KERAS_3 = 3
_PLACE, _PLACE_AND_ARGUMENTS = 3, 4  # parts of a reference
# Arguments of a call that may stand beside its inputs; their values must be none or false.
_CALL_ARGUMENTS = frozenset({"training", "mask", "initial_state"})
_TENSOR = "__keras_tensor__"


def listed_layers(config: Any) -> list[Any]:
    """The configurations of the layers of a network's `config`, which is a list or an object with one."""
    found = config.get("layers") if isinstance(config, Mapping) else config
    return found if isinstance(found, list) else []


@dataclass(frozen=True)
class Reader:
    """Reads the configuration of a file called `file`, of the major version `major` (None: not stated)."""

    file: str
    major: int | None

    def network(self, item: Mapping[str, Any], depth: int = 0) -> KerasNetwork:
        """Read a network. Raises ModelError for what is not one, and for a class that is not Keras' own."""
        kind, config = item.get("class_name"), item.get("config")
        if not isinstance(kind, str) or kind not in NETWORKS:
            raise ModelError(
                f"{self.file} is a model of the class {quoted(kind)}, which is not one of layers alone.",
                hint="Only sequential and functional models describe themselves; ask for an ONNX file.",
            )
        if depth > _MAX_NESTED:
            raise self._broken(f"it has models inside each other more than {_MAX_NESTED} deep")
        entries = listed_layers(config)
        if (
            not entries
            or len(entries) > _MAX_LAYERS
            or not all(isinstance(item, Mapping) for item in entries)
        ):
            raise self._broken("it lists no layers, or too many")
        name = str(config.get("name", kind)) if isinstance(config, Mapping) else kind
        if kind == "Sequential":
            return self._sequential(name, config, entries, depth)
        return self._functional(name, config, entries, depth)

    def _broken(self, reason: str) -> ModelError:
        return ModelError(f"The configuration in {self.file} is not a sound Keras model: {reason}.")

    def _sequential(self, name: str, config: Any, entries: list[Any], depth: int) -> KerasNetwork:
        found = [self._layer(entry, depth) for entry in entries]
        if found[0].kind != "InputLayer":
            found.insert(0, self._input_of(found[0], config))
        chain = [found[0]]
        for layer in found[1:]:
            chain.append(replace(layer, calls=(Call((Reference(chain[-1].name, 0, 0),)),)))
        first, last = Reference(chain[0].name, 0, 0), Reference(chain[-1].name, 0, 0)
        return KerasNetwork(name, "Sequential", tuple(chain), (first,), (last,), self._by_name(chain))

    def _input_of(self, first: Layer, config: Any) -> Layer:
        """The input of a sequential model that states it in its first layer."""
        inner = first.network.layers[0] if first.network else first
        holder = config if isinstance(config, Mapping) else {}
        shape = next(
            (
                value
                for value in (
                    inner.config.get("batch_input_shape"),
                    inner.config.get("batch_shape"),
                    holder.get("build_input_shape"),
                )
                if value
            ),
            None,
        )
        if shape is None:
            raise self._broken("it does not state the shape of its input")
        dtype = inner.config.get("input_dtype", "float32")
        stated = {"name": f"{first.name}_input", "batch_input_shape": shape, "dtype": dtype}
        return Layer("InputLayer", f"{first.name}_input", stated)

    def _by_name(self, layers: list[Layer]) -> dict[str, Layer]:
        found = {layer.name: layer for layer in layers}
        if len(found) != len(layers):
            raise self._broken("two of its layers have one name")
        return found

    def _layer(self, entry: Mapping[str, Any], depth: int) -> Layer:
        kind, config = entry.get("class_name"), entry.get("config")
        if not isinstance(kind, str) or (kind not in NETWORKS and not isinstance(config, Mapping)):
            raise self._broken("a layer has no class or no arguments")
        if depth > _MAX_NESTED:
            raise self._broken("its layers are nested too deeply")
        stated = config.get("name") if isinstance(config, Mapping) else None
        name = str(entry.get("name") or stated or kind)
        if not name.isprintable():
            raise self._broken(f"the name {quoted(name)} of a layer is not plain text")
        self._check_own(entry, kind, name)
        if kind in NETWORKS:
            network = self.network(entry, depth + 1)
            return Layer(kind, name, config if isinstance(config, Mapping) else {}, network=network)
        arguments = config if isinstance(config, Mapping) else {}
        if keras1.is_old(kind, arguments) and self.major in {1, None}:
            kind, arguments = keras1.renamed(kind, arguments)
        layer = layers.canonical(Layer(kind, name, arguments))
        return replace(layer, children=tuple(self._children(layer, depth)))

    def _check_own(self, entry: Mapping[str, Any], kind: str, name: str) -> None:
        """Raise ModelError for a registered class of somebody else, and for an operation that is no layer."""
        registered, module = entry.get("registered_name"), entry.get("module")
        if registered not in (None, kind):
            raise Layer(kind, name, {}).refusal(f"is the author's own class {quoted(registered)}")
        own = module is None or module == "keras" or str(module).startswith(_MODULES)
        if not own:
            raise Layer(kind, name, {}).refusal(f"is an operation of {quoted(module)} and not a layer")

    def _children(self, layer: Layer, depth: int) -> Iterator[Layer]:
        if layer.kind not in _WRAPPERS:
            return
        inner = layer.config.get("layer")
        if not isinstance(inner, Mapping):
            raise layer.wrong("layer")
        one = self._layer(inner, depth + 1)
        yield one
        if layer.kind == "Bidirectional":
            other = layer.config.get("backward_layer")
            if isinstance(other, Mapping):
                yield self._layer(other, depth + 1)
            else:
                turned = not one.config.get("go_backwards", False)
                yield replace(one, config={**one.config, "go_backwards": turned})

    def _functional(self, name: str, config: Any, entries: list[Any], depth: int) -> KerasNetwork:
        called = [self._with_calls(self._layer(entry, depth), entry) for entry in entries]
        found = self._by_name(called)
        inputs = tuple(self._references(config.get("input_layers")))
        outputs = tuple(self._references(config.get("output_layers")))
        if not inputs or not outputs:
            raise self._broken("it states no inputs or no outputs")
        return Numbering(self.major, found).settled(
            KerasNetwork(name, "Functional", tuple(called), inputs, outputs, found)
        )

    def _references(self, stated: Any) -> Iterator[Reference]:
        """The outputs of layers in a structure of lists and dictionaries, in Keras' order."""
        if isinstance(stated, list) and _is_reference(stated):
            yield Reference(*stated[:3])
        elif isinstance(stated, list | Mapping):
            # Keras takes the members of a dictionary in the order of their names.
            for item in (stated[key] for key in sorted(stated)) if isinstance(stated, Mapping) else stated:
                yield from self._references(item)
        else:
            raise self._broken("its inputs or outputs are not outputs of layers")

    def _with_calls(self, layer: Layer, entry: Mapping[str, Any]) -> Layer:
        nodes = entry.get("inbound_nodes")
        if not isinstance(nodes, list):
            raise self._broken(f"{layer} does not say where its input comes from")
        return replace(layer, calls=tuple(self._call(layer, node) for node in nodes))

    def _call(self, layer: Layer, node: Any) -> Call:
        if isinstance(node, Mapping):
            arguments, inputs = node.get("kwargs"), list(_tensors(node.get("args")))
        elif isinstance(node, list):
            node = [node] if _is_reference(node) else node
            if not all(isinstance(item, list) and _is_reference(item) for item in node):
                raise layer.refusal("is called with something else than outputs of layers")
            inputs = [Reference(*item[:3]) for item in node]
            extra = [item[_PLACE] or {} for item in node if len(item) > _PLACE]
            arguments = {key: value for item in extra for key, value in item.items()}
        else:
            raise self._broken(f"{layer} does not say where its input comes from")
        if any(item is None for item in inputs) or not inputs:
            raise layer.refusal("is called with something else than outputs of layers")
        if not isinstance(arguments, Mapping | None):
            raise self._broken(f"{layer} is called with arguments that are not named")
        for key, value in (arguments or {}).items():
            if key not in _CALL_ARGUMENTS or value not in (None, False):
                raise layer.refusal(f"is called with {quoted(key)} = {quoted(value)}, which is not supported")
        return Call(tuple(item for item in inputs if item is not None))


def _is_reference(item: list[Any]) -> bool:
    """Tell whether a list is the name of a layer, a call, a tensor and perhaps arguments of the call."""
    if len(item) not in {_PLACE, _PLACE_AND_ARGUMENTS} or not isinstance(item[0], str):
        return False
    numbered = all(isinstance(number, int) and number >= 0 for number in item[1:_PLACE])
    return numbered and (len(item) == _PLACE or isinstance(item[_PLACE], Mapping | None))


def _tensors(arguments: Any) -> Iterator[Reference | None]:
    """References in the positional arguments of a call of Keras 3; None for anything else."""
    for item in arguments if isinstance(arguments, list) else [arguments]:
        if isinstance(item, list):
            yield from _tensors(item)
        elif isinstance(item, Mapping) and item.get("class_name") == _TENSOR:
            config = item.get("config")
            history = config.get("keras_history") if isinstance(config, Mapping) else None
            yield Reference(*history) if isinstance(history, list) and _is_reference(history) else None
        else:
            yield None


@dataclass(frozen=True)
class Numbering:
    """Numbers of the calls of nested models, which have a call of their own at their creation.

    Keras 1 and 2 count it wherever it is, Keras 3 only in the list of outputs. A model that is used once
    leaves no doubt; for others the numbers that occur show it.
    """

    major: int | None
    layers: Mapping[str, Layer]

    def settled(self, network: KerasNetwork) -> KerasNetwork:
        """The network with calls numbered from 0. Raises ModelError for one that does not exist."""
        named = [item for layer in network.layers for call in layer.calls for item in call.inputs]
        offsets = {
            name: self._offset(
                layer, [item.call for item in (*named, *network.outputs) if item.layer == name]
            )
            for name, layer in self.layers.items()
        }

        def moved(item: Reference, *, output: bool = False) -> Reference:
            return self._moved(item, offsets, output=output)

        changed = tuple(
            replace(
                layer,
                calls=tuple(Call(tuple(moved(item) for item in call.inputs)) for call in layer.calls),
            )
            for layer in network.layers
        )
        outputs = tuple(moved(item, output=True) for item in network.outputs)
        return replace(
            network, layers=changed, outputs=outputs, by_name={item.name: item for item in changed}
        )

    def _offset(self, layer: Layer, used: list[int]) -> int:
        count = len(layer.calls)
        if layer.network is None or count == 1 or self.major == _KERAS_3:
            return 0
        if max(used, default=0) == count and 0 not in used:
            return 1
        if 0 in used or not used:
            return 0
        raise layer.refusal("is a model used several times, and it is not clear which of its uses is meant")

    def _moved(self, item: Reference, offsets: Mapping[str, int], *, output: bool) -> Reference:
        layer = self.layers.get(item.layer)
        if layer is None:
            raise ModelError(
                f"The model takes the output of a layer {quoted(item.layer)}, which it does not have."
            )
        count = len(layer.calls) or 1
        call = item.call - offsets[item.layer]
        if layer.network is not None and count == 1 and call in {0, 1}:
            call = 0
        elif layer.network is not None and output and self.major == _KERAS_3 and layer.kind != "Sequential":
            call -= 1
        if not 0 <= call < count or item.tensor < 0:
            raise ModelError(f"The model takes an output of {layer} that does not exist.")
        return replace(item, call=call)
