# SPDX-License-Identifier: MIT
"""A browser for the tests of pages, and the folder that keeps what they saw."""

import os
import shutil
from pathlib import Path

__all__ = ["browser_path", "screenshots"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser_path() -> str | None:
    """The browser that FAIRREG_TEST_BROWSER names, else Chromium or Chrome of this machine; None without."""
    named = os.environ.get("FAIRREG_TEST_BROWSER")
    return named or next((found for name in _NAMES if (found := shutil.which(name))), None)


def screenshots() -> Path | None:
    """The folder that FAIRREG_TEST_SCREENSHOTS names, None where none is kept."""
    named = os.environ.get("FAIRREG_TEST_SCREENSHOTS")
    return Path(named) if named else None
