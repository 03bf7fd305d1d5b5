# SPDX-License-Identifier: MIT
from dataclasses import replace as replaced

import pytest
from msgspec.structs import replace

from fairreg.errors import RecordError
from fairreg.registry import Assessment, Registry, subject
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.registry import db

HUB = Identifier("huggingface", "org/name")
DOI = Identifier("doi", "10.1234/a")
RECORD = ModelRecord(
    identifier="huggingface:org/name",
    kind="model",
    name="A model",
    provenance=Provenance(source="huggingface", source_id="org/name"),
    identifiers=(HUB,),
)


@pytest.fixture
def registry(settings):
    db.ensure(settings, lambda _line: None)
    with Registry(settings=settings) as opened:
        yield opened


def made(record=RECORD, digest="0" * 64, **fields):
    values = {
        "identifier": record.identifier,
        "subject": subject(record),
        "rubric": "fair-ai-models",
        "rubric_version": "2.0",
        "assessed_at": "2026-11-22T00:00:00+00:00",
        "offline": False,
        "overall": 0.5,
        "coverage": 0.9,
        "letters": {"F": 0.5, "A": None},
        "evidence_sha256": digest,
        "report": b"{}",
        "evidence": b'{"a": 1}',
    }
    return Assessment(**values | fields)


def test_an_assessment_is_kept_with_its_evidence_and_its_score_shown(registry):
    registry.put(RECORD)
    registry.assessments.save([made()])
    (found,) = registry.assessments.history("org/name")
    assert (found.overall, found.coverage, found.letters) == (0.5, 0.9, {"F": 0.5, "A": None})
    assert registry.assessments.evidence(found) == b'{"a": 1}'
    assert registry.entry_for("org/name").fair_score == 0.5


def test_the_newest_comes_first_and_the_same_evidence_is_kept_once(registry):
    registry.put(RECORD)
    later = made(digest="1" * 64, assessed_at="2026-12-01T00:00:00+00:00", overall=0.7)
    registry.assessments.save([made(), later])
    registry.assessments.save([made(overall=0.6)])
    assert [item.overall for item in registry.assessments.history("org/name")] == [0.7, 0.6]
    assert [item.overall for item in registry.assessments.history("org/name", rubric="fair-datasets")] == []


def test_an_assessment_without_an_overall_score_is_kept_and_shows_none(registry):
    registry.put(RECORD)
    registry.assessments.save([made(digest="1" * 64, overall=None, coverage=0.3)])
    assert registry.entry_for("org/name").fair_score is None
    registry.assessments.save([made(assessed_at="2026-11-23T00:00:00+00:00", overall=0.6)])
    assert registry.entry_for("org/name").fair_score == 0.6
    closed = made(digest="2" * 64, assessed_at="2026-11-24T00:00:00+00:00", overall=None, coverage=0.3)
    registry.assessments.save([closed])
    assert registry.entry_for("org/name").fair_score is None
    assert registry.search("", min_fair=0.0).total == 0
    assert len(registry.assessments.history("org/name")) == 3


HISTORY = {
    "older": made(digest="1" * 64, assessed_at="2026-01-01T00:00:00+00:00", overall=0.9),
    "newest": made(digest="2" * 64, assessed_at="2026-11-01T00:00:00+00:00", overall=0.4),
    "offline": made(digest="3" * 64, assessed_at="2026-11-02T00:00:00+00:00", overall=0.8, offline=True),
    "training data": made(
        digest="4" * 64, assessed_at="2026-11-03T00:00:00+00:00", overall=0.7, rubric="fair-datasets"
    ),
    "other release": made(
        digest="5" * 64, assessed_at="2026-11-04T00:00:00+00:00", overall=0.6, rubric_version="1.0"
    ),
}


@pytest.mark.sliced(2)
@pytest.mark.parametrize("first", HISTORY)
def test_the_newest_score_online_is_shown_in_whatever_order_they_come(registry, first):
    registry.put(RECORD)
    names = [first, *(name for name in HISTORY if name != first)]
    for name in names:
        registry.assessments.save([HISTORY[name]])
    assert registry.entry_for("org/name").fair_score == 0.4
    registry.assessments.save([HISTORY[name] for name in reversed(names)])
    assert registry.entry_for("org/name").fair_score == 0.4
    registry.upkeep.refresh_scores()
    assert registry.entry_for("org/name").fair_score == 0.4


def test_a_score_offline_is_shown_only_where_there_is_none_online(registry):
    registry.put(RECORD)
    registry.assessments.save([HISTORY["offline"]])
    assert registry.entry_for("org/name").fair_score == 0.8
    registry.assessments.save([replaced(HISTORY["newest"], overall=None, coverage=0.3)])
    assert registry.entry_for("org/name").fair_score is None


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("model", "fair-ai-models"), ("software", "fair-ai-models"), ("dataset", "fair-datasets")],
)
def test_an_entry_is_shown_filtered_and_skipped_by_the_rubric_of_its_kind_only(registry, kind, shown):
    registry.put(replace(RECORD, kind=kind))
    other = {"fair-ai-models": "fair-datasets", "fair-datasets": "fair-ai-models"}[shown]
    registry.assessments.save([made(rubric=other, overall=0.9)])
    (known,) = registry.listing.snapshots(
        ["huggingface:org/name"], registry.assessments.window("2026-01-01", online=False)
    )
    assert (known.assessed, known.online) == (False, False)
    assert registry.entry_for("org/name").fair_score is None
    assert registry.search("", min_fair=0.1).total == 0
    registry.assessments.save([made(rubric=shown, overall=0.3)])
    (known,) = registry.listing.snapshots(
        ["huggingface:org/name"], registry.assessments.window("2026-01-01", online=False)
    )
    assert (known.assessed, known.online) == (True, True)
    assert registry.entry_for("org/name").fair_score == 0.3


def test_what_the_catalogue_calls_a_model_and_its_host_a_dataset_is_shown_as_it_is_assessed(registry):
    said = [
        replace(
            RECORD,
            kind=kind,
            identifier="doi:10.1234/a",
            identifiers=(DOI,),
            provenance=Provenance(source=source, source_id="1"),
        )
        for source, kind in (("zenodo", "dataset"), ("catalogue", "model"))
    ]
    registry.put_many(said)
    assert registry.entry_for("10.1234/a").record.kind == "model"
    registry.assessments.save([made(said[0], rubric="fair-datasets")])
    assert registry.entry_for("10.1234/a").fair_score == 0.5


def test_an_entry_that_a_harvest_gives_another_kind_loses_the_score_of_the_former(registry):
    registry.put(RECORD)
    registry.assessments.save([made()])
    registry.put(replace(RECORD, kind="dataset"))
    assert registry.entry_for("org/name").fair_score is None
    registry.put(RECORD)
    assert registry.entry_for("org/name").fair_score == 0.5


def test_entries_that_are_linked_and_separated_keep_each_its_own_score(registry):
    other = replace(
        RECORD,
        identifier="doi:10.1234/a",
        identifiers=(DOI,),
        name="Other",
        provenance=Provenance(source="zenodo", source_id="1"),
    )
    registry.put_many([RECORD, other])
    registry.assessments.save([made()])
    for change in (registry.link, registry.unlink):
        change("org/name", "10.1234/a")
        assert registry.entry_for("org/name").fair_score == 0.5
        assert registry.entry_for("10.1234/a").fair_score is None


@pytest.mark.parametrize("named", ["huggingface:org/name", "doi:10.1234/a"])
def test_a_record_that_leaves_an_entry_takes_its_score_along(registry, named):
    other = replace(
        RECORD,
        identifier="doi:10.1234/a",
        identifiers=(DOI,),
        name="Other",
        provenance=Provenance(source="zenodo", source_id="1"),
    )
    registry.put_many([replace(RECORD, identifiers=(HUB, DOI)), other])
    registry.assessments.save([made(identifier=named)])
    assert registry.entry_for("10.1234/a").fair_score == 0.5
    registry.put(RECORD)
    assert registry.entry_for("org/name").fair_score == 0.5
    assert registry.entry_for("10.1234/a").fair_score is None


def test_addresses_that_differ_in_case_have_each_its_own_score(registry):
    addresses = ["https://example.org/A", "https://example.org/a"]
    pair = [
        replace(
            RECORD,
            identifier=f"url:{address}",
            identifiers=(Identifier("url", address),),
            provenance=Provenance(source="file", source_id=address),
        )
        for address in addresses
    ]
    registry.put_many(pair)
    registry.assessments.save([made(pair[0])])
    shown = {
        item.identifier: item.fair_score
        for item in registry.listing.entries()
        if "example.org" in item.identifier
    }
    assert shown == {"url:https://example.org/A": 0.5, "url:https://example.org/a": None}
    window = registry.assessments.window("2026-01-01", online=False)
    assert [item.assessed for item in registry.listing.snapshots(shown, window)] == [True, False]


def test_a_score_by_another_rubric_is_history_and_nothing_else(registry):
    registry.put(RECORD)
    registry.assessments.save([made(rubric_version="1.0", overall=0.9)])
    assert registry.entry_for("org/name").fair_score is None
    assert registry.search("", min_fair=0.1).total == 0
    registry.assessments.save([made(overall=0.6)])
    registry.assessments.save([made(rubric_version="3.0", overall=0.9)])
    assert registry.entry_for("org/name").fair_score == 0.6
    assert [item.rubric_version for item in registry.assessments.history("org/name")] == ["3.0", "2.0", "1.0"]


def test_scores_that_an_earlier_release_left_are_hidden_and_those_of_this_one_stay(registry, settings):
    other = Identifier("huggingface", "org/other")
    second = replace(
        RECORD,
        identifier=other.compact,
        identifiers=(other,),
        provenance=Provenance(source="huggingface", source_id="org/other"),
    )
    registry.put_many([RECORD, second])
    registry.assessments.save([made(overall=0.5), made(second, digest="1" * 64, rubric_version="1.0")])
    with registry._database.writing() as connection:  # as 0.1.0 wrote it
        connection.exec_driver_sql("UPDATE entries SET fair_score = 0.8")
    registry.upkeep.set_property("scoring_rules", "")
    said = []
    db.ensure(settings, said.append)
    assert [line for line in said if line.startswith("1 assessments follow an older rubric")]
    assert registry.entry_for("org/name").fair_score == 0.5
    assert registry.entry_for("org/other").fair_score is None
    said.clear()
    db.ensure(settings, said.append)
    assert said == []


def test_a_new_harvest_keeps_score_and_history(registry):
    registry.put(RECORD)
    registry.assessments.save([made()])
    registry.put(replace(RECORD, name="Another name", keywords=("new",)))
    assert registry.entry_for("org/name").fair_score == 0.5
    assert len(registry.assessments.history("org/name")) == 1


def test_an_assessment_follows_its_object_into_an_entry_of_another_name(registry):
    registry.put(RECORD)
    registry.assessments.save([made()])
    registry.put(replace(RECORD, identifier="doi:10.1234/a", identifiers=(DOI, HUB)))
    entry = registry.entry_for("10.1234/a")
    assert entry.identifier == "doi:10.1234/a"
    assert entry.fair_score == 0.5
    assert [item.identifier for item in registry.assessments.history("10.1234/a")] == ["huggingface:org/name"]


def test_merged_entries_share_their_histories(registry):
    other = replace(
        RECORD,
        identifier="doi:10.1234/a",
        identifiers=(DOI,),
        provenance=Provenance(source="zenodo", source_id="1"),
    )
    registry.put_many([RECORD, other])
    registry.assessments.save([made(), made(other, digest="1" * 64)])
    registry.put(replace(RECORD, identifiers=(HUB, DOI)))
    assert registry.entry_for("org/name").identifier == registry.entry_for("10.1234/a").identifier
    assert len(registry.assessments.history("10.1234/a")) == 2


@pytest.mark.parametrize("scored", [0, 1])
def test_an_entry_made_of_two_keeps_the_score_that_either_had(registry, scored):
    other = replace(
        RECORD,
        identifier="doi:10.1234/a",
        identifiers=(DOI,),
        provenance=Provenance(source="zenodo", source_id="1"),
    )
    registry.put_many([RECORD, other])
    registry.assessments.save([made((RECORD, other)[scored])])
    registry.put(replace(RECORD, identifiers=(HUB, DOI)))
    assert registry.entry_for("10.1234/a").fair_score == 0.5


def test_a_models_repository_lends_it_no_history(registry):
    code = Identifier("github", "o/r")
    repository = ModelRecord(
        identifier="github:o/r",
        kind="software",
        name="Code",
        provenance=Provenance(source="github", source_id="o/r"),
        identifiers=(code,),
    )
    model = replace(RECORD, identifier="doi:10.1234/a", identifiers=(DOI, code))
    registry.put_many([repository, model])
    registry.assessments.save([made(repository)])
    assert registry.assessments.history("10.1234/a") == ()
    assert len(registry.assessments.history("github.com/o/r")) == 1


def test_what_the_registry_does_not_hold_has_a_history_by_its_own_identifier(registry):
    dataset = replace(RECORD, kind="dataset", identifier="doi:10.1234/a", identifiers=(DOI,))
    registry.assessments.save([made(dataset)])
    assert len(registry.assessments.history(DOI)) == 1
    assert registry.assessments.history("10.1234/unknown") == ()


@pytest.mark.parametrize(
    ("since", "online", "judged"),
    [("2026-01-01", False, True), ("2026-01-01", True, False), ("9999-01-01", False, False)],
)
def test_since_when_entries_were_assessed(registry, since, online, judged):
    registry.put(RECORD)
    registry.assessments.save([made(offline=True)])
    (known,) = registry.listing.snapshots(
        ["huggingface:org/name"], registry.assessments.window(since, online=online)
    )
    assert (known.assessed, known.online) == (judged, False)


def test_what_is_assessed_after_a_window_was_opened_is_not_in_it(registry):
    registry.put(RECORD)
    window = registry.assessments.window("2026-01-01", online=False)
    registry.assessments.save([made()])
    (known,) = registry.listing.snapshots(["huggingface:org/name"], window)
    assert (known.assessed, known.online) == (False, True)


def test_known_entries_come_in_the_order_asked_for_with_what_is_said_of_them(registry):
    others = [
        replace(
            RECORD,
            identifier=f"doi:10.1234/{n}",
            identifiers=(Identifier("doi", f"10.1234/{n}"),),
            provenance=Provenance(source="file", source_id=f"{n}"),
        )
        for n in range(3)
    ]
    registry.put_many(others)
    names = ["doi:10.1234/2", "doi:10.1234/none", "doi:10.1234/0"]
    assert [item.entry.identifier for item in registry.listing.snapshots(names)] == [
        "doi:10.1234/2",
        "doi:10.1234/0",
    ]
    for item in registry.listing.snapshots(names):
        assert item.statements == registry.statements.of_entry(item.entry)
        assert item.entry.record == registry.get(item.entry.identifier)


def test_identifiers_are_those_of_all_entries_in_their_order(registry, monkeypatch):
    monkeypatch.setattr("fairreg.registry.snapshots._PAGE", 7)
    found = list(registry.listing.identifiers())
    assert found == [entry.identifier for entry in registry.listing.entries()]
    assert len(found) == registry.listing.count() == registry.info().entries


def test_evidence_that_is_not_there_is_a_fault_of_the_registry(registry):
    with pytest.raises(RecordError, match="damaged"):
        registry.assessments.evidence(made())


def test_many_assessments_are_kept_at_once(registry):
    registry.put(RECORD)
    registry.assessments.save([made(digest=f"{number:064x}") for number in range(700)])
    assert len(registry.assessments.history("org/name")) == 700


def test_search_leaves_out_what_scores_less_or_was_never_assessed(registry):
    other = replace(
        RECORD,
        identifier="huggingface:org/other",
        identifiers=(Identifier("huggingface", "org/other"),),
        provenance=Provenance(source="huggingface", source_id="org/other"),
    )
    registry.put_many([RECORD, other])
    registry.assessments.save([made()])
    assert [hit.entry.identifier for hit in registry.search("", min_fair=0.5).hits] == [RECORD.identifier]
    assert registry.search("", min_fair=0.51).total == 0
    registry.assessments.save([made(overall=0.49999999999999994)])  # the mean of halves and thirds
    assert registry.search("", min_fair=0.5).total == 1
