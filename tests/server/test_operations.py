# SPDX-License-Identifier: MIT
"""Running a server: robots and sitemap, workers, what may only be read, and what the command takes."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import requests
from sqlalchemy import make_url

from fairreg.errors import UsageError
from fairreg.registry import Registry
from fairreg.server.operations import sitemap
from fairreg.settings import Settings
from support.databases import Databases
from support.permissions import needs_permissions, read_only
from support.serving import serving

LOCATIONS = ".//{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@contextmanager
def command(told: Path, *options: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """``fairreg serve`` with options, and the address that it says; its standard error goes to `told`."""
    arguments = [sys.executable, "-m", "fairreg", "serve", "--port", "0", *options]
    # A pipe that nobody reads would be full of the log, and stop the server.
    with told.open("w") as log, subprocess.Popen(arguments, stderr=log) as process:
        try:
            while (found := re.search(r"answers at (\S+)\. ", told.read_text())) is None:
                assert process.poll() is None, told.read_text()
                time.sleep(0.02)
            yield process, found[1]
        finally:
            process.kill()


def worker(url: str) -> int:
    """Number of the process that answers now."""
    text = requests.get(f"{url}/metrics", timeout=60).text
    return int(re.search(r"^fairreg_worker (\d+)", text, re.MULTILINE)[1])


@pytest.mark.engines("sqlite")
def test_the_sitemap_names_every_record_once_on_pages_of_limited_length(
    databases, tmp_path, engine, monkeypatch
):
    monkeypatch.setattr(sitemap, "PAGE", 50)
    settings = databases.home(tmp_path / "kept", "catalogue")
    with Registry(settings.database_url) as registry:
        withdrawn = next(iter(registry.identifiers()))
        statement = registry.statements(withdrawn)[0]
        registry.mark_gone(statement.source, statement.source_id, "retracted")
        names = set(registry.identifiers()) - {withdrawn}
    with serving(settings) as url:
        assert f"Sitemap: {url}/sitemap.xml" in requests.get(f"{url}/robots.txt", timeout=60).text
        index = ET.fromstring(requests.get(f"{url}/sitemap.xml", timeout=60).content)
        pages = [item.text for item in index.findall(LOCATIONS)]
        assert len(pages) == 4
        listed = []
        for page in pages:
            found = ET.fromstring(requests.get(page, timeout=60).content).findall(LOCATIONS)
            assert len(found) <= 51
            listed += [item.text for item in found]
        assert len(listed) == len(set(listed)) == len(names) + 1  # and the first page
        assert f"{url}/records/doi:10.5281/zenodo.7305227" in listed
        assert requests.get(f"{url}/sitemap.xml?page=9", timeout=60).status_code == 404
        assert requests.get(f"{url}/sitemap.xml?page=-1", timeout=60).status_code == 400


@pytest.mark.engines("sqlite")
def test_workers_share_the_socket_are_replaced_and_end_together(tmp_path, engine):
    told = tmp_path / "told"
    with command(told, "--workers", "2", "--access-log", "--rate-limit", "0") as (process, url):
        seen: set[int] = set()
        for enough in (2, 3):
            while len(seen) < enough:
                seen.add(worker(url))
                time.sleep(0.005)
            if enough == 2:
                os.kill(min(seen), signal.SIGKILL)
        assert process.pid not in seen
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert '"route": "/metrics", "status": 200' in told.read_text()
        left = [number for number in seen if Path(f"/proc/{number}").exists()]
        assert left == []


@pytest.mark.engines("sqlite")
def test_what_is_being_answered_at_the_end_is_finished(databases: Databases, tmp_path, engine, monkeypatch):
    begun, go_on, count = threading.Event(), threading.Event(), Registry.count

    def slow(registry: Registry) -> int:
        begun.set()
        go_on.wait(60)
        return count(registry)

    monkeypatch.setattr(Registry, "count", slow)
    with ThreadPoolExecutor(1) as client:
        with serving(databases.home(tmp_path / "kept", "catalogue")) as url:
            answer = client.submit(requests.get, f"{url}/healthz", timeout=60)
            begun.wait(60)
            threading.Timer(0.3, go_on.set).start()
        # The server has ended here.
        assert answer.result().json()["status"] == "ok"
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/healthz", timeout=60)


@pytest.mark.engines("sqlite")
def test_the_public_address_may_stand_in_the_environment(databases: Databases, tmp_path, engine):
    settings = databases.home(tmp_path / "kept", "catalogue", FAIRREG_BASE_URL="https://models.example.org/")
    with serving(settings) as url:
        assert url == "https://models.example.org"
    with serving(settings, base_url="https://other.example.org") as url:
        assert url == "https://other.example.org"
    with pytest.raises(UsageError, match="a user or a password"):
        Settings.from_environment({"FAIRREG_BASE_URL": "https://a:b@models.example.org"})
    with pytest.raises(UsageError, match="not an http"):
        Settings.from_environment({"FAIRREG_BASE_URL": "models.example.org"})


@needs_permissions
@pytest.mark.engines("sqlite")
def test_a_registry_that_cannot_be_written_is_served(databases: Databases, tmp_path, engine):
    home = tmp_path / "kept"
    settings = databases.home(home, "catalogue")
    with read_only(home), serving(settings) as url:
        assert requests.get(f"{url}/healthz", timeout=60).json()["entries"] > 100


@pytest.mark.engines("postgresql")
@pytest.mark.postgres
def test_a_role_that_may_only_read_is_enough(databases: Databases, postgresql, tmp_path, engine):
    url = databases.url(tmp_path / "registry", "catalogue")
    name = make_url(url).database
    role = f"reader_{name}"
    postgresql.execute(f'CREATE ROLE "{role}" LOGIN')
    try:
        with Registry(url) as registry, registry._database.writing() as connection:
            connection.exec_driver_sql(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"')
        reader = make_url(url).set(username=role).render_as_string(hide_password=False)
        with serving(Settings(tmp_path, f"{reader}&options=-cdefault_transaction_read_only%3Don")) as base:
            for path in (
                "/healthz",
                "/api/search?q=hbb",
                "/api/facets",
                "/api/changes",
                "/sitemap.xml?page=1",
            ):
                answer = requests.get(f"{base}{path}", timeout=60)
                assert answer.status_code == 200, (path, answer.text)
    finally:
        with Registry(url) as registry, registry._database.writing() as connection:
            connection.exec_driver_sql(f'DROP OWNED BY "{role}"')
        postgresql.execute(f'DROP ROLE "{role}"')
