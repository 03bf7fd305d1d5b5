# SPDX-License-Identifier: MIT
"""A registry that is removed, emptied or replaced while a server reads it: an error, and never a new one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from fairreg.errors import RegistryError
from fairreg.services.registry.shared_engine import close, make_ready, shared_registry
from fairreg.settings import Settings
from support.databases import Databases
from support.permissions import needs_permissions, read_only
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")

ADDRESSES = (
    "/healthz",
    "/search?q=Hbb",
    "/api/search?q=Hbb",
    "/records/doi:10.5281/zenodo.7305227",
    "/api/changes",
    "/sitemap.xml",
    "/resolve/10.5281/zenodo.7305227",
)


def statuses(url: str) -> set[int]:
    return {requests.get(f"{url}{path}", timeout=60).status_code for path in ADDRESSES}


@pytest.fixture
def kept(databases: Databases, tmp_path: Path, engine: str) -> Settings:
    return databases.home(tmp_path / "kept", "catalogue")


def test_a_registry_that_vanishes_is_an_error_until_it_is_back(kept, tmp_path, caplog):
    path = kept.home / "registry.sqlite"
    with serving(kept) as url:
        assert statuses(url) == {200}
        path.rename(tmp_path / "moved.sqlite")
        caplog.clear()
        told = requests.get(f"{url}/healthz", timeout=60)
        assert (told.status_code, told.headers["content-type"]) == (503, "application/problem+json")
        assert [item.getMessage() for item in caplog.records] == [f"There is no registry at {path}."]
        assert statuses(url) == {503}
        assert not path.exists()
        (tmp_path / "moved.sqlite").rename(path)
        assert statuses(url) == {200}


def test_a_registry_that_is_emptied_is_not_filled_again(kept, tmp_path):
    path = kept.home / "registry.sqlite"
    shutil.copy(path, tmp_path / "copy.sqlite")
    with serving(kept) as url:
        assert statuses(url) == {200}
        (tmp_path / "empty").touch()
        (tmp_path / "empty").replace(path)
        assert statuses(url) == {503}
        assert path.stat().st_size == 0
        (tmp_path / "copy.sqlite").replace(path)
        assert statuses(url) == {200}


def test_an_assistant_is_told_that_the_registry_vanished(kept, tmp_path):
    path = kept.home / "registry.sqlite"
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "fairreg", "mcp"],
        env={**os.environ, "FAIRREG_HOME": str(kept.home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def asked(number, method, **params):
        line = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())["result"]

    with process:
        asked(1, "initialize", **hello)
        assert not asked(2, "tools/call", name="list_sources", arguments={})["isError"]
        path.rename(tmp_path / "moved.sqlite")
        lost = asked(3, "tools/call", name="list_sources", arguments={})
        assert (lost["isError"], path.exists()) == (True, False)
        assert lost["content"][0]["text"].startswith("The registry cannot be read")
        (tmp_path / "moved.sqlite").rename(path)
        assert not asked(4, "tools/call", name="list_sources", arguments={})["isError"]
        process.stdin.close()
        assert process.wait(60) == 0


@needs_permissions
def test_where_no_registry_can_be_made_each_worker_makes_the_catalogue_in_memory(tmp_path):
    close()
    home = tmp_path / "home"
    home.mkdir()
    settings = Settings.from_environment({"FAIRREG_HOME": str(home)})
    with read_only(home):
        assert not make_ready(settings)
        close()  # as in a worker, which opens its own
        with shared_registry(settings, prepare=True) as registry:
            assert registry.listing.count() > 100
        close()
        with pytest.raises(RegistryError, match="There is no registry"):
            shared_registry(settings, prepare=False).__enter__()
