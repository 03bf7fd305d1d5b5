# SPDX-License-Identifier: MIT
"""Runner of AresGW on any runtime."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.aresgw.architecture import ResidualNetwork
from fairreg.models.aresgw.inputs import INPUT, signature
from fairreg.models.common.described_runner import DescribedRunner
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.runners.signature import Arrays

__all__ = ["AresRunner", "build"]

Array = NDArray[Any]
_AXES = 3


class AresRunner(DescribedRunner):
    """A runner that knows its weights and refuses segments with values that are not finite."""

    def __init__(self, engine: Runner, tensors: Mapping[str, Array], network: ResidualNetwork) -> None:
        super().__init__(engine, *signature())
        self.tensors, self.network = tensors, network

    def run(self, arrays: Mapping[str, Array]) -> Arrays:
        """Run as `Runner.run`. Raises ModelError also for values that are not finite."""
        segments = np.asarray(arrays.get(INPUT, ()))
        if segments.ndim == _AXES and segments.dtype.kind == "f" and not np.isfinite(segments).all():
            row = int(np.argwhere(~np.isfinite(segments))[0][0])
            raise ModelError(f"{INPUT} of segment {row} is not finite.", hint="Leave such segments out.")
        return super().run(arrays)


def build(
    tensors: Mapping[str, Array],
    network: ResidualNetwork,
    *,
    runtime: str,
    batch_size: int,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> AresRunner:
    """Build a runner on `runtime` and `device`. Raises UsageError, MissingEngine, ModelError."""
    if runtime == torch.RUNTIME:
        engine = _in_torch(tensors, network, batch_size, device)
    else:
        from fairreg.models.aresgw.graph import onnx_bytes

        content = onnx_bytes(tensors, network)
        engine = load_engine(
            runtime, content, batch_size=batch_size, threads=threads, engines=engines, device=device
        )
    return AresRunner(engine, tensors, network)


def _in_torch(
    tensors: Mapping[str, Array], network: ResidualNetwork, batch_size: int, device: str | None
) -> Runner:
    torch.require()
    from fairreg.models.aresgw import torch_network

    place = str(torch.place(device))
    function = torch_network.network(tensors, network, place)
    return torch.wrap(function, *signature(), device=place, batch_size=batch_size)
