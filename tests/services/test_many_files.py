# SPDX-License-Identifier: MIT
"""A record of thousands of files costs as much per file as one of a few."""

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Distribution, ModelRecord, Provenance
from fairreg.services.assess.assess import assess
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.services.fetch.files.selection import select
from fairreg.services.fetch.side_files import gathered, missing
from fairreg.services.registry import db
from fairreg.services.run.recipe.facts import recipe_facts
from fairreg.settings import Settings
from fairreg.storage.cache import Cache, CachedFile

FEW, MANY = 500, 4000


@pytest.fixture
def fetched_of(tmp_path: Path) -> Callable[[int], FetchedFiles]:
    """Makes the result of a fetch of so many files, all of one content."""
    (tmp_path / "file").write_bytes(b"1\n")

    def make(count: int) -> FetchedFiles:
        names = [f"part {number}.csv" for number in range(count)]
        listed = tuple(Distribution(name=name, url=f"http://localhost/{name}") for name in names)
        file = CachedFile(tmp_path / "file", "0" * 64, 2)
        files = tuple(
            Downloaded(
                item,
                CachedFile(tmp_path / item.name, file.sha256, 2),
                "sha256:0",
                verified=True,
                from_cache=True,
            )
            for item in listed
        )
        record = ModelRecord(
            identifier="zenodo:1",
            kind="dataset",
            name="many",
            provenance=Provenance("zenodo", "1"),
            distributions=listed,
        )
        for item in files:
            item.file.path.hardlink_to(tmp_path / "file") if not item.file.path.exists() else None
        return FetchedFiles("zenodo:1", record, files, (), tuple(item.file.path for item in files))

    return make


STEPS: dict[str, Callable[[FetchedFiles, Path], object]] = {
    "choosing": lambda fetched, _: select([item.distribution for item in fetched.files], ["*7.csv"]),
    "what is missing": lambda fetched, _: missing(fetched.files, fetched.record.distributions),
    "gathering": lambda fetched, folder: gathered(Cache(folder), fetched.files),
    "naming": lambda fetched, _: [fetched.name_of(path) for path in fetched.models],
    "a recipe": lambda fetched, _: recipe_facts(fetched),
    "a report": lambda fetched, _: fetched.to_json(),
}


@pytest.mark.sliced(2)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_takes_a_time_linear_in_the_number_of_files(
    fetched_of: Callable[[int], FetchedFiles], tmp_path: Path, step: str
) -> None:
    seconds = {}
    for count in (FEW, MANY):
        fetched = fetched_of(count)
        begun = time.process_time()
        STEPS[step](fetched, tmp_path / "cache")
        seconds[count] = time.process_time() - begun
    assert seconds[MANY] < 2
    assert seconds[MANY] < 3 * seconds[FEW] * MANY / FEW + 0.3


# Index entry, digest, and the beginning: as weights, as a model of a runner, as a packed file, as a format.
MOST_OPENINGS = 6


def test_an_assessment_offline_opens_each_short_file_a_few_times(settings: Settings, tmp_path: Path) -> None:
    count = 50
    db.ensure(settings, lambda _line: None)
    cache, listed = Cache(settings.cache), []
    for number in range(count):
        content = b"a,b\n%d,2\n" % number
        digest = hashlib.sha256(content).hexdigest()
        (tmp_path / "part").write_bytes(content)
        name = f"part{number}.csv"
        cache.add(tmp_path / "part", name=name, sha256=digest, keys=(f"sha256:{digest}",))
        url = f"https://zenodo.org/records/1/files/{name}"
        listed.append(Distribution(name=name, url=url, size=len(content), checksums=(f"sha256:{digest}",)))
    record = ModelRecord(
        identifier="zenodo:1",
        kind="model",
        name="many",
        identifiers=(Identifier("zenodo", "1"),),
        provenance=Provenance("zenodo", "1"),
        distributions=tuple(listed),
    )
    with Registry(settings=settings) as registry:
        registry.put(record, payload=b"{}", media_type="application/json")
    time.sleep(0.2)  # a file that was written just now is read again: it may change within a time stamp
    with counted_openings(settings.cache) as opened:
        report = assess(settings, "zenodo:1", offline=True)
    assert report.coverage > 0
    assert len(opened) <= MOST_OPENINGS * count + 10


@contextmanager
def counted_openings(folder: Path) -> Iterator[list[str]]:
    """Collects the files under `folder` that are opened meanwhile."""
    found: list[str] = []
    counting = [True]

    def seen(event: str, arguments: tuple[object, ...]) -> None:
        if counting and event == "open" and str(arguments[0]).startswith(str(folder)):
            found.append(str(arguments[0]))

    sys.addaudithook(seen)  # for the rest of the process: it cannot be removed
    yield found
    counting.clear()
