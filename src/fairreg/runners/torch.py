# SPDX-License-Identifier: MIT
"""Networks in PyTorch, an optional engine.

A PyTorch weight file contains numbers, not a network: a model package builds the network from the tensors
that `runners.weights` reads and passes it to `wrap`. Programs in PyTorch files (TorchScript, pickled modules)
are foreign code and are not run.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import MissingEngine, ModelError, UsageError
from fairreg.runners import devices
from fairreg.runners.base import DEFAULT_BATCH, Arrays, Runner
from fairreg.schemas.record import Tensor

__all__ = [
    "RUNTIME",
    "SUFFIXES",
    "TorchRunner",
    "available",
    "check_device",
    "load",
    "place",
    "require",
    "wrap",
]

RUNTIME = "torch"
SUFFIXES: frozenset[str] = frozenset()


def available() -> bool:
    """Tell whether PyTorch is installed."""
    return find_spec("torch") is not None


def require() -> None:
    """Raise MissingEngine where PyTorch is not installed."""
    if not available():
        raise MissingEngine("PyTorch", "torch")


def place(device: str | None) -> devices.Device:
    """Return the device of a text (None: the CPU). Raises UsageError, MissingEngine, ModelError."""
    found = devices.parse(device)
    check_device(found)
    return found


def check_device(device: devices.Device) -> None:
    """Raise MissingEngine without PyTorch, ModelError where it cannot use `device`, with the true reason."""
    require()
    if not device.on_gpu:
        return
    import torch

    if torch.cuda.is_available():
        devices.require(device, torch.cuda.device_count())
        return
    if not torch.backends.cuda.is_built():
        raise ModelError(
            f"The installed PyTorch {torch.__version__} computes on the CPU only.",
            hint="Install a build with CUDA (https://pytorch.org/get-started/locally), or use --device cpu.",
        )
    devices.require(device)
    raise devices.no_gpu(f"PyTorch {torch.__version__} cannot use the GPU that NVIDIA's driver sees.")


def load(
    source: Path | bytes,
    *,
    batch_size: int = DEFAULT_BATCH,  # noqa: ARG001  the protocol's signature
    threads: int | None = None,  # noqa: ARG001
    engines: Path | None = None,  # noqa: ARG001
    device: str | None = None,
) -> Runner:
    """Raise MissingEngine, else ModelError, always: networks in PyTorch files are not run."""
    place(device)
    given = source.name if isinstance(source, Path) else "the model"
    raise ModelError(
        f"PyTorch runs networks that fairreg knows; {given} is none of them.",
        hint="For an ONNX model leave out --runtime (runtime= in Python).",
    )


def wrap(
    network: Callable[..., Any],
    inputs: tuple[Tensor, ...],
    outputs: tuple[Tensor, ...],
    *,
    device: str = "cpu",
    batch_size: int = DEFAULT_BATCH,
    precision: str | None = None,
) -> "TorchRunner":
    """Wrap `network`, which takes one tensor per input and returns a tensor or a tuple, as a runner.

    The caller has moved the network to `device`. `precision` is what the network computes in (None: the
    element type of the output); tf32 lets a GPU round the factors of products in float32 to 11 bits.
    Raises MissingEngine, UsageError for tf32 on another device.
    """
    require()
    if precision == "tf32" and device == "cpu":
        raise UsageError("PyTorch does not compute in tf32 on a CPU.", hint="Use float32.")
    return TorchRunner(network, inputs, outputs, device=device, batch_size=batch_size, precision=precision)


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
        precision: str | None = None,
    ) -> None:
        super().__init__(
            RUNTIME,
            inputs,
            outputs,
            device=device,
            precision=precision or outputs[0].dtype,
            batch_size=batch_size,
        )
        self._network = network
        self.engine = f"PyTorch {version('torch')}"

    def compute(self, arrays: Arrays) -> Arrays:
        """Call the network once; a RuntimeError of PyTorch (shapes, memory) becomes a ModelError."""
        import torch

        try:
            tensors = [
                torch.from_numpy(np.require(array, requirements="W")).to(self.device)
                for array in arrays.values()
            ]
            with torch.inference_mode(), _products_in(self.precision, self.device):
                results = self._network(*tensors)
            values = results if isinstance(results, tuple) else (results,)
            found = [value.cpu().numpy() for value in values]
        except RuntimeError as error:
            raise ModelError(f"PyTorch could not run the model: {_first_line(error)}") from error
        return {tensor.name: value for tensor, value in zip(self.outputs, found, strict=True)}


@contextmanager
def _products_in(precision: str, device: str) -> Iterator[None]:
    """Context manager: products of float32 numbers on a GPU in TF32 or not, whatever the process has set."""
    import torch

    if device == "cpu":
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
