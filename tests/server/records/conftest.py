# SPDX-License-Identifier: MIT
"""One server for the tests of a module: the packaged catalogue, and records of every awkward kind."""

import pytest

from fairreg.registry import Submission
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.settings import Settings
from support.awkward_records import REASON, WITHDRAWN, awkward
from support.serving import serving


@pytest.fixture(scope="module")
def settings_of_records(tmp_path_factory) -> Settings:
    return Settings.from_environment({"FAIRREG_HOME": str(tmp_path_factory.mktemp("records"))})


@pytest.fixture(scope="module")
def served(settings_of_records):
    """Base URL of a server of the catalogue and of `awkward`."""
    with shared_registry(settings_of_records) as registry:
        registry.put_many([Submission(item) for item in awkward()])
        registry.statements.withdraw("zenodo", WITHDRAWN.partition(":")[2], REASON)
    with serving(settings_of_records) as url:
        yield url
