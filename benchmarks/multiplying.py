# SPDX-License-Identifier: MIT
"""The script that makes up records, as a module."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["multiplying"]

_SCRIPT = Path(__file__).parents[1] / "scripts" / "multiply_records.py"


def multiplying() -> ModuleType:
    """The script, which is no package."""
    if "multiply_records" not in sys.modules:
        found = importlib.util.spec_from_file_location("multiply_records", _SCRIPT)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        sys.modules["multiply_records"] = module
        found.loader.exec_module(module)
    return sys.modules["multiply_records"]
