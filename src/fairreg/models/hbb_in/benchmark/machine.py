# SPDX-License-Identifier: MIT
"""Facts that a rate depends on beside the network: processor, memory, versions."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fairreg.runners.cpu import processors

__all__ = ["facts"]

_PACKAGES = (
    "fairreg",
    "numpy",
    "onnx",
    "onnxruntime",
    "torch",
    "openvino",
    "tensorrt-cu13",
    "tensorrt-rtx-cu13",
)


def facts() -> dict[str, Any]:
    """Return names and numbers of this machine and the versions of the installed engines."""
    return {
        "processor": _processor(),
        "processors": processors(),
        "memory_bytes": _memory(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


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


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
