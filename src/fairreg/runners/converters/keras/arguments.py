# SPDX-License-Identifier: MIT
"""A layer of a Keras configuration, and its arguments with checked types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairreg.errors import ModelError
from fairreg.schemas.text import one_line

__all__ = ["MAX_SIZE", "Call", "KerasNetwork", "Layer", "Reference", "is_size", "plain", "quoted"]

MAX_SIZE = 1 << 31  # of one axis, a number of units, a repetition
_SHOWN = 80


def plain(text: object, most: int = _SHOWN) -> str:
    """A text from a file for a message: one line of printable characters, cut to `most`.

    Characters that steer a terminal or turn the direction of writing are written as ``\\u202e``.
    """
    line = one_line(str(text)[: 4 * most])[:most].rstrip()
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in line
    )


def quoted(text: object) -> str:
    """A name from a file in quotes, on one line, printable and not longer than 80 characters."""
    return repr(one_line(str(text)[: 4 * _SHOWN])[:_SHOWN])


@dataclass(frozen=True)
class Reference:
    """An output of a layer: of which of its calls, and which of the tensors of that call."""

    layer: str
    call: int
    tensor: int


@dataclass(frozen=True)
class Call:
    """One use of a layer: the outputs that it takes."""

    inputs: tuple[Reference, ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer by its class, its name and its arguments (`config`), in the words of Keras 2 and 3.

    `children` are layers inside a wrapper or the layer of an activation; `network` is that of a nested
    model; `calls` are its uses in a functional model.
    """

    kind: str
    name: str
    config: Mapping[str, Any]
    calls: tuple[Call, ...] = ()
    children: tuple["Layer", ...] = ()
    network: "KerasNetwork | None" = None

    def __str__(self) -> str:
        """``the layer 'dense_1' (Dense)``, for messages."""
        return f"the layer {quoted(self.name)} ({plain(self.kind)})"

    def refusal(self, reason: str, *, hint: str | None = None) -> ModelError:
        """The error that names the layer; `reason` is the rest of the sentence, without its full stop."""
        sentence = f"{self} {reason}."
        usual = "Export the model to ONNX with its own version of Keras, and use that file."
        return ModelError(sentence[0].upper() + sentence[1:], hint=hint or usual)

    def wrong(self, key: str) -> ModelError:
        """The error for an argument that is missing or has a value that it cannot have."""
        if key not in self.config:
            return self.refusal(f"does not state its argument {quoted(key)}")
        return self.refusal(
            f"has the argument {quoted(key)} = {quoted(self.config[key])}, which is not supported"
        )

    def integer(self, key: str, default: int | None = None, *, least: int = 1) -> int:
        """An integer of at least `least`."""
        value = self.config.get(key, default)
        if not is_size(value, least):
            raise self.wrong(key)
        return int(value or 0)

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number."""
        value = self.config.get(key, default)
        if isinstance(value, Mapping):  # Keras 2 writes the numbers of some layers as arrays
            value = (value.get("config") or {}).get("value") if "config" in value else value.get("value")
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < float("inf"):
            raise self.wrong(key)
        return float(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.config.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key)
        return value

    def choice(self, key: str, default: str | None, *allowed: str) -> str:
        """One of the texts `allowed`."""
        value = self.config.get(key, default)
        if value not in allowed or not isinstance(value, str):
            raise self.wrong(key)
        return value

    def integers(
        self, key: str, count: int, default: int | None = None, *, least: int = 1
    ) -> tuple[int, ...]:
        """`count` integers; a single one stands for all."""
        value = self.config.get(key, default)
        values = [value] * count if isinstance(value, int) else value
        if (
            not isinstance(values, list)
            or len(values) != count
            or not all(is_size(item, least) for item in values)
        ):
            raise self.wrong(key)
        return tuple(values)

    def forbid(self, *keys: str) -> None:
        """Raise ModelError for an argument that is set and would change what is computed."""
        for key in keys:
            if self.config.get(key) not in (None, False, ""):
                raise self.wrong(key)


def is_size(value: object, least: int = 1) -> bool:
    """Tell whether a value is an integer from `least` to below `MAX_SIZE`."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < MAX_SIZE


@dataclass(frozen=True, eq=False)
class KerasNetwork:
    """A Keras model: its layers in their order, with its inputs and outputs.

    A sequential one has the calls of a chain. `input_shapes` are those of `inputs`, without the batch.
    """

    name: str
    kind: str
    layers: tuple[Layer, ...]
    inputs: tuple[Reference, ...]
    outputs: tuple[Reference, ...]
    by_name: Mapping[str, Layer] = field(default_factory=dict)
