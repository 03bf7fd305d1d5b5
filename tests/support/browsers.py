# SPDX-License-Identifier: MIT
"""A browser for the tests of pages, and the folder that keeps what they saw."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["browser_path", "faults_of_accessibility", "keep", "launched", "watched"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser_path() -> str | None:
    """The browser that FAIRREG_TEST_BROWSER names, else Chromium or Chrome of this machine; None without."""
    named = os.environ.get("FAIRREG_TEST_BROWSER")
    return named or next((found for name in _NAMES if (found := shutil.which(name))), None)


@contextmanager
def launched() -> Iterator[Any]:
    """A running browser; the test is skipped where there is none, or no Playwright to drive it."""
    reason = "Playwright is not installed: run make test-browser, or pip install 'fairreg[browser]'"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    path = browser_path()
    if path is None:
        pytest.skip("no browser here: install Chromium, or name one in FAIRREG_TEST_BROWSER")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


def watched(page: Any) -> Any:
    """The page; what it logs and requests is from now on in its lists `logged` and `requested`."""
    page.logged, page.requested = [], []
    page.on("console", lambda message: page.logged.append(message.text))
    page.on("pageerror", lambda error: page.logged.append(str(error)))
    page.on("request", lambda request: page.requested.append(request.url))
    return page


def faults_of_accessibility(page: Any) -> list[tuple[str, list[Any]]]:
    """The rules of axe-core that a page breaks, each with the first places."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    return [(item["id"], [node["target"] for node in item["nodes"]][:3]) for item in found]


def _screenshots() -> Path | None:
    """The folder that FAIRREG_TEST_SCREENSHOTS names, None where none is kept."""
    named = os.environ.get("FAIRREG_TEST_SCREENSHOTS")
    return Path(named) if named else None


def keep(page: Any, name: str) -> None:
    """Keep what a person would see, where a folder is named for it."""
    kept = _screenshots()
    if kept is not None:
        page.screenshot(path=kept / f"{name}.png", full_page=True)
