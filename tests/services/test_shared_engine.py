# SPDX-License-Identifier: MIT
"""The registry that calls of the Python API share: kept open, and never at the price of a wrong answer."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, Pool, event, text

import fairreg
from fairreg.errors import RegistryError
from fairreg.registry import Registry
from fairreg.registry.db.engine import Database
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.registry.shared_engine import close, shared_registry
from fairreg.settings import Settings
from support import hbb
from support.databases import Databases, registry_variables

sqlite_only = pytest.mark.engines("sqlite")


class Connections:
    """Counts connections of all pools of this process: those made, and those that are open."""

    def __init__(self) -> None:
        self.made = 0
        self.open = 0
        self.engines: set[int] = set()

    def connected(self, *_: object) -> None:
        self.made += 1
        self.open += 1

    def closed(self, *_: object) -> None:
        self.open -= 1


@pytest.fixture
def connections() -> Iterator[Connections]:
    counted = Connections()
    event.listen(Pool, "connect", counted.connected)
    event.listen(Pool, "close", counted.closed)
    yield counted
    event.remove(Pool, "connect", counted.connected)
    event.remove(Pool, "close", counted.closed)


@pytest.fixture
def ready(databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    """Settings with the packaged catalogue; what calls keep open is closed before it goes."""
    close()
    yield databases.home(tmp_path / "ready", "catalogue")
    close()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, ready: Settings) -> Callable[[Settings], None]:
    """Makes settings those of the environment, at first `ready`."""

    def change(settings: Settings) -> None:
        monkeypatch.setenv("FAIRREG_HOME", str(settings.home))
        monkeypatch.delenv("FAIRREG_DATABASE_URL", raising=False)
        for name, value in registry_variables(settings).items():
            monkeypatch.setenv(name, value)

    change(ready)
    return change


def record(name: str) -> ModelRecord:
    provenance = Provenance(source="test", source_id=name, retrieved="2026-01-01T00:00:00Z")
    return ModelRecord(identifier=f"test:{name}", kind="model", name=name, provenance=provenance)


def put(settings: Settings, name: str) -> None:
    with Registry(settings=settings) as registry:
        registry.put(record(name))


def found(words: str) -> list[str]:
    return [row.name for row in fairreg.search(words, limit=3).results]


@pytest.mark.usefixtures("use")
def test_many_calls_make_one_connection(connections: Connections) -> None:
    answers = [fairreg.search("Hbb tagger", limit=3) for _ in range(20)]
    assert all(answer == answers[0] for answer in answers)
    assert (connections.made, connections.open) == (1, 1)


@sqlite_only
@pytest.mark.usefixtures("use")
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="file descriptors are listed on Linux only")
def test_many_calls_of_all_kinds_hold_no_more_files() -> None:
    def calls() -> None:
        fairreg.search("Hbb tagger")
        fairreg.assess(hbb.DOI, offline=True)
        with fairreg.Registry() as registry:
            registry.listing.count()

    calls()  # stores an assessment
    calls()  # finds that it is stored
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        calls()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_other_settings_are_another_registry_and_the_first_is_closed(
    use: Callable[[Settings], None],
    ready: Settings,
    databases: Databases,
    tmp_path: Path,
    connections: Connections,
) -> None:
    other = databases.home(tmp_path / "other", "catalogue")
    put(other, "Zymurgy")
    before = connections.open
    assert found("zymurgy") == []
    use(other)
    assert found("zymurgy") == ["Zymurgy"]
    use(ready)
    assert found("zymurgy") == []
    assert connections.open == before + 1


def test_what_another_process_writes_is_found(use: Callable[[Settings], None], ready: Settings) -> None:
    assert found("zymurgy") == []
    put(ready, "Zymurgy")
    assert found("zymurgy") == ["Zymurgy"]


@sqlite_only
@pytest.mark.usefixtures("use")
def test_a_file_that_was_removed_is_made_anew(ready: Settings) -> None:
    put(ready, "Zymurgy")
    assert found("zymurgy") == ["Zymurgy"]
    for file in ready.home.glob("registry.sqlite*"):
        file.unlink()
    assert found("zymurgy") == []
    assert found("Hbb tagger")


@sqlite_only
@pytest.mark.usefixtures("use")
@pytest.mark.parametrize("replace", [shutil.move, shutil.copyfile], ids=["moved", "overwritten"])
def test_a_file_that_was_replaced_is_noticed(
    ready: Settings, databases: Databases, tmp_path: Path, replace: Callable[[Path, Path], Any]
) -> None:
    other = databases.home(tmp_path / "other", "catalogue")
    put(other, "Zymurgy")
    fairreg.assess(hbb.DOI, offline=True)
    assert found("zymurgy") == []
    replace(other.home / "registry.sqlite", ready.home / "registry.sqlite")
    assert found("zymurgy") == ["Zymurgy"]
    with Database(ready.database_url).reading() as connection:
        problems = connection.scalars(text("PRAGMA integrity_check")).all()
    assert problems == ["ok"]


@sqlite_only
@pytest.mark.usefixtures("use")
def test_what_a_call_wrote_is_in_the_file_itself_afterwards(ready: Settings, tmp_path: Path) -> None:
    fairreg.assess(hbb.DOI, offline=True)
    shutil.copyfile(ready.home / "registry.sqlite", tmp_path / "copy.sqlite")
    with Registry(f"sqlite:///{tmp_path / 'copy.sqlite'}") as copy:
        assert len(copy.assessments.history(hbb.DOI)) == 1


@pytest.mark.usefixtures("use")
def test_a_schema_that_another_process_changed_is_noticed(ready: Settings) -> None:
    assert found("Hbb tagger")
    database = Database(ready.database_url)
    with database.writing() as connection:
        (revision,) = connection.scalars(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RegistryError, match="newer fairreg"):
        fairreg.search("Hbb tagger")
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :old"), {"old": revision})
    database.close()
    assert found("Hbb tagger")


@pytest.mark.usefixtures("use")
def test_threads_share_it_and_leave_few_connections(connections: Connections) -> None:
    expected, together = fairreg.search("Hbb tagger"), Barrier(20)

    def ask(_number: int) -> bool:
        together.wait()
        return fairreg.search("Hbb tagger") == expected

    with ThreadPoolExecutor(20) as threads:
        assert all(threads.map(ask, range(20)))
    assert connections.open <= 5


@pytest.mark.usefixtures("use")
def test_a_registry_of_ones_own_is_closed_alone() -> None:
    assert found("Hbb tagger")
    with fairreg.Registry() as registry:
        fairreg.search("Hbb tagger")
        assert registry.listing.count() > 100
    assert found("Hbb tagger")


def test_a_call_under_way_goes_on_with_its_own_registry(
    ready: Settings, databases: Databases, tmp_path: Path, connections: Connections
) -> None:
    other = databases.home(tmp_path / "other", "catalogue")
    with shared_registry(ready) as first:
        with shared_registry(other) as second:
            second.put(record("Zymurgy"))
            assert second.listing.count() == first.listing.count() + 1
        close()
        assert first.listing.count() > 100
    assert connections.open == 0


def test_an_engine_is_made_once(ready: Settings, connections: Connections) -> None:
    def began(connection: Any) -> None:
        connections.engines.add(id(connection.dialect))

    event.listen(Engine, "begin", began)
    try:
        for _ in range(3):
            with shared_registry(ready) as registry:
                registry.put(record("Zymurgy"))
    finally:
        event.remove(Engine, "begin", began)
    assert len(connections.engines) == 1


FORKED = """
import os, sys
import fairreg

# Without the scores, which an assessment by another child changes.
found = lambda: [row.id for row in fairreg.search("Hbb tagger").results]
expected = found()
descriptors = lambda: [link for name in os.listdir("/proc/self/fd")
                       if "registry.sqlite" in (link := os.path.realpath(f"/proc/self/fd/{name}"))]
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        try:
            inherited = descriptors() if os.path.isdir("/proc/self/fd") else []
            same = all(found() == expected for _ in range(3))
            written = fairreg.assess("10.5281/zenodo.7305227", offline=True)
            os._exit(0 if same and written and not inherited else 1)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(2)
    children.append(child)
    assert found() == expected
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
assert found() == expected
with fairreg.Registry() as registry:
    print(codes, len(registry.assessments.history("10.5281/zenodo.7305227")) > 0)
"""


@pytest.mark.long("postgresql")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_takes_no_connection_with_it(ready: Settings, environment: dict[str, str]) -> None:
    variables = {**environment, "FAIRREG_HOME": str(ready.home), **registry_variables(ready)}
    done = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, env=variables, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[0, 0, 0] True", 0), done.stderr
    if (ready.home / "registry.sqlite").exists():
        with Database(ready.database_url).reading() as connection:
            assert connection.scalars(text("PRAGMA integrity_check")).all() == ["ok"]


def test_the_end_of_the_process_closes_it(ready: Settings, environment: dict[str, str]) -> None:
    variables = {**environment, "FAIRREG_HOME": str(ready.home), **registry_variables(ready)}
    program = "import fairreg; fairreg.search('Hbb tagger')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        env=variables,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(ready.home.glob("*.sqlite-*")) == []
