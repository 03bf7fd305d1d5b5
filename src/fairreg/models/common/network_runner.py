# SPDX-License-Identifier: MIT
"""A network that a package read, and its runner, which checks the inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners.base import Arrays, EngineRunner, Runner
from fairreg.schemas.record import Tensor

if TYPE_CHECKING:
    from fairreg.models.common.network_package import NetworkPackage

__all__ = ["KnownNetwork", "NetworkRunner", "SettingsT", "SizesT"]


class _Sizes(Protocol):
    @property
    def parameter_count(self) -> int: ...


SizesT = TypeVar("SizesT", bound=_Sizes)
SettingsT = TypeVar("SettingsT")


@dataclass(frozen=True)
class KnownNetwork(Generic[SizesT, SettingsT]):
    """Tensors of a network by name, its sizes, and its settings: what the tensors do not show."""

    tensors: Mapping[str, NDArray[Any]]
    sizes: SizesT
    settings: SettingsT


class NetworkRunner(EngineRunner, Generic[SizesT, SettingsT]):
    """A runner on which an engine computes `network`, with the signature that its package states.

    The engine's own signature has the names and shapes, that of the package also descriptions, units and
    names of features. Masks may be integers.
    """

    def __init__(
        self,
        engine: Runner,
        package: "NetworkPackage[SizesT, SettingsT]",
        network: KnownNetwork[SizesT, SettingsT],
    ) -> None:
        super().__init__(engine, *package.signature(network))
        self.package, self.network = package, network

    def run(self, arrays: Mapping[str, Any]) -> Arrays:
        """Run as `Runner.run`.

        Raises ModelError also for a mask of integers other than 0 and 1, and for floating-point numbers that
        are not finite where no mask says that they are padding.
        """
        given = self.with_masks(arrays)
        hidden = self.hidden(given)
        for tensor in self.inputs:
            if tensor.dtype.startswith("float"):
                _check_finite(tensor, given.get(tensor.name), hidden.get(tensor.name))
        return super().run(given)

    def with_masks(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs with masks of integers as floating-point numbers. Raises ModelError as `run`."""
        masks = self.package.masks
        return {name: _mask(name, array) if name in masks else array for name, array in arrays.items()}

    def hidden(self, arrays: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return by input what is 0 where it is padding, as the package's `masks` say."""
        pairs = self.package.masks.items()
        return {name: arrays[mask] for mask, names in pairs if mask in arrays for name in names}


def _mask(name: str, value: Any) -> Any:
    """A mask of integers as floating-point numbers, any other value as it is."""
    array = value if isinstance(value, np.ndarray) else np.asarray(value) if value is not None else None
    if array is None or array.dtype.kind not in "iu":
        return value
    if (wrong := ~np.isin(array, (0, 1))).any():
        raise ModelError(
            f"{name} has the value {array[wrong][0]}; a mask of integers has only 0 and 1.",
            hint="Write 1 for what counts, 0 for padding.",
        )
    return array.astype(np.float32)


def _check_finite(tensor: Tensor, value: Any, mask: Any) -> None:
    """Raise ModelError naming the first number that is not finite; `Runner.run` checks types and shapes."""
    array = np.asarray(value) if isinstance(value, (np.ndarray, list, tuple)) else None
    if array is None or array.dtype.kind != "f" or array.ndim != len(tensor.shape):
        return
    with np.errstate(over="ignore"):
        broken = ~np.isfinite(array.astype(tensor.dtype, copy=False))
    if broken.any() and (counts := _counting(mask, array.shape)) is not None:
        broken &= counts
    if not broken.any():
        return
    row, *place = (int(number) for number in np.argwhere(broken)[0])
    at = f" at {tuple(place)}" if len(place) > 1 else f" at {place[0]}" if place else ""
    hint = "Leave such rows out" + ("." if mask is None else ", or set the mask to 0 there.")
    raise ModelError(
        f"{tensor.name} of row {row} is {array[(row, *place)]}{at}{_feature(tensor, array.shape, place)}; "
        "inputs must be finite.",
        hint=hint,
    )


def _counting(mask: Any, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Find where a mask is not 0, in the shape of its input; None where it does not fit."""
    found = np.asarray(mask)
    if mask is None or found.dtype.kind not in "biuf":
        return None
    try:
        return np.broadcast_to((found != 0).reshape(found.shape + (1,) * (len(shape) - found.ndim)), shape)
    except ValueError:
        return None


def _feature(tensor: Tensor, shape: tuple[int, ...], place: list[int]) -> str:
    """The name of the feature at a place, where one axis alone has the length of the features."""
    axes = [axis for axis, size in enumerate(tensor.shape) if axis and size == len(tensor.features)]
    return f" ({tensor.features[place[axes[0] - 1]].name})" if len(axes) == 1 and shape[axes[0]] > 0 else ""
