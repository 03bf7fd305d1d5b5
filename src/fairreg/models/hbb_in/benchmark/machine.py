# SPDX-License-Identifier: MIT
"""Facts that a rate depends on beside the network: processor, memory, GPUs, versions."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import which
from typing import Any

from fairreg.runners.cpu import processors

__all__ = ["facts", "title"]

_PACKAGES = (
    "fairreg",
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "torch",
    "openvino",
    "tensorrt-cu13",
    "tensorrt-rtx-cu13",
    "cuda-bindings",
)
_PATIENCE = 10.0  # seconds for nvidia-smi


def facts() -> dict[str, Any]:
    """Return names and numbers of this machine and the versions of the installed engines."""
    return {
        "processor": _processor(),
        "processors": processors(),
        "memory_bytes": _memory(),
        "gpus": _gpus(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def title(machine: dict[str, Any]) -> str:
    """One line about the machine of `facts`, for a figure."""
    parts = [f"{machine['processor']}, {machine['processors']} processors", *machine["gpus"]]
    return "; ".join(parts)


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> int | None:
    names = getattr(os, "sysconf_names", {})
    if not {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= set(names):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _gpus() -> list[str]:
    """Name, memory and driver of each NVIDIA GPU, as ``nvidia-smi`` says them; none without it."""
    program = which("nvidia-smi")
    if program is None:
        return []
    query = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
    try:
        said = subprocess.run(  # noqa: S603  the driver's own program, no words of a user
            [program, *query], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in said.stdout.splitlines() if line.strip()] if not said.returncode else []


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
