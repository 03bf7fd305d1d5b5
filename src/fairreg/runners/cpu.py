# SPDX-License-Identifier: MIT
"""CPUs available to engines."""

import os

__all__ = ["processors"]


def processors() -> int:
    """Number of CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
