# SPDX-License-Identifier: MIT
"""Commands that are killed and run again leave what they leave undisturbed: nothing is lost or doubled.

The full run kills each of the five 20 times (`pytest --long`), the usual one three of them once.
"""

import json
import os
import random
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from fairreg import harvesters
from fairreg.harvesters import Hit
from fairreg.registry import Registry, Submission
from fairreg.services.registry.transfer import export
from fairreg.settings import Settings
from fairreg.storage.cache import Cache
from support import hbb
from support.databases import Databases
from support.killing import KilledCommand
from support.networks import SMALL, random_tensors
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")

WEIGHTS = "models/trained_models/gnn_baseline_best.pth"
# Many small portions, so that there is something between them.
SMALL_PORTIONS = "import fairreg.services.registry.bulk_import as reading; reading._BYTES = 60_000"
RECORDS = 600
PAGES, SIZE = 6, 25
# When something was done here; what services say of time is older.
MOMENT = re.compile(rb"20(?:2[6-9]|[3-9]\d)-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")


@dataclass
class Activity:
    """A command, what there is before it, and what is compared of its home afterwards."""

    words: list[str]
    begun: Callable[[Path], bool]
    left: Callable[[Path], Any]
    prepare: Callable[[Path], None] = lambda _home: None
    check: Callable[[Path], None] = lambda _home: None
    before: str = ""
    answer: Callable[[bytes], Any] = lambda _said: None


def registry_of(home: Path) -> list[bytes]:
    """All that the registry holds, line by line, without the times at which it came."""
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'registry.sqlite'}")
    target = home.parent / "left.jsonl"
    export(settings, target)
    lines = MOMENT.sub(b"(now)", target.read_bytes()).splitlines()
    return [line for line in lines if b'"assessed_at"' not in line[:20]]


def assessments_of(home: Path) -> list[str]:
    """Each different assessment once, without its evidence, which holds the moments at which it came.

    A command that was killed after its work was done has left an assessment, and the next one adds its own.
    """
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'registry.sqlite'}")
    with Registry(settings=settings) as registry:
        found = list(registry.assessments.every())
    return sorted(
        {f"{item.identifier} {item.rubric} {item.overall} {item.coverage} {item.letters}" for item in found}
    )


def sound_registry(home: Path) -> None:
    """The database of a killed process is whole, and no statement in it is doubled."""
    path = home / "registry.sqlite"
    if not path.exists():
        return
    with sqlite3.connect(path) as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert database.execute("pragma foreign_key_check").fetchall() == []


def files_of(folder: Path) -> dict[str, bytes]:
    """Contents of the files below a folder, except locks."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def sound_cache(home: Path) -> None:
    """What has the name of a complete file or archive is complete."""
    assert [path for path, unchanged in Cache(home / "cache").verify() if not unchanged] == []


@pytest.fixture
def home_of(environment: dict[str, str], tmp_path: Path) -> Callable[[str], tuple[Path, dict[str, str]]]:
    """Makes homes by name, each with the environment of its commands."""

    def make(name: str) -> tuple[Path, dict[str, str]]:
        home = tmp_path / name / "home"
        home.mkdir(parents=True)
        return home, {**environment, "FAIRREG_HOME": str(home)}

    return make


@pytest.fixture
def many(tmp_path: Path, databases: Databases) -> Path:
    """A home whose registry holds many records, and the file `many.jsonl` with its export."""
    home = tmp_path / "many"
    settings = databases.home(home, "catalogue")
    zenodo = harvesters.get("zenodo")
    hits = [Hit.of(hbb.another(number)) for number in range(1, RECORDS + 1)]
    with Registry(settings=settings) as registry:
        registry.put_many(
            Submission(zenodo.to_record(hit.payload), hit.raw, "application/json") for hit in hits
        )
    export(settings, home / "many.jsonl")
    return home


@pytest.fixture
def activity(request: pytest.FixtureRequest) -> Activity:
    return request.getfixturevalue(f"activity_{request.param}")


@pytest.fixture
def asked(httpserver: HTTPServer) -> Callable[[Path], bool]:
    """Whether a service was asked since the last call of `httpserver.clear_log`."""
    return lambda _home: bool(httpserver.log)


@pytest.fixture
def activity_fetch(httpserver: HTTPServer, asked: Callable[[Path], bool]) -> Activity:
    filler = random.Random(1).randbytes(8_000_000)
    members = {WEIGHTS: Files().legacy(random_tensors(SMALL)), "README.md": b"# Hbb", "jets.bin": filler}
    hbb.serve(httpserver, hbb.archive(members))

    def left(home: Path) -> Any:
        return files_of(home / "cache"), registry_of(home)

    return Activity(["fetch", hbb.DOI, "--json"], asked, left, check=sound_cache, answer=json.loads)


@pytest.fixture
def activity_harvest(httpserver: HTTPServer, asked: Callable[[Path], bool]) -> Activity:
    def page(request: Request) -> Response:
        number = int(request.args["page"])
        hits = [hbb.another(1000 + number * SIZE + place) for place in range(SIZE)]
        return Response(json.dumps({"hits": {"hits": hits, "total": PAGES * SIZE}}))

    httpserver.expect_request("/zenodo/api/records").respond_with_handler(page)
    return Activity(["harvest", "zenodo", "--query", "tagger"], asked, registry_of)


@pytest.fixture
def activity_import(many: Path) -> Activity:
    return Activity(
        ["import", str(many / "many.jsonl")],
        lambda home: (home / "registry.sqlite").exists(),
        registry_of,
        before=SMALL_PORTIONS,
    )


@pytest.fixture
def activity_export(many: Path) -> Activity:
    wanted = (many / "many.jsonl").read_bytes()

    def prepare(home: Path) -> None:
        for path in many.glob("registry.sqlite*"):
            (home / path.name).write_bytes(path.read_bytes())
        (home.parent / "out").mkdir(exist_ok=True)

    def target(home: Path) -> Path:
        return home.parent / "out" / "registry.jsonl"

    def begun(home: Path) -> bool:
        return any((home.parent / "out").iterdir())

    def check(home: Path) -> None:
        assert not target(home).exists() or target(home).read_bytes() == wanted

    return Activity(
        ["export", "{out}/registry.jsonl"], begun, lambda home: target(home).read_bytes(), prepare, check
    )


@pytest.fixture
def activity_assess(httpserver: HTTPServer, asked: Callable[[Path], bool]) -> Activity:
    members = {WEIGHTS: Files().legacy(random_tensors(SMALL)), "README.md": b"# Hbb"}
    hbb.serve(httpserver, hbb.archive(members))

    def left(home: Path) -> Any:
        return files_of(home / "cache"), registry_of(home), assessments_of(home)

    def answer(said: bytes) -> Any:
        # Evidence holds the moments at which it came, and so does its digest.
        return {name: value for name, value in json.loads(said).items() if name != "evidence_digest"}

    return Activity(["assess", hbb.DOI, "--json"], asked, left, check=sound_cache, answer=answer)


ACTIVITIES = ("fetch", "export", "import", "assess", "harvest")
SLICE = [pytest.param(name, 0, 1, id=name) for name in ACTIVITIES]
FULL = [pytest.param(name, 1, 19, id=f"{name}-full", marks=pytest.mark.long) for name in ACTIVITIES]


@pytest.mark.sliced(2)
@pytest.mark.parametrize(("activity", "first", "count"), SLICE + FULL, indirect=["activity"])
def test_what_is_killed_and_run_again_leaves_the_same(
    activity: Activity,
    first: int,
    count: int,
    home_of: Callable[[str], tuple[Path, dict[str, str]]],
    httpserver: HTTPServer,
) -> None:
    calm = Trial(activity, *home_of("calm"))
    activity.prepare(calm.home)
    work, output = calm.command().work()
    said, wanted = calm.said(output), activity.left(calm.home)
    moments = []
    for seed in range(first, first + count):
        trial = Trial(activity, *home_of(f"seed-{seed}"))
        activity.prepare(trial.home)
        moments.append(
            trial.disturb(httpserver, work * random.Random(f"{activity.words[0]} {seed}").random())
        )
        sound_registry(trial.home)
        activity.check(trial.home)
        assert trial.finish() == said
        sound_registry(trial.home)
        activity.check(trial.home)
        assert differing(activity.left(trial.home), wanted) == "nothing"
    # Seen with pytest -rP.
    sys.stdout.write(f"killed after {', '.join(f'{moment:.2f}' for moment in moments)} of {work:.2f} s\n")


@dataclass
class Trial:
    """An activity in a home of its own."""

    activity: Activity
    home: Path
    environment: dict[str, str]

    def words(self) -> list[str]:
        return [word.format(out=self.home.parent / "out") for word in self.activity.words]

    def command(self) -> KilledCommand:
        activity = self.activity
        return KilledCommand(
            self.words(), self.environment, lambda: activity.begun(self.home), activity.before
        )

    def disturb(self, server: HTTPServer, after: float) -> float:
        """Kill the command after this much work, sooner where it was done by then; after how much it was."""
        while True:
            server.clear_log()
            if self.command().kill(after):
                return after
            # It ended before: in this home there is nothing left to do.
            after *= 0.7
            self.restart()

    def restart(self) -> None:
        """Empty the home."""
        for folder in (self.home, self.home.parent / "out"):
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
        self.activity.prepare(self.home)

    def finish(self) -> Any:
        """Run the command to its end; what it prints."""
        return self.said(self.command().work()[1])

    def said(self, output: bytes) -> Any:
        """What a command prints, as far as it is to be compared."""
        return self.activity.answer(MOMENT.sub(b"(now)", output.replace(os.fsencode(self.home), b"(home)")))


def differing(found: Any, wanted: Any) -> str:
    """Name what differs, in few words."""
    if found == wanted:
        return "nothing"
    if isinstance(found, tuple):
        return "; ".join(differing(one, other) for one, other in zip(found, wanted, strict=True))
    if isinstance(found, dict):
        names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        return f"files {names[:5]}"
    if isinstance(found, list):
        few = [*(Counter(found) - Counter(wanted)), *(Counter(wanted) - Counter(found))]
        return f"{len(found)} lines instead of {len(wanted)}: {[line[:300] for line in few[:4]]}"
    return f"{len(found)} bytes instead of {len(wanted)}"
