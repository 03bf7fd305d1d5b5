# SPDX-License-Identifier: MIT
"""Memory and streams of an NVIDIA GPU through NVIDIA's own cuda-bindings (CUDA Runtime API).

What is allocated is released by `close`, which may be called twice and raises nothing. The owner calls it
before the interpreter's modules go: nothing here has a `__del__`, which might run after the driver has gone.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = ["DeviceArray", "Stream", "call", "device_name", "use"]

Array = NDArray[Any]


def _runtime() -> Any:
    from cuda.bindings import runtime

    return runtime


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a CUDA function; return its results without the error code. Raises ModelError on failure."""
    error, *values = function(*arguments)
    if int(error):
        raise ModelError(f"{function.__name__} failed on the GPU: {_words(error)} ({error.name}).")
    return values[0] if values else None


def _words(error: Any) -> str:
    _, text = _runtime().cudaGetErrorString(error)
    return text.decode() if text else "unknown error"


def use(index: int) -> None:
    """Make the GPU `index` that of this thread's calls; every thread begins with the first one."""
    call(_runtime().cudaSetDevice, index)


def device_name(index: int = 0) -> str:
    """Name and compute capability of a GPU, such as ``NVIDIA H100 80GB HBM3 (9.0)``."""
    found = call(_runtime().cudaGetDeviceProperties, index)
    return f"{found.name.decode().strip(chr(0))} ({found.major}.{found.minor})"


class Stream:
    """A queue of work on the GPU that `use` chose."""

    def __init__(self) -> None:
        self._runtime = _runtime()
        self.handle: Any = call(self._runtime.cudaStreamCreate)

    def wait(self) -> None:
        """Wait until all queued work is done."""
        call(self._runtime.cudaStreamSynchronize, self.handle)

    def close(self) -> None:
        """Destroy the stream."""
        handle, self.handle = self.handle, None
        if handle is not None:
            self._runtime.cudaStreamDestroy(handle)


class DeviceArray:
    """Memory on the GPU and pinned memory beside it, both as large as the largest array so far.

    Pinned memory is not moved by the operating system, so that copies to and from the GPU need no further one
    and do not block. `address` is that on the GPU, 0 before the first `reserve`.
    """

    def __init__(self) -> None:
        self._runtime = _runtime()
        self._size = self._pinned = 0
        self.address = 0

    def reserve(self, size: int) -> None:
        """Hold at least `size` bytes, and at least one."""
        if size <= self._size and self.address:
            return
        self.close()
        wanted = max(size, 1)
        self.address = int(call(self._runtime.cudaMalloc, wanted))
        self._pinned = int(call(self._runtime.cudaMallocHost, wanted))
        self._size = wanted

    def send(self, array: Array, stream: Stream) -> None:
        """Queue the copy of a contiguous array to the GPU; `array` itself is free at once."""
        self.reserve(array.nbytes)
        self._host(array.shape, array.dtype)[...] = array
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        call(self._runtime.cudaMemcpyAsync, self.address, self._pinned, array.nbytes, kind, stream.handle)

    def fetch(self, shape: tuple[int, ...], dtype: np.dtype[Any], stream: Stream) -> Array:
        """Queue the copy from the GPU; return a view, filled after `Stream.wait` until the next copy."""
        view = self._host(shape, dtype)
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        call(self._runtime.cudaMemcpyAsync, self._pinned, self.address, view.nbytes, kind, stream.handle)
        return view

    def close(self) -> None:
        """Free both; errors do not matter any more."""
        address, pinned = self.address, self._pinned
        self.address = self._pinned = self._size = 0
        if address:
            self._runtime.cudaFree(address)
        if pinned:
            self._runtime.cudaFreeHost(pinned)

    def _host(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """The start of the pinned memory as an array."""
        count = int(np.prod(shape, dtype=np.int64))
        if not count:
            return np.empty(shape, dtype)
        memory = (ctypes.c_byte * (count * dtype.itemsize)).from_address(self._pinned)
        view: Array = np.ctypeslib.as_array(memory).view(dtype).reshape(shape)
        return view
