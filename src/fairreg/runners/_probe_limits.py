# SPDX-License-Identifier: MIT
"""Limits that a process sets itself before it tries a foreign model."""

from contextlib import suppress

__all__ = ["limit_process"]

_MEMORY = 4 << 30


def limit_process(model_bytes: int, seconds: int) -> None:
    """Bound memory, by the size of the model, and CPU time of this process, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        most = _MEMORY + 8 * model_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
