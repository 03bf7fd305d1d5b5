# SPDX-License-Identifier: MIT
"""scikit-learn's models in skops files, with skops and scikit-learn.

The file is read and checked by `_trees.skops_file`. skops loads it where its own list trusts all types, and
nothing is added to that list: trees, forests and networks of scikit-learn are not on it (skops 0.16), because
compiled code would follow their indices unchecked. Of the trusted types those run here whose predictions are
NumPy's arithmetic. Features are float64.
"""

from importlib.util import find_spec
from pathlib import Path

from fairreg.errors import MissingEngine, ModelError
from fairreg.runners import devices
from fairreg.runners.base import Runner
from fairreg.storage.formats import FileFormat

__all__ = ["FORMATS", "RUNTIME", "SUFFIXES", "available", "check_device", "load"]

RUNTIME = "skops"
SUFFIXES: frozenset[str] = frozenset()
FORMATS: frozenset[FileFormat] = frozenset({"skops"})


def available() -> bool:
    """Tell whether skops is installed."""
    return find_spec("skops") is not None


def check_device(device: devices.Device) -> None:
    """Raise MissingEngine without skops, UsageError for a GPU."""
    if not available():
        raise MissingEngine("skops", "skops")
    devices.require_cpu(device, "scikit-learn")


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,
    threads: int | None = None,  # noqa: ARG001  the protocol's signature
    engines: Path | None = None,  # noqa: ARG001
    device: str | None = None,
) -> Runner:
    """Load a model.

    Raises MissingEngine, UsageError, SecurityRefusal with the types that skops does not trust, and ModelError
    for a damaged file and for a class that is not run.
    """
    check_device(devices.parse(device))
    if isinstance(source, bytes):
        raise ModelError("skops runs its own files, not ONNX.", hint="Leave out --runtime.")
    from fairreg.runners._trees.skops_file import read
    from fairreg.runners._trees.skops_runner import SkopsRunner, loaded

    file = read(source)
    model, remarks = loaded(file)
    return SkopsRunner(model, file, remarks, batch_size=batch_size)
