# SPDX-License-Identifier: MIT
"""Programs of others that ask a server: run by the interpreter that FAIRREG_TEST_CLIENTS names."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

__all__ = ["client_program"]


def client_program(
    *arguments: str,
    seconds: float = 120,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the interpreter of the clients in a folder, with more variables; skip the test without one."""
    interpreter = os.environ.get("FAIRREG_TEST_CLIENTS")
    if not interpreter:
        pytest.skip("FAIRREG_TEST_CLIENTS names no interpreter with the clients of others")
    return subprocess.run(
        [interpreter, *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        cwd=folder,
        env={**os.environ, **(variables or {})},
    )
