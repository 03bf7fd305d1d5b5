# SPDX-License-Identifier: MIT
"""A runner with the signature that a model package states: descriptions, units and names of features."""

from fairreg.runners.base import Arrays, Runner
from fairreg.schemas.record import Tensor

__all__ = ["DescribedRunner"]


class DescribedRunner(Runner):
    """A runner on which `engine` computes; inputs and outputs are those of the engine, with more words."""

    def __init__(self, engine: Runner, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> None:
        super().__init__(
            engine.name,
            inputs,
            outputs,
            device=engine.device,
            precision="float32",
            batch_size=engine.batch_size,
        )
        self._engine = engine
        self.engine = engine.engine

    def compute(self, arrays: Arrays) -> Arrays:
        """Outputs of one batch."""
        return self._engine.compute(arrays)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()
