# SPDX-License-Identifier: MIT
"""Devices to compute on: the words that a user types, and what NVIDIA's driver says of the GPUs.

The driver is asked through its own library (CUDA Driver API: cuInit, cuDeviceGetCount), so that the answer is
the same for every engine and needs none of them. Nothing here falls back: a GPU that was asked for is there,
or a ModelError says why not.
"""

import ctypes
import re
import sys
from dataclasses import dataclass

from fairreg.errors import ModelError, UsageError

__all__ = ["CPU", "Device", "count", "no_gpu", "parse", "require", "require_cpu"]

_TEXT = re.compile(r"cpu|cuda(?::(?P<index>[0-9]{1,4}))?")
_LIBRARIES = {"win32": "nvcuda.dll"}
_LINUX = "libcuda.so.1"
_NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE


@dataclass(frozen=True)
class Device:
    """``cpu``, or the GPU `index`, counted from 0 as CUDA_VISIBLE_DEVICES leaves them."""

    kind: str = "cpu"
    index: int = 0

    @property
    def on_gpu(self) -> bool:
        """True for a GPU."""
        return self.kind == "cuda"

    def __str__(self) -> str:
        return f"cuda:{self.index}" if self.on_gpu else self.kind


CPU = Device()


def parse(text: str | None, default: Device = CPU) -> Device:
    """Read ``cpu``, ``cuda`` (the first GPU) or ``cuda:N``; `default` for None. Raises UsageError."""
    if text is None:
        return default
    found = _TEXT.fullmatch(text)
    if found is None:
        raise UsageError(
            f"There is no device {text!r}.",
            hint="Use cpu, cuda or cuda:N, where N is the number of a GPU, counted from 0.",
        )
    return CPU if text == "cpu" else Device("cuda", int(found["index"] or 0))


def require(device: Device, present: int | None = None) -> None:
    """Raise ModelError unless `device` is there: without a driver, without a GPU, or with too few of them.

    `present` is the number of GPUs that an engine sees, by default the driver's.
    """
    if not device.on_gpu:
        return
    if present is None:
        present, reason = _counted()
    else:
        reason = "The engine sees no GPU."
    if not present:
        raise no_gpu(reason)
    if device.index >= present:
        known = "only the GPU 0" if present == 1 else f"the GPUs 0 to {present - 1}"
        raise ModelError(f"There is no GPU {device.index}; this machine has {known}.")


def require_cpu(device: Device, engine: str) -> None:
    """Raise UsageError for a GPU, which fairreg does not use with `engine`."""
    if device.on_gpu:
        raise UsageError(f"fairreg runs {engine} on the CPU.", hint="Use --device cpu.")


def no_gpu(reason: str) -> ModelError:
    """The error of a GPU that cannot be used; `reason` is a sentence."""
    return ModelError(f"There is no NVIDIA GPU to compute on. {reason}", hint="Use --device cpu.")


def count() -> int:
    """Number of NVIDIA GPUs that the driver lets this process use; 0 without a driver."""
    return _counted()[0]


def _counted() -> tuple[int, str]:
    """The number of GPUs; where it is 0, a sentence that says why."""
    name = _LIBRARIES.get(sys.platform, _LINUX)
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return 0, f"NVIDIA's driver is not installed: its library {name} was not found."
    error = int(driver.cuInit(0))
    number = ctypes.c_int(0)
    error = error or int(driver.cuDeviceGetCount(ctypes.byref(number)))
    if error and error != _NO_DEVICE:
        return 0, f"NVIDIA's driver does not start: {_error_name(driver, error)}."
    return number.value, "" if number.value else "NVIDIA's driver is installed and sees none."


def _error_name(driver: ctypes.CDLL, error: int) -> str:
    text = ctypes.c_char_p()
    failed = driver.cuGetErrorName(error, ctypes.byref(text))
    return f"error {error}" if failed or text.value is None else text.value.decode()
