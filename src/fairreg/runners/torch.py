# SPDX-License-Identifier: MIT
"""Networks in PyTorch, an optional engine.

A PyTorch weight file contains numbers, not a network: a model package builds the network from the tensors
that `runners.weights` reads and passes it to `wrap`. Programs in PyTorch files (TorchScript, pickled modules)
are foreign code and are not run.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import MissingEngine, ModelError
from fairreg.runners.base import DEFAULT_BATCH, Arrays, Runner
from fairreg.schemas.record import Tensor

__all__ = ["RUNTIME", "SUFFIXES", "TorchRunner", "available", "load", "require", "wrap"]

RUNTIME = "torch"
SUFFIXES: frozenset[str] = frozenset()


def available() -> bool:
    """Tell whether PyTorch is installed."""
    return find_spec("torch") is not None


def require() -> None:
    """Raise MissingEngine where PyTorch is not installed."""
    if not available():
        raise MissingEngine("PyTorch", "torch")


def load(
    source: Path | bytes,
    *,
    batch_size: int = DEFAULT_BATCH,  # noqa: ARG001  the protocol's signature
    threads: int | None = None,  # noqa: ARG001
    engines: Path | None = None,  # noqa: ARG001
    device: str | None = None,  # noqa: ARG001  the protocol's signature
) -> Runner:
    """Raise MissingEngine, else ModelError, always: networks in PyTorch files are not run."""
    require()
    raise ModelError(
        f"{source.name if isinstance(source, Path) else 'The model'} has no network that may be run.",
        hint="Use the runtime onnx, or a model that fairreg supports.",
    )


def wrap(
    network: Callable[..., Any],
    inputs: tuple[Tensor, ...],
    outputs: tuple[Tensor, ...],
    *,
    device: str = "cpu",
    batch_size: int = DEFAULT_BATCH,
) -> "TorchRunner":
    """Wrap `network`, which takes one tensor per input and returns a tensor or a tuple, as a runner.

    The caller has moved the network to `device`. Raises MissingEngine.
    """
    require()
    return TorchRunner(network, inputs, outputs, device=device, batch_size=batch_size)


class TorchRunner(Runner):
    """A callable on torch tensors, run without gradients."""

    def __init__(
        self,
        network: Callable[..., Any],
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
        *,
        device: str,
        batch_size: int,
    ) -> None:
        super().__init__(
            RUNTIME, inputs, outputs, device=device, precision=outputs[0].dtype, batch_size=batch_size
        )
        self._network = network

    def compute(self, arrays: Arrays) -> Arrays:
        """Call the network once; a RuntimeError of PyTorch (shapes, memory) becomes a ModelError."""
        import torch

        tensors = [
            torch.from_numpy(np.require(array, requirements="W")).to(self.device) for array in arrays.values()
        ]
        try:
            with torch.inference_mode():
                results = self._network(*tensors)
        except RuntimeError as error:
            raise ModelError(f"PyTorch could not run the model: {error}") from error
        values = results if isinstance(results, tuple) else (results,)
        return {tensor.name: value.cpu().numpy() for tensor, value in zip(self.outputs, values, strict=True)}
