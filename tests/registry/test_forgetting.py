# SPDX-License-Identifier: MIT
"""A record that was removed for good is gone with all that belongs to it, and does not come back."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, text

from fairreg.errors import NotFound, RecordError, UsageError
from fairreg.registry import Assessment, ExportedStatement, Registry, Submission, subject
from fairreg.registry.ingest import forget
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord, Provenance, Relation
from fairreg.services.registry.integrity import check
from fairreg.services.registry.transfer import export, import_
from fairreg.settings import Settings
from support.databases import Databases

TITLE = "Zyzzyvaquark tagger"


def record(number: int, name: str, **fields: object) -> ModelRecord:
    doi = Identifier("doi", f"10.1234/{number}")
    values: dict[str, object] = {
        "identifier": doi.compact,
        "kind": "model",
        "name": name,
        "identifiers": (doi, Identifier("concept_doi", "10.1234/all")),
        "creators": (Creator(name="Quillfeather, Ottoline"),),
        "description": f"{name}, described at length.",
        "provenance": Provenance(source="zenodo", source_id=str(number)),
    }
    return ModelRecord(**{**values, **fields})  # type: ignore[arg-type]


FIRST, SECOND = record(1, TITLE), record(2, "Plain tagger", creators=())
SAID = record(1, TITLE, provenance=Provenance(source="datacite", source_id="10.1234/1"))
THIRD = record(3, "Other tagger", creators=(), identifiers=(Identifier("doi", "10.1234/3"),))


def assessment(of: ModelRecord) -> Assessment:
    return Assessment(
        of.identifier, subject(of), "fair-ai", "1", "2026-01-01T00:00:00+00:00", False, 0.5, 0.9, {},
        "0" * 64, b"{}", b"{}",
    )  # fmt: skip


@pytest.fixture
def filled(registry: Registry) -> Registry:
    registry.put_many(
        [Submission(FIRST, TITLE.encode()), Submission(SAID), Submission(SECOND), Submission(THIRD)]
    )
    registry.assessments.save([assessment(FIRST), assessment(SECOND)])
    registry.link("10.1234/1", "10.1234/3")
    return registry


def rows(registry: Registry) -> dict[str, int]:
    names = (
        "entries",
        "statements",
        "identifiers",
        "facets",
        "entry_texts",
        "assessments",
        "links",
        "lineages",
    )
    with registry._database.reading() as connection:
        return {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in names}


def test_all_that_belongs_to_it_goes(filled: Registry) -> None:
    (removed,) = filled.forget(["https://doi.org/10.1234/1"])
    assert (removed.identifier, removed.name) == (FIRST.identifier, TITLE)
    assert (removed.statements, removed.assessments, removed.links) == (2, 1, 1)
    with pytest.raises(NotFound):
        filled.get("10.1234/1")
    assert filled.search("zyzzyvaquark").total == 0
    assert {entry.identifier for entry in filled.listing.entries()} == {SECOND.identifier, THIRD.identifier}
    assert filled.assessments.history("10.1234/2")
    assert rows(filled)["links"] == 0
    assert check(Settings(home=Path("unused"), database_url=filled._database.url)).sound


def test_what_remains_is_what_a_registry_without_it_holds(
    filled: Registry, databases: Databases, tmp_path: Path
) -> None:
    filled.forget(["10.1234/1"])
    other = Registry(databases.url(tmp_path / "other.sqlite", "tables"))
    other.put_many([SECOND, THIRD])
    other.assessments.save([assessment(SECOND)])
    assert rows(filled) == rows(other)
    assert [hit.entry for hit in filled.search("tagger").hits] == [
        hit.entry for hit in other.search("tagger").hits
    ]
    with filled._database.reading() as connection, other._database.reading() as fresh:
        words = text("SELECT word FROM words ORDER BY word")
        assert list(connection.scalars(words)) == list(fresh.scalars(words))
    other.close()


def test_it_does_not_come_back_by_itself(filled: Registry) -> None:
    filled.forget(["10.1234/1"])
    mine = record(1, "New title", provenance=Provenance(source="dlhub", source_id="x/y"))
    results = filled.put_many([FIRST, SECOND, SAID, mine])
    assert [result.outcome for result in results] == ["forgotten", "unchanged", "forgotten", "forgotten"]
    assert results[0].identifier == FIRST.identifier
    moved = record(7, TITLE, identifiers=(), provenance=FIRST.provenance, identifier="zenodo:1")
    assert filled.put(moved).outcome == "forgotten"  # the same place at the source
    assert filled.statements.restore([ExportedStatement(Submission(FIRST))]) == ("forgotten",)
    filled.assessments.save([assessment(FIRST)])
    assert rows(filled)["assessments"] == 1
    assert filled.search("zyzzyvaquark").total == 0


def test_other_versions_and_what_refers_to_it_stay_and_come(filled: Registry) -> None:
    filled.forget(["10.1234/1"])
    later = record(
        4,
        "Later tagger",
        relations=(Relation(type="is_new_version_of", target=Identifier("doi", "10.1234/1")),),
    )
    assert filled.put(later).outcome == "new"
    assert filled.get("10.1234/all").identifier in {later.identifier, SECOND.identifier}


def test_a_dry_run_changes_nothing(filled: Registry) -> None:
    before = rows(filled)
    (removed,) = filled.forget(["zenodo:1", "10.1234/1"], dry_run=True)
    assert removed.statements == 2
    assert rows(filled) == before
    assert filled.removals.records() == ()


def test_all_or_nothing_and_twice_is_once(filled: Registry) -> None:
    with pytest.raises(NotFound, match="not in the registry"):
        filled.forget(["10.1234/1", "10.1234/999"])
    assert filled.get("10.1234/1") is not None
    assert len(filled.forget(["10.1234/1", "zenodo:1"])) == 1
    assert filled.forget(["10.1234/1"]) == ()


def test_it_is_listed_and_let_in_again(filled: Registry) -> None:
    filled.forget(["10.1234/1"])
    (listed,) = filled.removals.records()
    assert listed.identifier == FIRST.identifier
    assert listed.marks == ("datacite:10.1234/1", "doi:10.1234/1", "zenodo:1")
    with pytest.raises(NotFound, match="not forgotten"):
        filled.removals.undo("10.1234/2")
    assert filled.removals.undo("doi.org/10.1234/1") == (FIRST.identifier,)
    assert filled.removals.records() == ()
    assert filled.put(FIRST).outcome == "new"


def test_who_adds_it_explicitly_gets_it(filled: Registry) -> None:
    filled.forget(["10.1234/1"])
    filled.put(SECOND, readmit=True)
    assert len(filled.removals.records()) == 1
    filled.put(SAID, readmit=True)
    assert filled.put(FIRST).outcome == "new"


@pytest.mark.engines("sqlite")  # a server's files are its own
def test_nothing_of_it_is_in_the_file(filled: Registry) -> None:
    path = filled._database.path
    assert path is not None
    held = [TITLE.encode(), b"zyzzyvaquark", b"Quillfeather", b"quillfeath"]
    filled.close()  # writes the log to the file
    assert all(word in path.read_bytes() for word in held)
    filled.forget(["10.1234/1"])
    assert filled.removals.erase() is None
    files = [item for item in path.parent.iterdir() if item.name.startswith(path.name)]
    for file in files:
        assert not [word for word in held if word in file.read_bytes()], file
    assert filled.search("tagger").total


def test_an_import_and_the_catalogue_leave_it_out(
    filled: Registry, catalogue_registry: Registry, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database_url="unused")
    export(settings, tmp_path / "all.jsonl", registry=filled)
    filled.forget(["10.1234/1"])
    counts = import_(settings, tmp_path / "all.jsonl", registry=filled)
    assert counts["forgotten"] == 2
    assert filled.search("zyzzyvaquark").total == 0
    catalogue_registry.forget(["10.5281/zenodo.7305227"])
    catalogue_registry.upkeep.set_property("catalogue_digest", "of another release")
    assert catalogue_registry.upkeep.load_catalogue()
    assert catalogue_registry.listing.entries_for("10.5281/zenodo.7305227") == ()
    catalogue_registry.removals.undo("10.5281/zenodo.7305227")
    assert catalogue_registry.upkeep.load_catalogue()
    assert catalogue_registry.get("10.5281/zenodo.7305227")


def other(name: str, *carried: Identifier, source: str = "document", **fields: object) -> ModelRecord:
    """A record whose main identifier is the first of those carried."""
    own = carried[0]
    values: dict[str, object] = {
        "identifier": own.compact,
        "kind": "model",
        "name": name,
        "identifiers": carried,
        "provenance": Provenance(source=source, source_id=own.compact),
    }
    return ModelRecord(**{**values, **fields})  # type: ignore[arg-type]


def names(registry: Registry) -> set[str]:
    return {entry.identifier for entry in registry.listing.entries()}


def test_repeating_removes_nothing_that_only_refers_to_it(registry: Registry) -> None:
    solo = other("Solo", Identifier("doi", "10.5281/zenodo.9000003"), Identifier("paper_doi", "10.1000/p"))
    user = other("User", Identifier("doi", "10.1234/u"), Identifier("related_doi", solo.identifiers[0].value))
    registry.put_many([solo, user])
    assert len(registry.forget(["10.5281/zenodo.9000003"])) == 1
    assert registry.forget(["10.5281/zenodo.9000003", "zenodo:9000003"]) == ()
    assert names(registry) == {user.identifier}


@pytest.mark.sliced(5)
@pytest.mark.parametrize(
    "shared",
    [
        Identifier("concept_doi", "10.1234/shared"),
        Identifier("paper_doi", "10.1234/shared"),
        Identifier("related_doi", "10.1234/shared"),
        Identifier("github", "lab/tools"),
        Identifier("arxiv", "1909.12285"),
    ],
)
@pytest.mark.parametrize("carriers", [1, 2])
def test_an_identifier_of_something_else_removes_nothing_and_lists_who_carries_it(
    registry: Registry, shared: Identifier, carriers: int
) -> None:
    own = [Identifier("doi", f"10.1234/{number}") for number in range(carriers)]
    registry.put_many([other("Tagger", item, shared) for item in own])
    for dry_run in (True, False):
        with pytest.raises(UsageError, match="not the own identifier") as caught:
            registry.forget([own[0], shared.url or shared.compact], dry_run=dry_run)
        assert all(item.compact in str(caught.value) for item in own)
    assert names(registry) == {item.compact for item in own}
    assert registry.removals.records() == ()


def test_a_dry_run_names_all_that_the_run_removes(filled: Registry) -> None:
    asked = ["10.1234/2", "zenodo:1", "doi:10.1234/1"]
    told = filled.forget(asked, dry_run=True)
    assert [item.identifier for item in told] == [SECOND.identifier, FIRST.identifier]
    assert filled.forget(asked) == told
    assert filled.forget(asked) == ()
    assert names(filled) == {THIRD.identifier}


def test_a_bare_name_means_one_object_however_often_it_is_given(registry: Registry) -> None:
    hub = other("Hub", Identifier("huggingface", "o/m"), source="huggingface")
    code = other("Code", Identifier("github", "o/m"), source="github")
    registry.put_many([hub, code])
    (removed,) = registry.forget(["o/m"])
    assert removed.identifier == hub.identifier
    assert registry.forget(["o/m"]) == ()
    assert names(registry) == {code.identifier}
    assert registry.removals.undo("o/m") == (hub.identifier,)


def test_addresses_that_differ_in_case_are_two_records(registry: Registry) -> None:
    small, large, single = (
        other(name, Identifier("url", f"https://x.org/A/{name}")) for name in ("a0", "A0", "b0")
    )
    registry.put_many([small, large, single])
    judged = [assessment(small), replace(assessment(large), evidence_sha256="1" * 64)]
    registry.assessments.save(judged)
    assert registry.get("https://x.org/A/a0").name == "a0"
    assert registry.get("https://x.org/A/A0").name == "A0"
    with pytest.raises(UsageError, match=r"url:https://x\.org/A/A0, url:https://x\.org/A/a0"):
        registry.forget(["https://x.org/a/a0"])
    (removed,) = registry.forget(["https://x.org/A/a0"])
    assert (removed.identifier, removed.assessments) == (small.identifier, 1)
    assert registry.forget(["https://x.org/A/a0"]) == ()
    assert registry.get("https://x.org/A/A0").name == "A0"
    assert [item.outcome for item in registry.put_many([small, large])] == ["forgotten", "unchanged"]
    registry.assessments.save(judged)
    assert rows(registry)["assessments"] == 1
    # In another case it means the only one that there is, also when it is repeated and undone.
    assert len(registry.forget(["https://x.org/a/b0"])) == 1
    assert registry.forget(["https://x.org/a/b0"]) == ()
    assert registry.removals.undo("https://x.org/a/b0") == (single.identifier,)


def test_a_key_that_a_remaining_entry_has_too_bars_nothing(registry: Registry) -> None:
    shared = Identifier("huggingface", "o/m")
    one, two = (
        other(f"Tagger {number}", Identifier("doi", f"10.1234/{number}"), shared, source="zenodo")
        for number in (1, 2)
    )
    registry.put_many([one, two])
    registry.forget(["10.1234/1"])
    later = other("Renamed", *two.identifiers, source="zenodo")
    assert [item.outcome for item in registry.put_many([one, later])] == ["forgotten", "changed"]


@pytest.mark.sliced(3)
@pytest.mark.parametrize(
    "own",
    [
        Identifier("github", "o/m"),
        Identifier("openml", "123"),
        Identifier("cernopendata", "77"),
        Identifier("url", "https://x.org/A"),
        Identifier("swhid", "swh:1:rev:" + "a" * 40),
        Identifier("arxiv", "1909.12285"),
        Identifier("huggingface", "o/h"),
        Identifier("dlhub", "a/b"),
        Identifier("doi", "10.1234/5"),
    ],
)
def test_it_does_not_come_back_from_another_source_under_its_identifier(
    registry: Registry, own: Identifier
) -> None:
    registry.put(other("Jabberwock", own))
    registry.forget([own.compact])
    elsewhere = Provenance(source="other_registry", source_id="row0")
    copied = other("Jabberwock", own, provenance=elsewhere)
    unlisted = other("Jabberwock", own, provenance=elsewhere, identifiers=())
    for item in (copied, unlisted):
        assert registry.put(item).outcome == "forgotten"
        assert registry.statements.restore([ExportedStatement(Submission(item))]) == ("forgotten",)
    assert names(registry) == set()
    assert registry.put(copied, readmit=True).outcome == "new"
    assert registry.removals.records() == ()


def test_a_failed_addition_leaves_it_forgotten(filled: Registry) -> None:
    filled.forget(["10.1234/1"])
    before = filled.removals.records()
    with pytest.raises(RecordError):
        filled.put(record(1, "N\0x"), readmit=True)
    assert filled.removals.records() == before
    assert filled.put(FIRST).outcome == "forgotten"


def test_a_word_goes_though_it_is_part_of_anothers_or_has_its_stem(registry: Registry) -> None:
    gone = record(1, "Jetting tagger", creators=(Creator(name="Zog Rossi"),))
    stays = record(2, "Jetted tagger", creators=(Creator(name="Ada Grossini"),))
    registry.put_many([gone, stays])
    registry.forget(["10.1234/1"])
    with registry._database.reading() as connection:
        left = set(connection.scalars(text("SELECT word FROM words")))
    assert left.isdisjoint({"rossi", "jetting"})
    assert {"grossini", "jetted", "tagger"} <= left


def test_texts_are_read_once_however_many_authors_a_record_has(
    registry: Registry,
) -> None:
    letters = "abcdefghijklmnopqrst"
    authors = tuple(
        Creator(name=f"Zo{one}{two}qu {three}vex")
        for one in letters
        for two in letters
        for three in letters[:5]
    )
    registry.put_many(
        [record(1, TITLE, creators=authors), *(record(number, "Other") for number in range(2, 9))]
    )
    counted: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        counted.append(statement)

    with registry._database.writing() as connection:
        event.listen(connection, "before_cursor_execute", note)
        forget.forget(connection, ["10.1234/1"])
    assert len([query for query in counted if "FROM entry_texts" in query and "SELECT" in query]) == 1
    assert len(counted) < 60


def test_adding_another_record_with_a_shared_identifier_brings_none_back(registry: Registry) -> None:
    hub = Identifier("huggingface", "lab/num")
    one, two = (
        other(f"Numbat {name}", Identifier("doi", f"10.1234/f{name}"), hub, source="document")
        for name in "ab"
    )
    registry.put(one)
    registry.forget(["10.1234/fa"])
    assert registry.put(two).outcome == "forgotten"
    assert registry.put(two, readmit=True).outcome == "new"
    (left,) = registry.removals.records()
    assert left.identifier == one.identifier
    assert "huggingface:lab/num" not in left.marks
    assert registry.put(two).outcome == "unchanged"
    assert registry.put(one).outcome == "forgotten"
    assert registry.put(one, readmit=True).outcome == "new"
    assert registry.removals.records() == ()


OWN = [
    Identifier("kaggle", "models/lab/wombat"),
    Identifier("openml", "flow/61"),
    Identifier("swhid", "swh:1:rev:" + "a" * 40),
    Identifier("cernopendata", "77"),
    Identifier("url", "https://models.example.org/Wombat"),
    Identifier("zenodo", "910009"),
    Identifier("handle", "21.11101/0000-0007"),
    Identifier("huggingface", "lab/second"),
]


@pytest.mark.sliced(3)
@pytest.mark.parametrize("own", OWN, ids=lambda item: item.scheme)
def test_it_does_not_come_back_under_any_identifier_of_its_own(registry: Registry, own: Identifier) -> None:
    gone = other(
        "Wombat", Identifier("doi", "10.5281/zenodo.910009"), Identifier("huggingface", "lab/first"), own
    )
    registry.put(gone)
    registry.forget(["10.5281/zenodo.910009"])
    elsewhere = Provenance(source="other_registry", source_id="row0")
    assert registry.put(other("Wombat", own, provenance=elsewhere)).outcome == "forgotten"
    assert registry.put(other("Wombat", own, identifiers=(), provenance=elsewhere)).outcome == "forgotten"
    assert registry.put(gone, readmit=True).outcome == "new"
    assert registry.removals.records() == ()


@pytest.mark.parametrize(
    ("named", "returning"), [("10.5281/zenodo.910009", "zenodo:910009"), ("zenodo:910009", None)]
)
def test_a_page_and_the_doi_that_its_service_mints_are_forgotten_together(
    registry: Registry, named: str, returning: str | None
) -> None:
    page = other("Wombat", Identifier("zenodo", "910009"))
    doi = other("Wombat", Identifier("doi", "10.5281/zenodo.910009"))
    first, second = (doi, page) if returning else (page, doi)
    registry.put(first)
    registry.forget([named])
    assert registry.put(second).outcome == "forgotten"
    assert registry.put(second, readmit=True).outcome == "new"
    assert registry.removals.records() == ()
    registry.put(first)
    assert len(registry.forget([named], dry_run=True)) == len(registry.forget([named])) == 2
    assert names(registry) == set()


def test_the_place_of_content_is_not_part_of_its_identifier(registry: Registry) -> None:
    core = "swh:1:rev:" + "b" * 40
    registry.put(other("Wombat", Identifier("swhid", f"{core};origin=https://a.example.org")))
    registry.forget([f"{core};origin=https://a.example.org"])
    for value in (core, f"{core};origin=https://b.example.org"):
        assert registry.put(other("Wombat", Identifier("swhid", value))).outcome == "forgotten"


@pytest.mark.sliced(3)
@pytest.mark.parametrize(
    "shared",
    [
        Identifier("github", "lab/tools"),
        Identifier("url", "https://gitlab.example.org/lab/tools", "source_code_repository"),
        Identifier("pypi", "tools"),
        Identifier("paper_doi", "10.1000/p"),
        Identifier("concept_doi", "10.1234/all"),
        Identifier("related_doi", "10.1234/related"),
        Identifier("inspire", "1234567"),
        Identifier("orcid", "0000-0002-5076-7096"),
        Identifier("fingerprint", "sha256:" + "0" * 64),
    ],
    ids=lambda item: item.scheme,
)
def test_an_identifier_of_something_else_keeps_no_other_record_away(
    registry: Registry, shared: Identifier
) -> None:
    registry.put(other("Gone", Identifier("doi", "10.1234/1"), shared))
    registry.forget(["10.1234/1"])
    assert registry.put(other("Comes", Identifier("doi", "10.1234/2"), shared)).outcome == "new"


def test_records_that_stay_with_an_identifier_of_the_removed_one_are_still_renewed(
    registry: Registry,
) -> None:
    page, code = Identifier("url", "https://lab.example.org/"), Identifier("swhid", "swh:1:dir:" + "c" * 40)
    seen = Identifier("swhid", f"{code.value};origin=https://lab.example.org/code")
    registry.put(other("Gone", Identifier("doi", "10.1234/1"), page, code))
    registry.put(other("Stays", Identifier("doi", "10.1234/2"), page, seen))
    registry.forget(["10.1234/1"])
    assert registry.put(other("Renewed", Identifier("doi", "10.1234/2"), page, seen)).outcome == "changed"
