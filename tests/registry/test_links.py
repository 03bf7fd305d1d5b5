# SPDX-License-Identifier: MIT
"""Which records are one model, by what evidence, and what people say about it.

The records of the Hbb interaction network are written by hand; their facts are those of `support.hbb`.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fairreg.errors import NotFound, UsageError
from fairreg.registry import Registry, RejectedPayload
from fairreg.registry.resolution.grouping import StatementKey, group, statement_key_of
from fairreg.registry.resolution.lineage import MAX_SHARED, LinkOverrides, lineages
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Relation
from support import hbb
from support.databases import Databases
from support.examples import examples

Make = Callable[..., ModelRecord]

SLUG = "FAIR4HEP/hbb_interaction_network"
FIRST = "10.5281/zenodo.7305174"
DLHUB_DOI = "10.26311/5g6q-d719"
STUB = "jmgduarte/hbb_interaction_network"


def hbb_records() -> dict[str, ModelRecord]:
    """What each source says, version by version."""

    def record(source: str, source_id: str, name: str, *pids: Identifier, **fields: object) -> ModelRecord:
        values = {"identifier": pids[0].compact, "kind": "software", "name": name, "identifiers": pids}
        return ModelRecord(**{**values, "provenance": Provenance(source, source_id), **fields})

    concept = Identifier("concept_doi", hbb.CONCEPT)
    code = Identifier("github", SLUG, "related identifier: is_supplement_to")
    tag = Relation(type="is_supplement_to", target=Identifier("github", SLUG))
    return {
        "v0.1.0": record(
            "zenodo", "7305174", f"{SLUG}: v0.1.0", Identifier("doi", FIRST), concept, code,
            version="v0.1.0", relations=(tag,), date_published="2022-11-09",
        ),
        "v0.1.1": record(
            "zenodo", "7305227", f"{SLUG}: v0.1.1", Identifier("doi", hbb.DOI), concept, code,
            version="v0.1.1", relations=(tag,), date_published="2022-11-09",
        ),
        "github": record(
            "github", SLUG, SLUG, Identifier("github", SLUG),
            Identifier("related_doi", FIRST, "README.md: badge"),
        ),
        "dlhub": record(
            "dlhub", "fair4hep/hbb_in", "Hbb interaction network at DLHub", Identifier("doi", DLHUB_DOI),
            Identifier("dlhub", "fair4hep/hbb_in"), kind="model",
        ),
        "catalogue": record(
            "catalogue", "hbb", "Hbb Interaction Network (FAIR4HEP)", Identifier("doi", hbb.DOI), concept,
            Identifier("github", SLUG), Identifier("dlhub_doi", DLHUB_DOI, "arXiv:2212.05081 ref [62]"),
            kind="model",
        ),
        "stub": record(
            "huggingface", STUB, "hbb_interaction_network", Identifier("huggingface", STUB), kind="model"
        ),
    }  # fmt: skip


@pytest.fixture
def filled(registry: Registry) -> Iterator[Registry]:
    registry.put_many(hbb_records().values())
    return registry


def families(
    records: list[ModelRecord], verdicts: LinkOverrides | None = None
) -> set[frozenset[StatementKey]]:
    chosen = verdicts or LinkOverrides()
    found = lineages(group(records, chosen.cannot_link), chosen)
    return {
        frozenset(statement_key_of(record) for members in item.groups for record in members) for item in found
    }


def test_the_hbb_network_is_one_result_and_the_stub_another(filled: Registry) -> None:
    found = filled.search("hbb_interaction_network")
    assert found.total == 2
    (model,) = [hit for hit in found.hits if "zenodo" in hit.sources]
    assert model.sources == ("catalogue", "dlhub", "github", "zenodo")
    assert model.entry.identifier == f"doi:{hbb.DOI}"
    assert model.record.concept_doi == hbb.CONCEPT
    assert [entry.record.version for entry in model.versions] == ["v0.1.1", "v0.1.0"]
    assert [entry.record.doi for entry in model.versions] == [hbb.DOI, FIRST]
    (stub,) = [hit for hit in found.hits if hit.sources == ("huggingface",)]
    assert (stub.entry.identifier, stub.versions) == (f"huggingface:{STUB}", ())


def test_each_link_names_its_evidence(filled: Registry) -> None:
    report = filled.explain(hbb.DOI)
    assert {entry.identifier for entry in report.entries} == {
        f"doi:{hbb.DOI}", f"doi:{FIRST}", f"github:{SLUG}", f"doi:{DLHUB_DOI}",
    }  # fmt: skip
    told = {
        link.source: {(bond.how, bond.value) for bond in report.links_of(link)}
        for link in report.sources
        if link.source_id != "7305174"
    }
    assert ("github", SLUG.casefold()) in told["github"]
    assert ("DOI at DLHub", DLHUB_DOI) in told["dlhub"]
    assert ("DOI or concept DOI", hbb.CONCEPT) in told["zenodo"] & told["catalogue"]
    (bond,) = [bond for bond in report.links if bond.how == "DOI at DLHub"]
    assert bond.evidence == ("arXiv:2212.05081 ref [62]",)
    assert bond.statement_keys == (("catalogue", "hbb"), ("dlhub", "fair4hep/hbb_in"))
    assert filled.explain(STUB).links == ()
    assert len(filled.explain(STUB).sources) == 1


def test_a_version_asked_for_by_its_doi_stands_for_the_model(filled: Registry) -> None:
    (hit,) = filled.search(FIRST).hits[:1]
    assert hit.entry.identifier == f"doi:{FIRST}"
    assert filled.search(hbb.CONCEPT).hits[0].entry.identifier == f"doi:{hbb.DOI}"
    assert filled.search(hbb.CONCEPT).total == 1


def test_entries_stay_what_they_were(filled: Registry) -> None:
    assert filled.info().entries == 5
    assert filled.get(FIRST).version == "v0.1.0"


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers())
def test_the_order_of_arrival_never_shows(databases: Databases, tmp_path: Path, seed: int) -> None:
    records = list(hbb_records().values())
    random.Random(seed).shuffle(records)
    with Registry(databases.url(tmp_path / "order.sqlite", "tables")) as registry:
        for record in records:
            registry.put(record)
        hits = registry.search("hbb_interaction_network").hits
        assert sorted(hit.sources for hit in hits) == [
            ("catalogue", "dlhub", "github", "zenodo"), ("huggingface",),
        ]  # fmt: skip
        before = {hit.entry.identifier: hit.sources for hit in hits}
        registry.upkeep.rebuild_lineages()
        after = registry.search("hbb_interaction_network").hits
        assert {hit.entry.identifier: hit.sources for hit in after} == before


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("doi:10.1234/a",), (Relation(type="is_identical_to", target=Identifier("doi", "10.1234/A")),)),
        (("doi:10.1234/a",), (Relation(type="is_supplement_to", target=Identifier("doi", "10.1234/a")),)),
        (("github:o/r",), (Relation(type="is_supplement_to", target=Identifier("github", "O/R")),)),
        (("doi:10.1234/a",), (Identifier("related_doi", "10.1234/a", "model card"),)),
        (
            ("doi:10.1234/a", Identifier("fingerprint", "sha256:ab")),
            (Identifier("fingerprint", "sha256:ab"),),
        ),
        (
            (Identifier("swhid", "swh:1:dir:" + "0" * 40 + ";origin=https://a.example"),),
            (Identifier("swhid", "swh:1:dir:" + "0" * 40),),
        ),
    ],
)  # fmt: skip
def test_what_joins(
    registry: Registry, make_record: Make, one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    pids = tuple(item for item in other if isinstance(item, Identifier))
    relations = tuple(item for item in other if isinstance(item, Relation))
    first = make_record("zenodo", "1", name="tagger", pids=one)
    second = make_record("huggingface", "o/m", name="tagger", pids=("hf:o/m", *pids), relations=relations)
    for order in ((first, second), (second, first)):
        assert len(families(list(order))) == 1
    registry.put_many([first, second])
    assert registry.search("tagger").hits[0].sources == ("huggingface", "zenodo")
    registry.put(replace(second, identifiers=second.identifiers[:1], relations=()))
    assert {hit.sources for hit in registry.search("tagger").hits} == {("zenodo",), ("huggingface",)}


def test_names_papers_and_unowned_mentions_join_nothing(make_record: Make) -> None:
    paper, mention = Identifier("paper_doi", "10.1234/p"), Identifier("related_doi", "10.1234/x")
    cited = Relation(type="cites", target=Identifier("doi", "10.1234/a"))
    records = [
        make_record("zenodo", "1", name="same", pids=("10.1234/a", paper, mention)),
        make_record("github", "o/r", name="same", pids=("github:o/r", paper, mention), relations=(cited,)),
        make_record("huggingface", "o/r", name="same", pids=("hf:o/r", paper)),
    ]
    assert len(families(records)) == 3


def test_equal_fingerprints_join_only_under_one_rule(make_record: Make) -> None:
    evidence = ("computed from a.pt", "computed from b.pt", "computed from c.pt, rule 2", "of d.pt, rule 2")
    records = [
        make_record(
            "zenodo", str(number), pids=(f"10.1234/{number}", Identifier("fingerprint", "sha256:ab", seen))
        )
        for number, seen in enumerate(evidence)
    ]
    assert len(families(records)) == 2
    assert len(families([records[0], records[1]])) == 1
    assert len(families([records[2], records[3]])) == 1
    assert len(families([records[0], records[3]])) == 2


def test_a_weak_sign_joins_nothing_that_one_source_tells_apart(registry: Registry, make_record: Make) -> None:
    zoo = [make_record("huggingface", f"o/{n}", pids=(f"hf:o/{n}", "github:o/zoo")) for n in "ab"]
    code = make_record("github", "o/zoo", pids=("github:o/zoo",), kind="software")
    assert len(families([*zoo, code])) == 3
    registry.put_many([*zoo, code])
    assert registry.search("").total == 3
    # The second one moves away: what it contested is settled.
    registry.put(make_record("huggingface", "o/b", pids=("hf:o/b", "github:o/else")))
    assert registry.search("").total == 2
    base = make_record("zenodo", "1", pids=("10.1234/base",))
    tuned = [
        make_record("huggingface", f"o/{n}", pids=(f"hf:o/{n}", Identifier("related_doi", "10.1234/base")))
        for n in "cd"
    ]
    assert len(families([base, *tuned])) == 3


def test_a_model_and_the_data_that_it_names_are_two(make_record: Make) -> None:
    data = make_record("zenodo", "1", kind="dataset", pids=("10.1234/d",))
    model = make_record("huggingface", "o/m", pids=("hf:o/m", Identifier("related_doi", "10.1234/d")))
    assert len(families([data, model])) == 2


def test_what_everybody_carries_says_nothing(make_record: Make) -> None:
    many = [
        make_record(f"source{n}", "1", pids=("github:o/popular",), kind="model")
        for n in range(MAX_SHARED + 1)
    ]
    two = [replace(item, identifiers=(Identifier("doi", f"10.1234/{n}"), *item.identifiers)) for n, item in
           enumerate(many)]  # fmt: skip
    assert len(families(two)) == MAX_SHARED + 1
    assert len(families(two[:MAX_SHARED])) == 1


def test_what_has_become_too_common_parts_what_it_joined_in_pages_of_any_size(
    databases: Databases, tmp_path: Path, make_record: Make
) -> None:
    repository = Identifier("github", "o/popular")

    def versions(source: str, count: int) -> list[ModelRecord]:
        concept = Identifier("concept_doi", f"10.1234/{source}")
        return [
            make_record(
                source, str(n), pids=(Identifier("doi", f"10.1234/{source}.{n}"), concept, repository)
            )
            for n in range(count)
        ]

    many = [*versions("zenodo", MAX_SHARED // 2), *versions("dlhub", MAX_SHARED // 2)]
    last = versions("elsewhere", 1)
    for turn, pages in enumerate(([many, last], [last, many], [many + last])):
        with Registry(databases.url(tmp_path / f"{turn}.sqlite", "tables")) as registry:
            for number, page in enumerate(pages):
                registry.put_many(page)
                assert turn or number or registry.search("").total == 1
            assert registry.search("").total == 3
            registry.upkeep.rebuild_lineages()
            assert registry.search("").total == 3


def test_a_verdict_joins_what_nothing_else_does_and_outlives_harvests(filled: Registry) -> None:
    filled.link(hbb.DOI, f"huggingface:{STUB}")
    for _ in range(2):
        (hit,) = filled.search("hbb_interaction_network").hits
        assert hit.sources == ("catalogue", "dlhub", "github", "huggingface", "zenodo")
        stub = hbb_records()["stub"]
        filled.put(replace(stub, description="changed at its source"))
    (bond,) = [bond for bond in filled.explain(STUB).links if bond.how == "fairreg link"]
    assert ("huggingface", STUB) in bond.statement_keys
    filled.upkeep.rebuild_lineages()
    assert filled.search("hbb_interaction_network").total == 1


def test_a_verdict_parts_what_identifiers_join_and_outlives_harvests(filled: Registry) -> None:
    filled.unlink(DLHUB_DOI, hbb.DOI)
    for _ in range(2):
        sources = sorted(hit.sources for hit in filled.search("Hbb interaction network").hits)
        assert ("dlhub",) in sources
        assert ("catalogue", "github", "zenodo") in sources
        filled.put_many([replace(item, description="again") for item in hbb_records().values()])
    filled.upkeep.rebuild_lineages()
    assert filled.explain(DLHUB_DOI).links == ()
    filled.link(DLHUB_DOI, hbb.DOI)
    assert "dlhub" in filled.search(hbb.DOI).hits[0].sources
    filled.unlink(DLHUB_DOI, hbb.DOI)
    assert "dlhub" not in filled.search(hbb.DOI).hits[0].sources


def test_a_verdict_parts_two_statements_of_one_entry(filled: Registry) -> None:
    assert filled.entry_for(hbb.DOI).sources == ("catalogue", "zenodo")
    with pytest.raises(UsageError, match="the same record"):
        filled.unlink(hbb.DOI, f"https://doi.org/{hbb.DOI}")
    filled.unlink("catalogue:hbb", "zenodo:7305227")
    assert filled.explain("zenodo:7305227").entry.sources == ("zenodo",)
    filled.put_many([replace(item, description="again") for item in hbb_records().values()])
    assert filled.info().entries == 6
    with_catalogue = {(link.source, link.source_id) for link in filled.explain("catalogue:hbb").sources}
    assert ("catalogue", "hbb") in with_catalogue
    assert ("zenodo", "7305227") not in with_catalogue
    filled.link("catalogue:hbb", "zenodo:7305227")
    assert filled.info().entries == 5


def test_a_verdict_on_what_is_unknown_is_refused(filled: Registry) -> None:
    with pytest.raises(NotFound):
        filled.link(hbb.DOI, "10.1234/none")
    assert filled.links.overrides() == LinkOverrides()


def test_a_refused_payload_is_kept_once_until_it_is_a_record(registry: Registry, make_record: Make) -> None:
    bad = RejectedPayload("zenodo", b'{"id": 1}', "It has no title.", "$.title")
    registry.put_many([], rejected=[bad])
    registry.put_many([], rejected=[replace_reason(bad, "It still has none.")])
    registry.put_many([], rejected=[RejectedPayload("github", b'{"id": 1}', "Nameless.")])
    (kept,) = registry.harvests.rejected("zenodo")
    assert (kept.payload, kept.reason, kept.path) == (b'{"id": 1}', "It still has none.", "$.title")
    assert kept.refused_at
    assert len(registry.harvests.rejected()) == 2
    registry.put(make_record("zenodo", "1"), payload=b'{"id": 1}')
    assert [item.source for item in registry.harvests.rejected()] == ["github"]


def replace_reason(item: RejectedPayload, reason: str) -> RejectedPayload:
    return RejectedPayload(item.source, item.payload, reason, item.path)
