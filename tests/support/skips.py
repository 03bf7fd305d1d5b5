# SPDX-License-Identifier: MIT
"""Skips that `make test` allows: it installs what the tests need, only hardware and data may be missing."""

import os
import platform
import re
import sys

import pytest

# The platform for which every package of the extra `dev` has wheels.
COMPLETE = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 14)
_ALLOWED = re.compile(
    r"\bGPU\b|tensorrt"  # NVIDIA's packages come from its own index, and are of no use without a GPU
    r"|no (?:browser|groff|man) here"  # these are no Python packages
    r"|reference data"
    r"|developer's own server"  # FAIRREG_TEST_DATABASE_URL
    r"|is installed$",  # what the test is about is the absence
    re.IGNORECASE,
)


def is_allowed(reason):
    """Whether a test may be skipped for this reason; anything goes unless `make test` runs on `COMPLETE`."""
    asked = os.environ.get("FAIRREG_TEST_SKIPS") == "hardware" and COMPLETE
    return not asked or _ALLOWED.search(reason) is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Let a skipped test fail, unless the reason is allowed."""
    return _refused((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    """Let a module that is skipped as a whole fail, unless the reason is allowed."""
    return _refused((yield))


def _refused(report):
    # What fails as expected (xfail) counts as skipped, too, but has no place in a tuple.
    if report.skipped and isinstance(report.longrepr, tuple) and not is_allowed(reason := report.longrepr[2]):
        report.outcome = "failed"
        report.longrepr = f"{reason}\nmake test installs what the tests need; only hardware may be missing."
    return report
