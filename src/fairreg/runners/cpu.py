# SPDX-License-Identifier: MIT
"""The processors that engines may use."""

import os

__all__ = ["processors"]


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
