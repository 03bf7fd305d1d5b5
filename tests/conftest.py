# SPDX-License-Identifier: MIT
import gc
import ipaddress
import os
import re
import socket
import time
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from fairreg.services.registry import db
from fairreg.settings import VARIABLES, Settings
from fairreg.sources import BUILT_IN
from fairreg.web import HttpClient, RetryPolicy
from support.databases import ENGINES, MAKE_READY, Databases, copying, registry_variables
from support.examples import load_profile
from support.postgres import RUN, NoServer, Run, announced
from support.skips import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401  hooks

PIPE = pytest.StashKey[int]()
FOLDERS = count()
TESTS = Path(__file__).parent
SHARED = TESTS.parents[1] / "shared"
# The folders whose tests go through a registry.
BOTH = frozenset({"registry", "services", "cli"})
# What a command says is the same on either kind of database, and the rooms below it are tested on both: in a
# short run only every so many a case of each file of this room has PostgreSQL.
FEWER, OF_SO_MANY = "cli", 8


# Each worker of the run and each child of a test has one core at best: threads of its own would wait for it.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also run the tests marked long, and fuzz longer")


def pytest_configure(config):
    """One server for the run: pytest-xdist's workers are told where its controller keeps it."""
    load_profile(long=config.getoption("--long"))
    told = getattr(config, "workerinput", None)
    config.stash[RUN] = run = Run.begun() if told is None else Run(Path(told["run"]))
    config.stash[PIPE] = run.join()


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    left = _short(items)
    chosen = set(left)
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = left


def pytest_collection_finish():
    """Twenty thousand tests are no garbage: walking through them would be counted as time of a test."""
    gc.collect()
    gc.freeze()


def _short(items):
    """Without the tests that are long, here or on their kind of database; of sliced ones every n-th case."""
    seen = Counter()
    left = []
    for item in items:
        engine = _engine_of(item)
        if any(not long.args or engine in long.args for long in item.iter_markers("long")):
            continue
        sliced = item.get_closest_marker("sliced")
        place = item.path, item.originalname, engine
        seen[place] += 1
        if sliced and (seen[place] - 1) % sliced.args[0]:
            continue
        if engine == "postgresql" and _room(item) == FEWER:
            seen[item.path] += 1
            if (seen[item.path] - 1) % OF_SO_MANY and not item.get_closest_marker("engines"):
                continue
        left.append(item)
    return left


def _room(item):
    return item.path.relative_to(TESTS).parts[0]


def _engine_of(item):
    return item.callspec.params.get("engine") if hasattr(item, "callspec") else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["run"] = str(node.config.stash[RUN].folder)


def pytest_unconfigure(config):
    if hasattr(config, "workerinput"):
        os.close(config.stash[PIPE])
    else:
        config.stash[RUN].end(config.stash[PIPE])


def pytest_report_header():
    return f"PostgreSQL: {announced()}"


def pytest_terminal_summary(terminalreporter):
    """Lines that a test recorded as ``shown``, wherever it ran."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "shown":
                terminalreporter.write_line(value)


@pytest.fixture
def tmp_path(request, tmp_path_factory) -> Path:
    """An empty folder; pytest itself looks for its number among all folders of the run, each time."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}{next(FOLDERS)}", numbered=False)


@pytest.fixture(autouse=True)
def no_settings_of_the_user(request, monkeypatch, tmp_path_factory):
    """Tests see neither the user's environment nor the user's data folder."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    if "tmp_path" in request.fixturenames:
        home = request.getfixturevalue("tmp_path") / "home"
    else:
        home = tmp_path_factory.getbasetemp() / f"home{next(FOLDERS)}"
    monkeypatch.setenv("FAIRREG_HOME", str(home))


@pytest.fixture(scope="session", autouse=True)
def only_loopback():
    """A test that would talk to another machine fails instead."""
    connect = socket.socket.connect

    def guarded(self, address):
        if (
            self.family in {socket.AF_INET, socket.AF_INET6}
            and not ipaddress.ip_address(address[0]).is_loopback
        ):
            raise AssertionError(f"a test tried to connect to {address}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture
def shared() -> Path:
    """The reference data beside the checkout; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the reference data is not beside this checkout")
    return SHARED


def pytest_generate_tests(metafunc):
    """A test that goes through a registry runs once for each kind of database, unless it is about one."""
    if "engine" not in metafunc.fixturenames:
        return
    chosen = metafunc.definition.get_closest_marker("engines")
    both = metafunc.definition.path.relative_to(TESTS).parts[0] in BOTH
    names = chosen.args if chosen else ENGINES if both else ENGINES[:1]
    marks = {"postgresql": [pytest.mark.postgres]}
    kinds = [pytest.param(name, marks=marks.get(name, ())) for name in names]
    metafunc.parametrize("engine", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine(request) -> str:
    """The kind of database."""
    return request.param


@pytest.fixture(scope="session")
def postgresql(engine, request):
    """The server with the databases, None for files."""
    try:
        return request.config.stash[RUN].server() if engine == "postgresql" else None
    except NoServer as error:
        if os.environ.get("FAIRREG_TEST_POSTGRES") == "required":
            pytest.fail(f"There is no PostgreSQL server to test with: {error}.")
        pytest.skip(f"no PostgreSQL server: {error}")


@pytest.fixture(scope="session", autouse=True)
def copied(pytestconfig):
    """In this process a new registry is a copy of one that fairreg made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "_make_ready", copying(pytestconfig.stash[RUN]))
        yield


@pytest.fixture(autouse=True)
def made(request, monkeypatch):
    """Where the making itself is tested, fairreg makes each registry."""
    if request.node.get_closest_marker("making"):
        monkeypatch.setattr(db, "_make_ready", MAKE_READY)


@pytest.fixture
def databases(postgresql, request):
    """Makes databases of the kind that `engine` names; gone after the test."""
    made = Databases(postgresql, request.config.stash[RUN])
    yield made
    made.close()


@pytest.fixture
def settings(tmp_path, httpserver, databases) -> Settings:
    """Settings whose services are all one local server, each under a path of its own name."""
    urls = {row.url_variable: httpserver.url_for(f"/{row.name}") for row in BUILT_IN if row.url}
    return databases.home(tmp_path / "home", "aside", **urls)


@pytest.fixture
def environment(settings) -> dict[str, str]:
    """The environment of a child process with the same settings."""
    urls = {row.url_variable: settings.service(row.name).url for row in BUILT_IN if row.url}
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return {**kept, "FAIRREG_HOME": str(settings.home), **registry_variables(settings), **urls}


class _Unhurried:
    """The module `time` as the client sees it, without its waits before another attempt."""

    def __getattr__(self, name):
        return getattr(time, name)

    def sleep(self, _seconds):
        pass


@pytest.fixture(scope="session", autouse=True)
def no_waits():
    """Clients of this process repeat at once; tests of the waits themselves give a client its own clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fairreg.web.client.time", _Unhurried())
        yield


@pytest.fixture
def web(settings):
    """A client that does not really wait between its attempts."""
    with HttpClient(
        settings, patience=RetryPolicy(retries=2, first_wait=0.001), sleep=lambda _seconds: None
    ) as client:
        yield client
