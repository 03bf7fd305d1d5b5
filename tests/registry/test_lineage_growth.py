# SPDX-License-Identifier: MIT
"""The work that a growing lineage costs, counted in calls of functions and statements of SQL, not in time."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, event

from fairreg.registry import ExportedStatement, Registry, Submission, Tombstone
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Relation
from support.databases import Databases

pytestmark = pytest.mark.engines("sqlite")

SIZES = (30, 60, 120, 240)
# Twice as many records cost at most so many times the calls: twice would be 2, the square of it 4.
GROWTH = 2.3
CONCEPT = Identifier("concept_doi", "10.1234/concept")
Make = Callable[[int], ModelRecord]
Work = Callable[[Registry, Make, int], Callable[[], object]]


class Steps:
    """What is done inside its context: calls of functions, and statements of SQL."""

    def __init__(self) -> None:
        self.calls = self.statements = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        event.listen(Engine, "before_cursor_execute", self._executed)
        sys.setprofile(self._called)
        try:
            yield
        finally:
            sys.setprofile(None)
            event.remove(Engine, "before_cursor_execute", self._executed)

    def _called(self, _frame: FrameType, what: str, _argument: object) -> None:
        self.calls += what in {"call", "c_call"}

    def _executed(self, *_: object) -> None:
        self.statements += 1


def version(number: int, *more: Identifier, relations: tuple[Relation, ...] = ()) -> ModelRecord:
    own = Identifier("doi", f"10.1234/v{number}")
    return ModelRecord(
        identifier=own.compact,
        kind="model",
        name=f"Tagger, version {number}",
        identifiers=(own, *more),
        relations=relations,
        provenance=Provenance("zenodo", str(number)),
    )


def of_one_concept(number: int) -> ModelRecord:
    return version(number, CONCEPT)


def of_equal_weights(number: int) -> ModelRecord:
    return version(number, Identifier("fingerprint", "sha256:0"))


def of_the_last(number: int) -> ModelRecord:
    last = Relation("is_new_version_of", Identifier("doi", f"10.1234/v{number - 1}"))
    return version(number, relations=(last,) if number else ())


def of_the_first(number: int) -> ModelRecord:
    return version(number, relations=(Relation("is_version_of", Identifier("doi", "10.1234/v0")),))


def of_one_concept_and_repository(number: int) -> ModelRecord:
    return version(number, CONCEPT, Identifier("github", "lab/tagger"))


def of_two_sources(number: int) -> ModelRecord:
    source = ("zenodo", "datacite")[number % 2]
    return replace(of_one_concept(number // 2), provenance=Provenance(source, str(number)))


def in_one_page(registry: Registry, make: Make, size: int) -> Callable[[], object]:
    records = list(map(make, range(size)))
    return lambda: registry.put_many(records)


def changed(registry: Registry, make: Make, size: int) -> Callable[[], object]:
    records = list(map(make, range(size)))
    registry.put_many(records)
    return lambda: registry.put_many(replace(record, description="changed") for record in records)


def a_page_more(registry: Registry, make: Make, size: int) -> Callable[[], object]:
    registry.put_many(map(make, range(size)))
    records = list(map(make, range(size, size + 30)))
    return lambda: registry.put_many(records)


def one_more(registry: Registry, make: Make, size: int) -> Callable[[], object]:
    registry.put_many(map(make, range(size)))
    record = make(size)
    return lambda: registry.put(record)


def withdrawn(registry: Registry, make: Make, size: int) -> Callable[[], object]:
    items = [
        ExportedStatement(Submission(make(number)), Tombstone("withdrawn", "2026")) for number in range(size)
    ]
    return lambda: registry.statements.restore(items)


def steps_of(databases: Databases, file: Path, work: Work, make: Make, size: int) -> Steps:
    steps = Steps()
    with Registry(databases.url(file, "tables")) as registry:
        # Statements that are made once and for all.
        in_one_page(registry, lambda number: make(number + 10_000), 4)()
        do = work(registry, make, size)
        with steps.counted():
            do()
        assert len(registry.explain("10.1234/v0").entries) > size // 2
    return steps


@pytest.mark.sliced(7)
@pytest.mark.parametrize(
    ("work", "make", "sizes"),
    [
        (in_one_page, of_one_concept, SIZES),
        (in_one_page, of_equal_weights, SIZES),
        (in_one_page, of_the_last, SIZES),
        (in_one_page, of_the_first, SIZES),
        (in_one_page, of_one_concept_and_repository, SIZES),
        (in_one_page, of_two_sources, SIZES[:2]),
        (changed, of_one_concept, SIZES[:2]),
        (a_page_more, of_one_concept, SIZES),
        (a_page_more, of_the_last, SIZES),
        (one_more, of_one_concept, SIZES),
        (withdrawn, of_one_concept, SIZES[:2]),
    ],
)
def test_a_lineage_twice_as_long_costs_at_most_twice_as_much(
    databases: Databases, tmp_path: Path, work: Work, make: Make, sizes: tuple[int, ...]
) -> None:
    counted = [steps_of(databases, tmp_path / f"{size}.sqlite", work, make, size) for size in sizes]
    for less, more in pairwise(counted):
        assert more.calls <= GROWTH * less.calls
        assert more.statements <= GROWTH * less.statements


@pytest.mark.parametrize("work", [in_one_page, a_page_more, one_more])
def test_a_page_of_versions_takes_as_many_statements_of_sql_however_many_they_are(
    databases: Databases, tmp_path: Path, work: Work
) -> None:
    few, many = (
        steps_of(databases, tmp_path / f"{size}.sqlite", work, of_one_concept, size) for size in SIZES[:2]
    )
    assert many.statements == few.statements
