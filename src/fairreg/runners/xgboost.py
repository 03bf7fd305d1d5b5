# SPDX-License-Identifier: MIT
"""XGBoost's models in JSON and UBJ with XGBoost itself.

The file is read and checked by `_trees.xgboost_model`; the library gets what that writes anew. Features are
float32, as XGBoost compares them; NaN is a missing value, and infinities are refused by the library. All
trees are used, as Booster.predict does.
"""

from importlib.util import find_spec
from pathlib import Path

from fairreg.errors import MissingEngine, ModelError
from fairreg.runners import devices
from fairreg.runners.base import Runner
from fairreg.storage.formats import FileFormat

__all__ = ["FORMATS", "RUNTIME", "SUFFIXES", "available", "check_device", "load"]

RUNTIME = "xgboost"
SUFFIXES: frozenset[str] = frozenset()
FORMATS: frozenset[FileFormat] = frozenset({"xgboost"})


def available() -> bool:
    """Tell whether XGBoost is installed."""
    return find_spec("xgboost") is not None


def check_device(device: devices.Device) -> None:
    """Raise MissingEngine without XGBoost, UsageError for a GPU."""
    if not available():
        raise MissingEngine("XGBoost", "xgboost")
    devices.require_cpu(device, "XGBoost")


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,  # noqa: ARG001  the protocol's signature
    device: str | None = None,
) -> Runner:
    """Load a model on `threads` threads (None: XGBoost's choice, all cores).

    Raises MissingEngine, UsageError, and ModelError for a file that is damaged or of another format, with
    the name of the objective or booster that is not run.
    """
    check_device(devices.parse(device))
    if isinstance(source, bytes):
        raise ModelError("XGBoost runs its own files, not ONNX.", hint="Leave out --runtime.")
    from fairreg.runners._trees.xgboost_model import read
    from fairreg.runners._trees.xgboost_runner import XGBoostRunner

    return XGBoostRunner(read(source), batch_size=batch_size, threads=threads)
