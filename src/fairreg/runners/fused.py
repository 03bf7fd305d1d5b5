# SPDX-License-Identifier: MIT
"""Kernels of fairreg's own on the CPU, compiled by llvmlite: an optional engine for some networks.

A model package writes the kernel of a network that it knows (`models.hbb_in.fused`); there is none for graphs
and files of others.
"""

from importlib.util import find_spec
from pathlib import Path

from fairreg.errors import MissingEngine, ModelError
from fairreg.runners import devices
from fairreg.runners.base import Runner

__all__ = ["ANY_NETWORK", "RUNTIME", "SUFFIXES", "available", "check_device", "load", "require"]

RUNTIME = "fused"
SUFFIXES: frozenset[str] = frozenset()
ANY_NETWORK = False


def available() -> bool:
    """Tell whether llvmlite is installed."""
    return find_spec("llvmlite") is not None


def require(device: str | None = None) -> None:
    """Raise MissingEngine without llvmlite, UsageError for a device that is not the CPU."""
    check_device(devices.parse(device))


def check_device(device: devices.Device) -> None:
    """Raise MissingEngine without llvmlite, UsageError for a GPU."""
    if not available():
        raise MissingEngine("llvmlite", "fused")
    devices.require_cpu(device, "its own kernels")


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,  # noqa: ARG001  the protocol's signature
    threads: int | None = None,  # noqa: ARG001
    engines: Path | None = None,  # noqa: ARG001
    device: str | None = None,
) -> Runner:
    """Raise MissingEngine, else ModelError, always: a graph is no network that a kernel is known for."""
    require(device)
    given = source.name if isinstance(source, Path) else "the model"
    raise ModelError(
        f"The runtime {RUNTIME} has kernels for Hbb interaction networks; {given} is none of them.",
        hint="Leave out --runtime (runtime= in Python).",
    )
