# SPDX-License-Identifier: MIT
"""Runner of a multilayer perceptron on any runtime."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.mlp.architecture import PerceptronSizes
from fairreg.models.mlp.inputs import NAME, signature
from fairreg.models.mlp.settings import PerceptronSettings
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.runners.signature import Arrays

__all__ = ["PerceptronRunner", "build"]

Array = NDArray[Any]


class PerceptronRunner(Runner):
    """A runner with the signature of the network; `engine` computes."""

    def __init__(
        self,
        engine: Runner,
        tensors: Mapping[str, Array],
        sizes: PerceptronSizes,
        settings: PerceptronSettings,
        batch_size: int,
    ) -> None:
        super().__init__(
            engine.name,
            *signature(sizes, settings),
            device=engine.device,
            precision=engine.precision,
            batch_size=batch_size,
        )
        self.tensors, self.sizes, self.settings, self._engine = tensors, sizes, settings, engine
        self.engine = engine.engine

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch. Raises ModelError for values that are not finite."""
        if not np.isfinite(arrays[NAME]).all():
            raise ModelError(f"{NAME} has values that are not finite.", hint="Leave such rows out.")
        return self._engine.compute(arrays)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


def build(
    tensors: Mapping[str, Array],
    sizes: PerceptronSizes,
    settings: PerceptronSettings,
    *,
    runtime: str,
    batch_size: int,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> PerceptronRunner:
    """Build a runner on `runtime` and `device`. Raises UsageError, MissingEngine, ModelError."""
    if runtime == torch.RUNTIME:
        engine = _in_torch(tensors, sizes, settings, batch_size, device)
    else:
        from fairreg.models.mlp.graph import onnx_bytes

        content = onnx_bytes(tensors, sizes, settings)
        engine = load_engine(
            runtime, content, batch_size=batch_size, threads=threads, engines=engines, device=device
        )
    return PerceptronRunner(engine, tensors, sizes, settings, batch_size)


def _in_torch(
    tensors: Mapping[str, Array],
    sizes: PerceptronSizes,
    settings: PerceptronSettings,
    batch_size: int,
    device: str | None,
) -> Runner:
    torch.require()
    from fairreg.models.mlp.torch_network import network

    place = str(torch.place(device))
    return torch.wrap(
        network(tensors, sizes, settings, place),
        *signature(sizes, settings),
        device=place,
        batch_size=batch_size,
    )
