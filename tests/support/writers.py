# SPDX-License-Identifier: MIT
"""What processes do that write to one registry and read from it at the same time. All records are made up."""

import time
from collections import Counter

from fairreg.registry import Assessment, Harvest, Registry, RejectedPayload, Submission
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance

__all__ = ["OWN", "PAGES", "WRITERS", "assess", "busy", "look", "page", "patient", "refused_on", "write"]

WRITERS = 8
PAGES = 3
# Records of a page that only this writer has, and those that every writer has.
# It says something of its own about one of those, too.
_LONE, _COMMON = 4, 2
OWN = _LONE + 1
# A writer that has had no turn in so many of another's is starved.
_MOST_PAGES = 2000
# What a reader uses in the end, however little of the machine it gets.
_MOST_CPU_SECONDS = 60
_ENOUGH = "enough"


def page(writer: int, number: int) -> list[Submission]:
    """What one writer brings at once; the common records are the same from each."""
    source = f"archive{writer}"
    lone = [_record(source, f"{number}-{n}", f"10.1234/{writer}.{number}.{n}") for n in range(_LONE)]
    concept = Identifier("concept_doi", f"10.5281/zenodo.{number}")
    common = [_record("zenodo", f"{number}{n}", _common(number, n), concept) for n in range(_COMMON)]
    about = _record(source, f"about-{number}", _common(number, 0))
    return [Submission(record, record.name.encode(), "text/plain") for record in (*lone, *common, about)]


def refused_on(writer: int, number: int) -> list[RejectedPayload]:
    """What came with the page and is no record: one of the writer's own, one that all have."""
    return [
        RejectedPayload(
            source, f"{source} {number}".encode(), "It is made up.", refused_at="2026-01-01T00:00:00+00:00"
        )
        for source in (f"archive{writer}", "zenodo")
    ]


def write(url: str, writer: int, after: int = 0) -> Counter[str]:
    """Bring all pages behind the first `after`, each with how far it came; the outcomes, counted."""
    counts: Counter[str] = Counter()
    with Registry(url) as registry:
        for done in range(after, PAGES):
            # Each begins elsewhere, so that some are at the same records and some are not.
            number, state = (done + writer) % PAGES, _state(writer, done + 1)
            stored = registry.put_many(
                page(writer, number), harvest=state, rejected=refused_on(writer, number)
            )
            counts.update(result.outcome for result in stored)
    return counts


def look(url: str) -> int:
    """Read until every writer is done: a page is there as a whole with its state, or not; how often."""
    looks = 0
    with Registry(url) as registry:
        while time.process_time() < _MOST_CPU_SECONDS:
            looks += 1
            info = registry.info()
            for harvest in info.harvests:
                assert info.sources[harvest.source] == OWN * harvest.counts["pages"]
            hits = registry.search("archive", limit=None).hits
            assert all(registry.get(hit.entry.identifier) for hit in hits[:5])
            if sum(harvest.finished for harvest in info.harvests) == WRITERS:
                return looks
    raise AssertionError(f"{looks} looks, and the writers are not done")


def assess(url: str) -> int:
    """Assess what was there before the writers came, twice; how many."""
    made = [
        Assessment(
            identifier=f"doi:{_common(number, 0)}",
            subject=("doi", _common(number, 0)),
            rubric="made-up",
            rubric_version="1.0",
            assessed_at="2026-01-01T00:00:00+00:00",
            judged_at="2026-01-01T00:00:00+00:00",
            offline=True,
            overall=number / PAGES,
            coverage=1.0,
            letters={"F": 0.5},
            evidence_sha256=f"{number:064}",
            report=b"{}",
            evidence=b"{}",
        )
        for number in range(PAGES)
    ]
    with Registry(url) as registry:
        for item in made * 2:
            registry.assessments.save([item])
    return len(made)


def busy(url: str, writer: int) -> int:
    """Bring pages until somebody says that it is enough; how many."""
    with Registry(url) as registry:
        for pages in range(_MOST_PAGES):
            if registry.upkeep.get_property(_ENOUGH):
                return pages
            registry.put_many(page(writer, pages)[:_LONE])
    raise AssertionError(f"{_MOST_PAGES} pages, and nobody said that it is enough")


def patient(url: str, writer: int) -> Counter[str]:
    """Bring all pages, and then say that it is enough."""
    counts = write(url, writer)
    with Registry(url) as registry:
        registry.upkeep.set_property(_ENOUGH, "yes")
    return counts


def _state(writer: int, done: int) -> Harvest:
    return Harvest(f"archive{writer}", "", cursor=f"{done}", counts={"pages": done}, finished=done == PAGES)


def _common(number: int, n: int) -> str:
    return f"10.5281/zenodo.{1000 + 10 * number + n}"


def _record(source: str, source_id: str, doi: str, *more: Identifier) -> ModelRecord:
    return ModelRecord(
        identifier=f"doi:{doi}",
        kind="model",
        name=f"Model {source_id} of the archive {source}",
        identifiers=(Identifier("doi", doi), *more),
        keywords=("jets", f"word{source_id}"),
        ml_task=("tagging", source),
        provenance=Provenance(source, source_id),
    )
