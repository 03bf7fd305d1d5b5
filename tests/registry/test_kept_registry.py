# SPDX-License-Identifier: MIT
"""The registry and the export of 0.1.0 (tests/data/0.1.0), as every later release has to keep them."""

import json
import lzma
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from fairreg.errors import RegistryError
from fairreg.registry import Registry, SearchResults, catalogue
from fairreg.registry.db.engine import Database
from fairreg.registry.db.tables import REVISIONS
from fairreg.services.registry.db import ensure, migrate, upgrade
from fairreg.services.registry.integrity import check
from fairreg.services.registry.transfer import export, import_
from fairreg.settings import Settings
from support import older
from support.content import content
from support.databases import Databases

KEPT = Path(__file__).parents[1] / "data" / "0.1.0"
EXPECTED = json.loads((KEPT / "expected.json").read_text(encoding="utf-8"))
# 0.1.0 called every PyTorch file runnable; a network has to be recognised in it.
EXPECTED["entries"]["doi:10.5281/zenodo.7000001"]["runnable"] = False
# A merged record names the other sources that gave a field since then.
MERGED = EXPECTED["entries"]["doi:10.5281/zenodo.7000002"]["record"]
MERGED["provenance"]["merged_from"] = ["datacite", "fairreg"]
# Its scores are by an older rubric: kept, and no longer shown.
SCORED_THEN = [name for name, entry in EXPECTED["entries"].items() if entry["fair_score"] is not None]
for name in SCORED_THEN:
    EXPECTED["entries"][name]["fair_score"] = None
EXPECTED["filters"]["min_fair"] = []
EXPORTED = lzma.decompress((KEPT / "registry.jsonl.xz").read_bytes())
# What an earlier schema has no table for, by the revision that brought it.
LATER_TYPES = {"verdict": "0002", "refusal": "0002", "assessment": "0003"}
RETIRED = "catalogue:made-up-retired"


def settings_of(url: str) -> Settings:
    return Settings(home=Path("unused"), database_url=url)


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """URL of the file that 0.1.0 wrote."""
    path = tmp_path / "registry.sqlite"
    path.write_bytes(lzma.decompress((KEPT / "registry.sqlite.xz").read_bytes()))
    return f"sqlite:///{path}"


@pytest.fixture
def imported_url(databases: Databases, tmp_path: Path) -> str:
    """URL of a database of this release into which the export of 0.1.0 was read."""
    url = databases.url(tmp_path / "imported.sqlite", "tables")
    (tmp_path / "kept.jsonl").write_bytes(EXPORTED)
    counts = import_(settings_of(url), tmp_path / "kept.jsonl")
    assert counts == {"new": 11, "changed": 0, "unchanged": 0, "verdicts": 2, "refused": 2, "assessments": 2}
    return url


def bring_up(url: str) -> None:
    """Migrate as `fairreg db upgrade` does, but leave out the catalogue, which changes with every release."""
    with closing(Database(url)) as database:
        migrate(database)
        registry = Registry(database)
        if not registry.upkeep.text_index_is_current():
            registry.upkeep.reindex_text()
        if not registry.upkeep.lineages_are_current():
            registry.upkeep.rebuild_lineages()
        if not registry.upkeep.scores_are_current():
            registry.upkeep.refresh_scores()


def exported(url: str, folder: Path) -> bytes:
    export(settings_of(url), folder / "exported.jsonl")
    return (folder / "exported.jsonl").read_bytes()


def observed(registry: Registry) -> dict[str, Any]:
    """What a user sees of the registry, as `make.py` wrote it down."""
    found = {
        "searches": {query: hits(registry.search(query, limit=None)) for query in EXPECTED["searches"]},
        "filters": {name: hits(FILTERED[name](registry)) for name in EXPECTED["filters"]},
        "entries": {
            entry.identifier: {
                "record": entry.record.to_json(),
                "sources": entry.sources,
                "runnable": entry.runnable,
                "fair_score": entry.fair_score,
                "url": entry.url,
                "gone": [entry.gone_at, entry.gone_reason],
                "lineage": [member.identifier for member in registry.explain(entry).entries],
                "evidence": len(registry.explain(entry).links),
            }
            for entry in registry.listing.entries()
        },
    }
    seen: dict[str, Any] = json.loads(json.dumps(found))
    return seen


FILTERED: dict[str, Callable[[Registry], SearchResults]] = {
    "source": lambda registry: registry.search("", limit=None, source="github"),
    "task": lambda registry: registry.search("", limit=None, task="jet tagging"),
    "framework": lambda registry: registry.search("", limit=None, framework="pytorch"),
    "license": lambda registry: registry.search("", limit=None, license="MIT"),
    "kind": lambda registry: registry.search("", limit=None, kind="dataset"),
    "runnable": lambda registry: registry.search("", limit=None, runnable=True),
    "gone": lambda registry: registry.search("", limit=None, gone=True),
    "min_fair": lambda registry: registry.search("", limit=None, min_fair=0.1),
}


def hits(found: SearchResults) -> list[Any]:
    return [
        [hit.entry.identifier, hit.sources, [one.identifier for one in hit.versions]] for hit in found.hits
    ]


def looks_alike(url: str) -> None:
    with Registry(url) as registry:
        seen = observed(registry)
    assert seen == {part: EXPECTED[part] for part in seen}
    assert check(settings_of(url)).sound


def test_what_is_kept_is_worth_it() -> None:
    assert len(EXPECTED["entries"]) == 9
    assert {hit for hits in EXPECTED["searches"].values() for hit, *_ in hits} >= {RETIRED, "openml:flow/42"}
    assert all(hits for name, hits in EXPECTED["filters"].items() if name != "min_fair")
    assert SCORED_THEN


@pytest.mark.engines("sqlite")
def test_the_file_opens_and_is_searched_and_exported_alike(file_url: str, tmp_path: Path) -> None:
    bring_up(file_url)
    looks_alike(file_url)
    assert exported(file_url, tmp_path) == EXPORTED
    with Registry(file_url) as registry:
        states = registry.info().harvests
        assert registry.upkeep.get_property("a note") == "kept"
    found = [
        [state.source, state.query, state.cursor, dict(state.counts), state.finished] for state in states
    ]
    assert found == EXPECTED["harvests"]


@pytest.mark.engines("sqlite")
def test_the_file_is_upgraded_with_all_that_it_holds(file_url: str, tmp_path: Path) -> None:
    before = len(EXPECTED["entries"])
    info = upgrade(settings_of(file_url))
    assert info.entries == before + len(catalogue.records())
    assert check(settings_of(file_url)).sound
    after = exported(file_url, tmp_path).splitlines()
    (changed,) = set(EXPORTED.splitlines()) - set(after)
    assert json.loads(changed)["record"]["identifier"] == RETIRED
    with Registry(file_url) as registry:
        assert registry.entry_for(RETIRED).gone_reason == "No longer in fairreg's catalogue."
    said: list[str] = []
    ensure(settings_of(file_url), said.append)
    assert said == []


def test_the_export_is_imported_searched_and_exported_alike(imported_url: str, tmp_path: Path) -> None:
    looks_alike(imported_url)
    assert exported(imported_url, tmp_path) == EXPORTED


@pytest.mark.sliced(7)
@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_it_goes_from_every_schema_through_every_later_one(
    imported_url: str, tmp_path: Path, revision: str
) -> None:
    kept_through_every_schema(imported_url, tmp_path, revision)


@pytest.mark.sliced(5)
@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_the_file_itself_goes_from_every_schema_through_every_later_one(
    file_url: str, tmp_path: Path, revision: str
) -> None:
    bring_up(file_url)
    kept_through_every_schema(file_url, tmp_path, revision)


def kept_through_every_schema(url: str, folder: Path, revision: str) -> None:
    """Go down to a schema, and up one after the other: all is there but what that schema has no table for."""
    older.move(url, "downgrade", revision)
    for later in REVISIONS[REVISIONS.index(revision) + 1 :]:
        older.move(url, "upgrade", later)
    bring_up(url)
    lost = {name for name, first in LATER_TYPES.items() if revision < first}
    held = [line for line in EXPORTED.splitlines() if json.loads(line).get("type") not in lost]
    assert exported(url, folder).splitlines() == held
    if not lost:
        looks_alike(url)


def test_a_newer_schema_is_refused_with_what_to_do_and_nothing_changes(imported_url: str) -> None:
    with closing(Database(imported_url)) as database, database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = content(imported_url)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: Registry(imported_url),
        lambda: ensure(settings_of(imported_url), pytest.fail),
        lambda: upgrade(settings_of(imported_url)),
    )
    for attempt in attempts:
        with pytest.raises(RegistryError, match="was written by a newer fairreg") as caught:
            attempt()
        assert caught.value.hint == "Upgrade fairreg: pip install -U fairreg"
    assert content(imported_url) == before
