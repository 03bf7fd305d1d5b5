# SPDX-License-Identifier: MIT
"""One registry and one client for the tests of a module: awkward records, equal weights, an assessment."""

import pytest

from fairreg.registry import Submission
from fairreg.server.mcp.protocol import mcp_server
from fairreg.server.site import Site
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.settings import Settings
from support.assistants import connected
from support.awkward_records import REASON, WITHDRAWN, awkward, twins


@pytest.fixture(scope="module")
def settings_of_module(tmp_path_factory) -> Settings:
    found = Settings.from_environment({"FAIRREG_HOME": str(tmp_path_factory.mktemp("assistants"))})
    with shared_registry(found) as registry:
        registry.put_many([Submission(item) for item in (*awkward(), *twins())])
        registry.statements.withdraw("zenodo", WITHDRAWN.partition(":")[2], REASON)
    return found


@pytest.fixture
def registry(settings_of_module):
    with shared_registry(settings_of_module) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(settings_of_module):
    """Calls methods of the SDK's client in process: ``client("list_tools")``."""
    with connected(mcp_server(Site(settings_of_module, "http://127.0.0.1:8080"))) as call:
        yield call


@pytest.fixture(scope="module")
def ask(client):
    """Calls a tool; gives its answer, and fails on an error."""

    def call(name, **given):
        result = client("call_tool", name, given)
        assert not result.is_error, result.content[0].text
        return result.structured_content

    return call


@pytest.fixture(scope="module")
def refused(client):
    """Calls a tool; gives the text of its error."""

    def call(name, **given):
        result = client("call_tool", name, given)
        assert result.is_error
        assert result.structured_content is None
        (told,) = result.content
        return told.text

    return call
