# SPDX-License-Identifier: MIT
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fairreg.registry import Registry
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.tasks import narrower, term_of

Make = Callable[..., ModelRecord]
JET_TAGGING = {"jet-tagging", *narrower("jet-tagging")}
HBB = "Hbb Interaction Network (FAIR4HEP)"


def is_jet_tagging(task: str) -> bool:
    """By its words, or by a term of the vocabulary."""
    return "jet tagging" in task.lower() or term_of(task) in JET_TAGGING


@pytest.mark.parametrize(
    "query",
    [
        "Hbb tagger",
        "H→bb",
        "H(bb) jets",
        "higgs to bottom quarks",
        "hbb",
        r"$H\to b\bar{b}$ tagging",
        "Hbb Interaction Network (FAIR4HEP)",
        "10.5281/zenodo.7305227",
        "https://doi.org/10.5281/ZENODO.7305227",
        "https://zenodo.org/records/7305227",
        "10.5281/zenodo.7305173",
        "github.com/FAIR4HEP/hbb_interaction_network",
        "FAIR4HEP/hbb_interaction_network",
    ],
)
def test_the_hbb_network_is_found_first(read_only_registry: Registry, query: str) -> None:
    hit = read_only_registry.search(query).hits[0]
    assert hit.record.name == HBB
    assert hit.entry.runnable


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("arXiv:1902.08570", "ParticleNet"),
        ("https://arxiv.org/abs/1902.08570v3", "ParticleNet"),
        ("particle transformer", "Particle Transformer (ParT)"),
        ("omnijet alpha", "OmniJet-α"),
        ("nu flows", "ν-Flows"),
        ("calo diffusion", "CaloDiffusion"),
        ("jet-universe/sophon", "Sophon"),
    ],
)
def test_known_items_are_found_first(read_only_registry: Registry, query: str, name: str) -> None:
    assert read_only_registry.search(query).hits[0].record.name == name


@pytest.mark.shared
def test_the_judged_queries_are_answered_well(read_only_registry: Registry, shared: Path) -> None:
    judged = json.loads((shared / "catalogue" / "queries.json").read_text(encoding="utf-8"))
    first = {query: read_only_registry.search(query, limit=1).hits[0].record.name for query in judged}
    best = [query for query, grades in judged.items() if grades.get(first[query], 0) == max(grades.values())]
    assert len(best) / len(judged) >= 0.9


def test_what_answers_the_whole_question_comes_first(registry: Registry, make_record: Make) -> None:
    registry.put(make_record("z", "1", name="zebra zebra zebra", keywords=("zebra",)))
    registry.put(make_record("z", "2", name="other", description="a zebra in the long grass, at night"))
    registry.put(make_record("z", "3", name="grass"))
    assert registry.search("zebra grass").hits[0].record.provenance.source_id == "2"


def test_scores_fall_with_the_rank(read_only_registry: Registry) -> None:
    results = read_only_registry.search("jet tagging with a graph neural network", limit=None)
    scores = [hit.score for hit in results.hits]
    assert len(scores) == results.total
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert (
        read_only_registry.search("jet tagging with a graph neural network", limit=3, offset=2).hits
        == results.hits[2:5]
    )


@pytest.mark.sliced(5)
@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ({"kind": "dataset"}, lambda e: e.record.kind == "dataset"),
        ({"kind": ["dataset", "software"]}, lambda e: e.record.kind != "model"),
        ({"framework": "pytorch"}, lambda e: any("PyTorch" in f for f in e.record.frameworks)),
        ({"framework": "onnx runtime"}, lambda e: "ONNX Runtime" in e.record.frameworks),
        ({"task": "Jet Tagging"}, lambda e: any(is_jet_tagging(t) for t in e.record.ml_task)),
        ({"license": "mit"}, lambda e: e.record.license == "MIT"),
        ({"license": "CC-BY"}, lambda e: e.record.license == "CC-BY-4.0"),
        ({"runnable": True}, lambda e: e.runnable),
        ({"source": "Catalogue"}, lambda e: "catalogue" in e.sources),
        (
            {"runnable": True, "framework": "PyTorch"},
            lambda e: e.runnable and "PyTorch" in e.record.frameworks,
        ),
    ],
)
def test_filters_keep_exactly_what_they_say(
    read_only_registry: Registry, filters: dict[str, object], holds: Callable[[object], bool]
) -> None:
    found = {hit.entry.identifier for hit in read_only_registry.search("", limit=None, **filters).hits}
    assert found == {entry.identifier for entry in read_only_registry.listing.entries() if holds(entry)}
    assert found


def test_filters_bind_words_and_identifiers_too(read_only_registry: Registry) -> None:
    assert read_only_registry.search("10.5281/zenodo.7305227", kind="dataset").total == 0
    assert read_only_registry.search("hbb", source="zenodo").total == 0
    kinds = {hit.record.kind for hit in read_only_registry.search("hbb", kind="dataset").hits}
    assert kinds == {"dataset"}
    assert read_only_registry.search("", framework="%").total == 0
    assert read_only_registry.search("", license="_IT").total == 0


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_an_empty_question_lists_all_newest_first(read_only_registry: Registry, query: str) -> None:
    results = read_only_registry.search(query, limit=None)
    years = [hit.record.year or 0 for hit in results.hits]
    assert results.total == len(years) == 165
    assert years == sorted(years, reverse=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text(alphabet="\"*^:(){}[]-+ANDORTENabh\\'%_\0\ud800"))
@example('" OR name:* --')
@example("NEAR(a b, 3) AND NOT {name} : x*")
@example("'; DROP TABLE entries; --")
@example("?!*")
@example("\ud800 tagger")
@example("tagger\0")
def test_no_text_breaks_a_search(read_only_registry: Registry, query: str) -> None:
    results = read_only_registry.search(query)
    assert results.total >= len(results.hits)


def test_operators_are_words(read_only_registry: Registry) -> None:
    plain = read_only_registry.search("calorimeter gan")
    found = read_only_registry.search("calorimeter (gan)*")
    assert [(hit.entry, hit.score) for hit in found.hits] == [(hit.entry, hit.score) for hit in plain.hits]
    assert read_only_registry.search("x" * 100_000).total == 0


def test_names_change_with_the_record(registry: Registry, make_record: Make) -> None:
    registry.put(make_record("z", "1", name="giraffe"))
    assert registry.search("giraffes").total == 1
    registry.put(make_record("z", "1", name="okapi"))
    assert registry.search("giraffe").total == 0
    assert registry.search("okapi").total == 1


def test_facets_count_what_was_found(read_only_registry: Registry) -> None:
    results = read_only_registry.search("jet tagging", limit=None, facets=True)
    assert results.facets is not None
    kinds = [hit.record.kind for hit in results.hits]
    assert dict(results.facets["kind"]) == {kind: kinds.count(kind) for kind in set(kinds)}
    licensed = dict(results.facets["license"])
    assert licensed["MIT"] == sum(hit.record.license == "MIT" for hit in results.hits)


def test_facets_of_an_empty_question_count_what_meets_the_filters(read_only_registry: Registry) -> None:
    results = read_only_registry.search("", kind="dataset", facets=True)
    assert results.facets is not None
    assert dict(results.facets["kind"])["dataset"] == results.total
    everything = read_only_registry.search("", facets=True).facets
    assert everything is not None
    assert sum(dict(everything["kind"]).values()) == len(list(read_only_registry.listing.entries()))


def test_facets_come_only_when_asked_for(read_only_registry: Registry) -> None:
    assert read_only_registry.search("jet").facets is None


def test_pages_of_the_newest_have_no_overlap(read_only_registry: Registry) -> None:
    every = [hit.entry.identifier for hit in read_only_registry.search("", limit=None).hits]
    pages = [read_only_registry.search("", limit=20, offset=at).hits for at in range(0, 180, 20)]
    assert [hit.entry.identifier for page in pages for hit in page] == every


def test_what_search_reads_can_be_written_anew(catalogue_registry: Registry) -> None:
    before = catalogue_registry.search("calorimeter simulation", limit=None)
    assert catalogue_registry.upkeep.reindex_text() == len(list(catalogue_registry.listing.entries()))
    assert catalogue_registry.upkeep.text_index_is_current()
    assert catalogue_registry.search("calorimeter simulation", limit=None) == before
