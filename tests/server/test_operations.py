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
from fairreg.registry.parts.listing import Listing
from fairreg.server.operations import sitemap
from fairreg.server.serve import listen, prepared
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
        withdrawn = next(iter(registry.listing.identifiers()))
        statement = registry.statements.of_entry(withdrawn)[0]
        registry.statements.withdraw(statement.source, statement.source_id, "retracted")
        names = set(registry.listing.identifiers()) - {withdrawn}
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
    begun, go_on, count = threading.Event(), threading.Event(), Listing.count

    def slow(listing: Listing) -> int:
        begun.set()
        go_on.wait(60)
        return count(listing)

    monkeypatch.setattr(Listing, "count", slow)
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


@pytest.mark.parametrize(
    "stated",
    ["nonsense", "javascript:alert(1)", "https://a.example/?q=1", "https://a.example?", "https://a.example/#f",
     "ftp://a.example", "https://a:geheim@a.example", "https://a.example/\nx", 'http://a"><script>', ""],
    ids=["word", "script", "query", "empty-query", "fragment", "ftp", "password", "line", "quote", "empty"],
)  # fmt: skip
@pytest.mark.engines("sqlite")
def test_what_is_no_public_address_is_refused_wherever_it_stands(tmp_path, engine, stated):
    settings = Settings(tmp_path, f"sqlite:///{tmp_path}/registry.sqlite")
    with listen("127.0.0.1", 0) as listening, pytest.raises(UsageError, match="--base-url") as refused:
        prepared(settings, listening, base_url=stated)
    assert "geheim" not in f"{refused.value.message} {refused.value.hint}"
    if stated:
        with pytest.raises(UsageError, match="FAIRREG_BASE_URL"):
            Settings.from_environment({"FAIRREG_BASE_URL": stated})


@pytest.mark.engines("sqlite")
def test_an_international_public_address_is_given_in_ascii(tmp_path, engine):
    settings = Settings.from_environment(
        {"FAIRREG_HOME": str(tmp_path), "FAIRREG_BASE_URL": "https://日本.example/"}
    )
    assert settings.base_url == "https://xn--wgv71a.example"
    with listen("127.0.0.1", 0) as listening:
        site, _ = prepared(settings, listening, base_url="https://日本.example/fairreg/")
    assert site.base_url == "https://xn--wgv71a.example/fairreg"


@pytest.mark.parametrize(
    ("host", "stated", "warned"),
    [("0.0.0.0", None, True), ("0.0.0.0", "http://a.example", False), ("127.0.0.1", None, False)],
    ids=["every-address", "stated", "this-machine"],
)
@pytest.mark.engines("sqlite")
def test_a_server_for_others_without_a_public_address_warns(tmp_path, engine, host, stated, warned):
    said: list[str] = []
    settings = Settings(tmp_path, f"sqlite:///{tmp_path}/registry.sqlite")
    with listen(host, 0) as listening:
        prepared(settings, listening, base_url=stated, log=said.append)
    found = [line for line in said if line.startswith("Warning")]
    assert len(found) == warned
    assert all("http://127.0.0.1" in line and "--base-url" in line for line in found)


SLOW_SERVER = """
import sys, time
from fairreg.cli.start import main
from fairreg.registry.parts.changes import Changes
from fairreg.server import serve
serve._GRACE_SECONDS = 1
Changes.page = lambda *_arguments, **_options: time.sleep(30)
sys.argv = ["fairreg", "serve", "--port", "0"]
main()
"""


@pytest.mark.long
@pytest.mark.engines("sqlite")
def test_a_read_that_takes_longer_than_the_grace_time_does_not_hold_the_server(tmp_path, engine):
    told = tmp_path / "told"
    with (
        told.open("w") as log,
        subprocess.Popen([sys.executable, "-c", SLOW_SERVER], stderr=log) as process,
        ThreadPoolExecutor(1) as client,
    ):
        try:
            while (found := re.search(r"answers at (\S+)\. ", told.read_text())) is None:
                assert process.poll() is None, told.read_text()
                time.sleep(0.02)
            asked = client.submit(requests.get, f"{found[1]}/api/changes", timeout=60)
            while "fairreg_reads 1" not in requests.get(f"{found[1]}/metrics", timeout=60).text:
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            answer = asked.result()
            # It ends while the read would go on for half a minute.
            assert process.wait(15) == 0
        finally:
            process.kill()
    assert (answer.status_code, answer.json()["detail"]) == (503, "The server ends.")
    assert "Traceback" not in told.read_text()
    assert told.read_text().endswith("fairreg has stopped.\n")


@pytest.mark.sliced(2)
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
@pytest.mark.engines("sqlite")
def test_a_server_that_is_stopped_says_so_and_has_not_failed(tmp_path, engine, ended_by, workers):
    told = tmp_path / "told"
    with command(told, "--workers", workers) as (process, _url):
        process.send_signal(ended_by)
        assert process.wait(60) == 0
    assert told.read_text().splitlines()[-1] == "fairreg has stopped."


@pytest.mark.engines("sqlite")
def test_workers_end_with_a_parent_that_is_killed(tmp_path, engine):
    with command(tmp_path / "told", "--workers", "2") as (process, url):
        number = worker(url)
        process.kill()
        process.wait(60)
        until = time.monotonic() + 30
        while Path(f"/proc/{number}").exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert not Path(f"/proc/{number}").exists()


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
