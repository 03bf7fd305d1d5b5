# SPDX-License-Identifier: MIT
"""Count the work of each command: registries opened, identifiers parsed, SQL statements, modules imported.

The figures of 0.1.0 were counted by this very file, with the source of 0.1.0 on the path of the commands,
Python 3.11 and the versions in `_MEASURED_WITH`. Each command runs in a process of its own, see
`support.counted`, on SQLite, whose statements are the same every time.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from pytest_httpserver import HTTPServer

from fairreg.registry import catalogue
from fairreg.services.assess.assess import assess
from fairreg.services.fetch.fetch import fetch
from fairreg.services.lock.lock import lock
from fairreg.services.lock.lock_file import write_lock
from fairreg.services.registry.transfer import export
from fairreg.settings import Settings
from support import counted, hbb
from support.databases import Databases
from support.networks import PAPER, random_tensors
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")

# Spelled as nothing in the package spells it, so that only the user's identifier is counted.
PID = f"https://doi.org/{hbb.DOI.upper()}"
OTHER = "10.5281/ZENODO.3891869"
# Known to Zenodo only.
ABSENT = "https://ZENODO.org/records/8000001"
WEIGHTS = "models/trained_models/gnn_baseline_best.pth"


class Cost(NamedTuple):
    """What a command costs; `packages` are distributions of others that it imports from."""

    opens: int
    parses: int
    statements: int
    modules: int
    packages: int


class Case(NamedTuple):
    """A command; what there is before it (nothing, catalogue, fetched or assessed); its cost in 0.1.0.

    Of a command that 0.1.0 had not, the cost is that of today. `code` is the exit code.
    """

    command: str
    before: str
    old: Cost
    offline: bool = False
    code: int = 0


CASES = {
    "search": Case("search Hbb --json", "catalogue", Cost(2, 0, 26, 343, 11)),
    "search, first use": Case("search Hbb --json", "nothing", Cost(2, 0, 330, 559, 17)),
    "search for an identifier": Case("search {pid} --json", "catalogue", Cost(2, 1, 25, 341, 9)),
    "search --live": Case("search Hbb --live --source zenodo --json", "catalogue", Cost(2, 0, 44, 615, 22)),
    "search --live --save": Case(
        "search Hbb --live --source zenodo --save --json", "catalogue", Cost(2, 0, 88, 617, 22)
    ),
    "show": Case("show {pid}", "catalogue", Cost(3, 2, 38, 412, 10)),
    "show, asking the source": Case("show {absent}", "catalogue", Cost(3, 3, 26, 615, 20)),
    "sources": Case("sources --json", "catalogue", Cost(2, 0, 24, 416, 10)),
    "sources --refused": Case("sources --refused --json", "catalogue", Cost(2, 0, 17, 365, 9)),
    "fetch": Case("fetch {pid} --json", "catalogue", Cost(3, 1, 149, 759, 24)),
    "fetch, offline": Case("fetch {pid} --json", "fetched", Cost(3, 3, 26, 724, 18), offline=True),
    "fetch --run": Case("fetch {pid} --run --json", "catalogue", Cost(3, 1, 149, 853, 28)),
    "fetch --run, stand-in": Case(
        "fetch {pid} --run --json", "catalogue", Cost(4, 5, 40, 796, 21), offline=True
    ),
    "fetch --run --weights reference": Case(
        "fetch {pid} --run --weights reference --json", "catalogue", Cost(3, 3, 149, 853, 28)
    ),
    "run a file": Case("run {model} --input {arrays} --json", "nothing", Cost(0, 0, 0, 622, 16)),
    "run an identifier": Case("run {pid} --input {jets} --json", "catalogue", Cost(3, 1, 149, 865, 29)),
    "assess": Case("assess {pid} --json", "catalogue", Cost(6, 2, 142, 824, 24)),
    "assess --offline": Case("assess {pid} --offline --json", "fetched", Cost(6, 4, 68, 644, 13)),
    "assess --offline, again": Case("assess {pid} --offline --json", "assessed", Cost(4, 2, 44, 621, 12)),
    "assess --history": Case("assess {pid} --history --json", "assessed", Cost(2, 1, 21, 525, 11)),
    "assess --all --offline": Case(
        "assess --all --offline --limit 3 --json", "catalogue", Cost(4, 0, 59, 622, 13)
    ),
    "assess --query": Case("assess --query Hbb --limit 1 --json", "catalogue", Cost(6, 0, 160, 820, 25)),
    "harvest": Case("harvest zenodo --query hbb --json", "catalogue", Cost(3, 0, 76, 636, 23)),
    "harvest, two sources": Case(
        "harvest zenodo datacite --query hbb --json", "catalogue", Cost(4, 0, 127, 636, 23)
    ),
    "validate": Case("validate {record} --json", "catalogue", Cost(0, 0, 0, 184, 12)),
    "add": Case("add {record} --json", "catalogue", Cost(2, 0, 23, 419, 19)),
    "export": Case("export {target}", "catalogue", Cost(2, 0, 25, 413, 11)),
    "import": Case("import {exported} --json", "catalogue", Cost(2, 0, 23, 430, 13)),
    "import a dump": Case("import {dump} --source zenodo --json", "catalogue", Cost(2, 0, 63, 533, 19)),
    "link": Case("link {pid} {other} --json", "catalogue", Cost(2, 2, 124, 349, 11)),
    "unlink": Case("unlink {pid} {other} --json", "catalogue", Cost(2, 2, 119, 349, 11)),
    "db init": Case("db init --json", "nothing", Cost(2, 0, 326, 515, 16)),
    "db upgrade": Case("db upgrade --json", "catalogue", Cost(2, 0, 22, 340, 9)),
    "db info": Case("db info --json", "catalogue", Cost(1, 0, 10, 337, 9)),
    "db check": Case("db check --json", "catalogue", Cost(1, 0, 19, 320, 9)),
    "cache info": Case("cache info --json", "catalogue", Cost(0, 0, 0, 172, 4)),
}
# Modules more than in 0.1.0. Of a command that needs few: the rows of services by which identifiers are read,
# with their types and the search for rows of other packages, less the settings; what a record says about
# running it, and which characters a terminal must not get. Of those that fetch: the packages that recognise
# the networks in weights, and say which files belong to them; names and addresses of files; members of
# archives, and what is not opened; offline, too, the readers of weights, as `--json` names the fingerprints;
# checksums of passing bytes, the limits that answers state, and the transfer itself.
# Of those that run: how rows are cut, devices, values that NumPy lacks, shards, engines of other formats by
# name. Of `assess`: formats by content, and how texts are read, where there are any. Of each, the parser of
# addresses, because its services have base URLs here, and the versions of the rubrics; of `sources`, how the
# Hub and cards state results; of those that send requests, what masks secrets, and judges connections. Of
# those that open the registry, its parts: two modules for what each needs, and one for every further part.
MORE_MODULES = {
    "search": 7,  # one of them: the vocabulary of tasks
    "search, first use": 3,
    "search for an identifier": 3,  # the same
    "validate": 4,  # the service that Python has, too
    "fetch": 82,  # four more: lines about files, licences as the Hub and notices have them, times
    "fetch, offline": 43,
    "fetch --run": 91,  # nineteen more: the same, and what the metadata files of the record state
    "fetch --run, stand-in": 59,
    "fetch --run --weights reference": 91,  # the same
    "run a file": 20,
    "run an identifier": 78,
    "assess": 63,
    "assess --offline": 37,
    "assess --history": 15,  # one more: the draft of hyperparameters.json
    "assess --query": 73,  # the same, less what it reads already; the runtime fused
    "show, asking the source": 1,
    "sources": 4,  # the same
    "link": 3,  # what says which row is damaged
    "unlink": 3,
    "db init": 8,  # two more: the migrations 0008 and 0009
    "db upgrade": 3,
    "db check": 22,  # the comparison of all that is derived from records
}
# It compares all that is derived from the records with them.
MORE_STATEMENTS = {"db check": 22}
MORE_PACKAGES = {"db check": 2}  # the stemmer
# Commands that came after 0.1.0. They cost exactly this; statements are at most so many: a record that is
# read twice is stored a second time where a second has begun in between, with the time of that reading.
LATER = {
    "cite": Case("cite {pid} --json", "catalogue", Cost(1, 1, 9, 358, 9)),
    "diff": Case("diff {model} {model} --json", "nothing", Cost(0, 0, 0, 613, 12)),
    "lock": Case("lock {pid} --output {target} --json", "catalogue", Cost(1, 1, 215, 897, 21)),
    "verify": Case("verify {lock} --json", "catalogue", Cost(1, 0, 211, 873, 20)),
    "doctor": Case("doctor --json", "catalogue", Cost(1, 0, 7, 550, 10), offline=True),
    "cache ls": Case("cache ls --json", "fetched", Cost(0, 0, 0, 183, 5)),
    "cache rm": Case("cache rm {pid} --yes --json", "fetched", Cost(0, 1, 0, 244, 7)),
    "cache prune": Case("cache prune --yes --json", "fetched", Cost(0, 0, 0, 220, 6)),
    "sources --check": Case("sources --check --json", "catalogue", Cost(1, 0, 14, 716, 21), code=1),
}
_MEASURED_WITH = {
    "alembic": "1.20.1",
    "filelock": "4.3.1",
    "jsonschema": "4.26.0",
    "msgspec": "0.23.0",
    "numpy": "2.4.6",
    "onnx": "1.23.2",
    "onnxruntime": "1.32.0",
    "requests": "2.34.2",
    "rich": "15.0.0",
    "sqlalchemy": "2.1.9",
    "typer": "0.28.0",
}


@pytest.mark.sliced(7)
@pytest.mark.parametrize("name", CASES)
def test_a_command_opens_once_and_parses_once_and_costs_no_more_than_before(
    count: Callable[[str], dict[str, Any]], name: str
) -> None:
    old, found = CASES[name].old, count(name)
    assert found["opens"] == min(old.opens, 1)
    # Where a parse was left out for what is looked up first, as for `link SOURCE:ID`, it is made once, too.
    assert found["parses"] == min(old.parses, 1)
    assert found["statements"] <= old.statements + MORE_STATEMENTS.get(name, 0)
    assert len(found["packages"]) <= old.packages + MORE_PACKAGES.get(name, 0)
    if sys.version_info[:2] == (3, 11) and {item: version(item) for item in _MEASURED_WITH} == _MEASURED_WITH:
        assert found["modules"] <= old.modules + MORE_MODULES.get(name, 0)


@pytest.mark.parametrize("name", LATER)
def test_a_later_command_costs_what_it_is_known_to_cost(
    count: Callable[[str], dict[str, Any]], name: str
) -> None:
    known, found = LATER[name].old, count(name)
    assert (found["opens"], found["parses"]) == known[:2]
    assert found["statements"] <= known.statements
    if sys.version_info[:2] == (3, 11) and {item: version(item) for item in _MEASURED_WITH} == _MEASURED_WITH:
        assert (found["modules"], len(found["packages"])) == known[3:]


@pytest.fixture
def count(
    settings: Settings,
    databases: Databases,
    environment: dict[str, str],
    httpserver: HTTPServer,
    tmp_path: Path,
    affine: Path,
) -> Callable[[str], dict[str, Any]]:
    """Counts the work of a case, with local services that know the published record and few others."""

    def run(name: str) -> dict[str, Any]:
        case, file = (CASES | LATER)[name], tmp_path / "counts.json"
        _serve(httpserver, with_weights=not name.startswith(("assess", "lock", "verify")))
        _prepare(case.before, settings, databases)
        named = _Words(tmp_path, settings, affine)
        words = [word.format_map(named) for word in case.command.split()]
        asked = ABSENT if ABSENT in words else PID
        done = subprocess.run(
            [sys.executable, counted.__file__, str(file), asked, *words],
            capture_output=True,
            text=True,
            env={**environment, **({"FAIRREG_OFFLINE": "1"} if case.offline else {})},
            check=False,
        )
        assert done.returncode == case.code, done.stderr
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return found

    return run


def _serve(httpserver: HTTPServer, *, with_weights: bool) -> None:
    """The services; weights take a while to be assessed, and nothing is counted of that."""
    weights = {WEIGHTS: Files().legacy(random_tensors(PAPER))} if with_weights else {}
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb", **weights}))
    alone = hbb.record(b"content", number=8_000_001)
    httpserver.expect_request("/zenodo/api/records/8000001").respond_with_json(alone)
    registered = {"data": [hbb.registration(hbb.DOI)["data"]], "meta": {"total": 1}, "links": {}}
    httpserver.expect_request("/datacite/dois").respond_with_json(registered)
    # A fault of the server would be asked again, after a while.
    httpserver.expect_request(re.compile(".*")).respond_with_data("", status=404)


def _prepare(before: str, settings: Settings, databases: Databases) -> None:
    """Leave what there is before the command."""
    if before != "nothing":
        databases.url(settings.home / "registry.sqlite", "catalogue")
    if before in {"fetched", "assessed"}:
        fetch(settings, hbb.DOI)
    if before == "assessed":
        assess(settings, hbb.DOI)


class _Words(dict[str, str]):
    """What stands for the names in braces in a case's command; a file is made when it is asked for."""

    def __init__(self, folder: Path, settings: Settings, model: Path) -> None:
        super().__init__(
            pid=PID, other=OTHER, absent=ABSENT, model=str(model), target=str(folder / "out.jsonl")
        )
        self._folder, self._settings = folder, settings

    def __missing__(self, name: str) -> str:
        path = self._folder / {"arrays": "x.npz", "jets": "jets.npz"}.get(name, f"{name}.jsonl")
        getattr(self, f"_{name}")(path)
        return str(path)

    def _arrays(self, path: Path) -> None:
        np.savez(path, x=np.ones((4, 3), np.float32))

    def _jets(self, path: Path) -> None:
        tracks, vertices = np.ones((4, 30, 60), np.float32), np.ones((4, 14, 5), np.float32)
        np.savez(path, tracks=tracks, vertices=vertices)

    def _record(self, path: Path) -> None:
        path.write_text(json.dumps(catalogue.records()[0].to_jsonld()), "utf-8")

    def _exported(self, path: Path) -> None:
        export(self._settings, path)

    def _lock(self, path: Path) -> None:
        write_lock(lock(self._settings, [hbb.DOI]), path)

    def _dump(self, path: Path) -> None:
        path.write_text(json.dumps(hbb.record(b"content")), "utf-8")
