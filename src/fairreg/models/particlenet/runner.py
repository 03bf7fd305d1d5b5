# SPDX-License-Identifier: MIT
"""Runner of a ParticleNet on any runtime."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.particlenet.architecture import ParticleNetArchitecture
from fairreg.models.particlenet.jets import check, signature
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.runners.signature import Arrays

__all__ = ["BATCH", "ParticleNetRunner", "build"]

# The edges of one jet of 128 particles take 2 MB per layer, so that a batch stays below 100 MB.
BATCH = 32


class ParticleNetRunner(Runner):
    """Jets in, probabilities of the classes out; `engine` computes.

    `architecture` and `tensors` are the network's, `neighbours` its number k of neighbours.
    """

    def __init__(self, engine: Runner, tensors: Mapping[str, NDArray[Any]], neighbours: int) -> None:
        sizes = ParticleNetArchitecture.from_tensors(tensors)
        super().__init__(
            engine.name,
            *signature(sizes),
            device=engine.device,
            precision=engine.precision,
            batch_size=engine.batch_size,
        )
        self.architecture, self.tensors, self.neighbours, self._engine = sizes, tensors, neighbours, engine

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch. Raises ModelError also for a mask or particles that make no sense."""
        check(self.architecture, arrays)
        return self._engine.compute(arrays)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


def build(
    tensors: Mapping[str, NDArray[Any]],
    *,
    runtime: str = "onnx",
    neighbours: int | None = None,
    batch_size: int = BATCH,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> ParticleNetRunner:
    """Build a runner of the network with these weights; every runtime but torch is given the ONNX graph.

    Raises ModelError for tensors of another network, UsageError for an unknown runtime or device,
    MissingEngine.
    """
    count = neighbours or ParticleNetArchitecture.from_tensors(tensors).neighbours
    if runtime == torch.RUNTIME:
        engine = _in_torch(tensors, count, batch_size, device)
    else:
        from fairreg.models.particlenet.graph import onnx_bytes

        engine = load_engine(
            runtime,
            onnx_bytes(tensors, count),
            batch_size=batch_size,
            threads=threads,
            engines=engines,
            device=device,
        )
    return ParticleNetRunner(engine, tensors, count)


def _in_torch(
    tensors: Mapping[str, NDArray[Any]], neighbours: int, batch_size: int, device: str | None
) -> Runner:
    place = torch.place(device)
    from fairreg.models.particlenet.network import network

    sizes = ParticleNetArchitecture.from_tensors(tensors)
    single = {name: np.asarray(tensors[name], dtype=np.float32) for name in sizes.shapes()}
    return torch.wrap(
        network(single, neighbours, str(place)),
        *signature(sizes),
        device=str(place),
        batch_size=batch_size,
    )
