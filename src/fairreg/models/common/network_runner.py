# SPDX-License-Identifier: MIT
"""A network that a package read, and its runner, which the package can compare with the definition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from numpy.typing import NDArray

from fairreg.runners.base import Arrays, Runner

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


class NetworkRunner(Runner, Generic[SizesT, SettingsT]):
    """A runner on which an engine computes `network`, with the signature that its package states.

    The engine's own signature has the names and shapes, that of the package also descriptions, units and
    names of features.
    """

    def __init__(
        self,
        engine: Runner,
        package: "NetworkPackage[SizesT, SettingsT]",
        network: KnownNetwork[SizesT, SettingsT],
    ) -> None:
        super().__init__(
            engine.name,
            *package.signature(network),
            device=engine.device,
            precision=engine.precision,
            batch_size=engine.batch_size,
        )
        self.package, self.network, self._engine = package, network, engine
        self.engine = engine.engine

    def compute(self, arrays: Arrays) -> Arrays:
        """Outputs of one batch."""
        return self._engine.compute(arrays)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()
