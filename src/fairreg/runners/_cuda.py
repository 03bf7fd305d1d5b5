# SPDX-License-Identifier: MIT
"""Memory and streams of an NVIDIA GPU through NVIDIA's own cuda-bindings."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = ["Buffer", "Stream", "call", "device_name", "gpus"]


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a CUDA function; return its results without the error code. Raises ModelError on failure."""
    error, *values = function(*arguments)
    if int(error):
        raise ModelError(f"{function.__name__} failed on the GPU: {error.name}.")
    return values[0] if values else None


def gpus() -> int:
    """Number of GPUs that this process can use; 0 without a driver."""
    from cuda.bindings import runtime

    error, count = runtime.cudaGetDeviceCount()
    return 0 if int(error) else int(count)


def device_name() -> str:
    """Name and compute capability of the first GPU, such as ``NVIDIA H100 80GB HBM3 (9.0)``."""
    from cuda.bindings import runtime

    found = call(runtime.cudaGetDeviceProperties, 0)
    return f"{found.name.decode()} ({found.major}.{found.minor})"


class Stream:
    """A queue of work on the GPU."""

    def __init__(self) -> None:
        from cuda.bindings import runtime

        self._runtime = runtime
        self.handle = call(runtime.cudaStreamCreate)

    def wait(self) -> None:
        """Wait until all queued work is done."""
        call(self._runtime.cudaStreamSynchronize, self.handle)

    def __del__(self) -> None:
        self._runtime.cudaStreamDestroy(self.handle)


class Buffer:
    """Memory on the GPU that grows to the largest array it was given."""

    def __init__(self) -> None:
        from cuda.bindings import runtime

        self._runtime = runtime
        self._size = 0
        self.address = 0

    def reserve(self, size: int) -> None:
        """Hold at least `size` bytes, and at least one."""
        if size > self._size or not self.address:
            self._free()
            self.address = int(call(self._runtime.cudaMalloc, max(size, 1)))
            self._size = size

    def send(self, array: NDArray[Any], stream: Stream) -> None:
        """Copy a contiguous array to the GPU."""
        self.reserve(array.nbytes)
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        call(
            self._runtime.cudaMemcpyAsync, self.address, array.ctypes.data, array.nbytes, kind, stream.handle
        )

    def receive(self, shape: tuple[int, ...], dtype: str, stream: Stream) -> NDArray[Any]:
        """Return an array of the start of the buffer; it is filled after `Stream.wait`."""
        array = np.empty(shape, dtype=dtype)
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        call(
            self._runtime.cudaMemcpyAsync, array.ctypes.data, self.address, array.nbytes, kind, stream.handle
        )
        return array

    def _free(self) -> None:
        if self.address:
            self._runtime.cudaFree(self.address)
            self.address = 0

    def __del__(self) -> None:
        self._free()
