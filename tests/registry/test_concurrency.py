# SPDX-License-Identifier: MIT
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fairreg.registry import Registry
from fairreg.services.registry.integrity import check
from fairreg.services.registry.transfer import export
from fairreg.settings import Settings
from support import writers
from support.content import TIMES, Content, content
from support.databases import Databases
from support.postgres import RUN, Server
from support.writers import OWN, PAGES, WRITERS

# One process that has imported all that is needed, of which the others are copies: they begin at once.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["concurrent.futures.process", "fairreg.registry", "sqlalchemy.dialects.postgresql.psycopg"]
)

Task = tuple[Callable[..., Any], *tuple[Any, ...]]


def at_once(tasks: list[Task]) -> list[Any]:
    """What the functions return, each run in a process of its own; none begins before all are there."""
    gate = PROCESSES.Barrier(len(tasks))
    with ProcessPoolExecutor(len(tasks), PROCESSES, initializer=gate.wait) as pool:
        return [running.result() for running in [pool.submit(*task) for task in tasks]]


def filled(url: str) -> None:
    """What is there before the writers come: of each page of common records the first."""
    with Registry(url) as registry:
        registry.put_many(
            next(item for item in writers.page(0, number) if item.record.provenance.source == "zenodo")
            for number in range(PAGES)
        )


def settings_of(url: str) -> Settings:
    return Settings(home=Path("unused"), database_url=url)


@pytest.fixture
def url(databases: Databases, tmp_path: Path) -> str:
    made = databases.url(tmp_path / "registry.sqlite", "tables")
    filled(made)
    return made


@pytest.fixture(scope="session")
def in_turn(
    postgresql: Server | None, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Content, bytes]:
    """Content and export of a registry to which the writers wrote one after the other."""
    folder, databases = tmp_path_factory.mktemp("serial"), Databases(postgresql, pytestconfig.stash[RUN])
    made = databases.url(folder / "registry.sqlite", "tables")
    filled(made)
    for writer in range(WRITERS):
        writers.write(made, writer)
    writers.assess(made)
    found = content(made, without=TIMES), exported(made, folder / "exported")
    databases.close()
    return found


def exported(url: str, file: Path) -> bytes:
    export(settings_of(url), file)
    return file.read_bytes()


@pytest.mark.long("postgresql")
def test_eight_writers_at_once_make_the_registry_that_they_make_one_after_the_other(
    url: str, in_turn: tuple[Content, bytes], tmp_path: Path
) -> None:
    writing: list[Task] = [(writers.write, url, writer) for writer in range(WRITERS)]
    *counts, looks, _ = at_once([*writing, (writers.look, url), (writers.assess, url)])
    pages = PAGES * WRITERS
    told, own = sum(map(len, (writers.page(w, n) for w in range(WRITERS) for n in range(PAGES)))), pages * OWN
    common = (told - own) // WRITERS
    assert sum(counts, Counter()) == {"new": own + common - PAGES, "unchanged": told - own - common + PAGES}
    assert looks > 0
    report = check(settings_of(url))
    assert report.problems == ()
    assert report.statements == own + common
    assert (content(url, without=TIMES), exported(url, tmp_path / "exported")) == in_turn


def test_a_writer_gets_its_turn_among_others_that_never_stop(url: str) -> None:
    others: list[Task] = [(writers.busy, url, writer) for writer in range(1, WRITERS)]
    counts, *pages = at_once([(writers.patient, url, 0), *others])
    assert counts.total() == sum(len(writers.page(0, number)) for number in range(PAGES))
    assert len(pages) == WRITERS - 1
    assert check(settings_of(url)).sound


def pages_of(url: str, source: str) -> int:
    with Registry(url) as registry:
        state = registry.harvests.state(source)
        return 0 if state is None else state.counts["pages"]


def wait_until(reached: Callable[[], bool]) -> None:
    while not reached():
        time.sleep(0.005)


def test_killed_writers_leave_whole_pages_hold_nobody_up_and_go_on_where_they_were(
    url: str, in_turn: tuple[Content, bytes]
) -> None:
    writing = [PROCESSES.Process(target=writers.write, args=(url, writer)) for writer in range(WRITERS)]
    for process in writing:
        process.start()
    wait_until(lambda: pages_of(url, "archive0") > 0)
    killed, spared = writing[::2], writing[1::2]
    for process in killed:
        process.kill()
    for process in writing:
        process.join()
    assert {process.exitcode for process in killed} <= {-signal.SIGKILL, 0}  # 0: it was done before
    assert {process.exitcode for process in spared} == {0}
    with Registry(url) as registry:
        sources = registry.info().sources
    kept = {f"archive{writer}": pages_of(url, f"archive{writer}") for writer in range(WRITERS)}
    assert {source: sources.get(source, 0) for source in kept} == {
        source: OWN * pages for source, pages in kept.items()
    }
    assert check(settings_of(url)).sound
    for writer in range(WRITERS):
        writers.write(url, writer, kept[f"archive{writer}"])
    writers.assess(url)
    assert content(url, without=TIMES) == in_turn[0]
