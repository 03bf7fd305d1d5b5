# SPDX-License-Identifier: MIT
"""LightGBM's models as text with LightGBM itself.

The file is read and checked by `_trees.lightgbm_model`; the library gets what that writes anew. Features are
float64, as LightGBM compares them. All trees are used.
"""

from importlib.util import find_spec
from pathlib import Path

from fairreg.errors import MissingEngine, ModelError
from fairreg.runners import devices
from fairreg.runners.base import Runner
from fairreg.storage.formats import FileFormat

__all__ = ["FORMATS", "RUNTIME", "SUFFIXES", "available", "check_device", "load"]

RUNTIME = "lightgbm"
SUFFIXES: frozenset[str] = frozenset()
FORMATS: frozenset[FileFormat] = frozenset({"lightgbm"})


def available() -> bool:
    """Tell whether LightGBM is installed."""
    return find_spec("lightgbm") is not None


def check_device(device: devices.Device) -> None:
    """Raise MissingEngine without LightGBM, UsageError for a GPU."""
    if not available():
        raise MissingEngine("LightGBM", "lightgbm")
    devices.require_cpu(device, "LightGBM")


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,  # noqa: ARG001  the protocol's signature
    device: str | None = None,
) -> Runner:
    """Load a model on `threads` threads (None: LightGBM's choice, all cores).

    Raises MissingEngine, UsageError, and ModelError for a file that is damaged or of another format, with
    the name of an objective that is not run.
    """
    check_device(devices.parse(device))
    if isinstance(source, bytes):
        raise ModelError("LightGBM runs its own files, not ONNX.", hint="Leave out --runtime.")
    from fairreg.runners._trees.lightgbm_model import read
    from fairreg.runners._trees.lightgbm_runner import LightGBMRunner

    return LightGBMRunner(read(source), batch_size=batch_size, threads=threads)
