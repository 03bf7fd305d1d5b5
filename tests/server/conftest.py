# SPDX-License-Identifier: MIT
from collections.abc import Iterator

import pytest

from fairreg.settings import Settings
from support.serving import serving


@pytest.fixture
def served() -> Iterator[str]:
    """Base URL of a server of the packaged catalogue."""
    with serving(Settings.from_environment()) as url:
        yield url
