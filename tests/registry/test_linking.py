# SPDX-License-Identifier: MIT
import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.registry import catalogue
from fairreg.registry.resolution.grouping import group, merge, name_entries
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    FieldOrigin,
    ModelRecord,
    Provenance,
    Relation,
)

DOI = "10.5281/zenodo.11"
Make = Callable[..., ModelRecord]

SOURCES = ("zenodo", "huggingface", "github", "dlhub", "datacite", "catalogue", "elsewhere")
PIDS = st.sampled_from(
    [
        Identifier(scheme, value)
        for scheme in ("doi", "huggingface", "github", "dlhub", "arxiv", "concept_doi")
        for value in ("10.1234/a", "x/y", "X/Y", "z/w")
    ]
)


@st.composite
def statements(draw: st.DrawFn) -> list[ModelRecord]:
    places = draw(
        st.lists(st.tuples(st.sampled_from(SOURCES), st.sampled_from("12")), max_size=8, unique=True)
    )
    return [
        ModelRecord(
            identifier=f"{source}:{number}",
            kind=draw(st.sampled_from(["model", "software"])),
            name=f"{source} {number}",
            identifiers=tuple(draw(st.lists(PIDS, max_size=4, unique=True))),
            keywords=tuple(draw(st.lists(st.sampled_from("abAB"), max_size=3))),
            license=draw(st.sampled_from([None, "MIT", "Apache-2.0"])),
            provenance=Provenance(source, number),
        )
        for source, number in places
    ]


@given(statements(), st.randoms())
def test_the_order_of_arrival_never_shows(said: list[ModelRecord], chance: random.Random) -> None:
    shuffled = said[:]
    chance.shuffle(shuffled)
    one, other = group(said), group(shuffled)
    assert {frozenset(members) for members in one} == {frozenset(members) for members in other}
    named = {merge(members).provenance: name for members, name in zip(one, name_entries(one), strict=True)}
    assert named == {merge(m).provenance: name for m, name in zip(other, name_entries(other), strict=True)}
    assert len(set(named.values())) == len(one)
    for members in one:
        backwards = list(members)
        chance.shuffle(backwards)
        assert merge(backwards) == merge(members)


@given(statements())
def test_groups_are_a_partition_and_singles_merge_to_themselves(said: list[ModelRecord]) -> None:
    groups = group(said)
    assert sorted((r.provenance.source, r.provenance.source_id) for g in groups for r in g) == sorted(
        (r.provenance.source, r.provenance.source_id) for r in said
    )
    assert all(merge([record]) is record for record in said)
    assert group([record for members in groups for record in members]) == groups


def test_a_doi_joins_whatever_its_case(make_record: Make) -> None:
    zenodo = make_record("zenodo", "11", pids=(DOI,))
    datacite = make_record("datacite", DOI, pids=(Identifier("doi", DOI.upper()),))
    assert len(group([zenodo, datacite])) == 1


def test_versions_of_one_concept_stay_two(make_record: Make) -> None:
    concept = Identifier("concept_doi", "10.5281/zenodo.10")
    first, second = (make_record("zenodo", n, pids=(f"10.5281/zenodo.{n}", concept)) for n in ("11", "12"))
    assert len(group([first, second])) == 2


@pytest.mark.parametrize("scheme", ["paper_doi", "related_doi", "concept_doi", "dlhub_doi", "arxiv"])
def test_what_only_points_elsewhere_joins_nothing(make_record: Make, scheme: str) -> None:
    shared = Identifier(scheme, "10.1234/x")
    assert (
        len(group([make_record("zenodo", "1", pids=(shared,)), make_record("github", "2", pids=(shared,))]))
        == 2
    )
    assert (
        len(
            group(
                [
                    make_record("zenodo", "1", pids=(Identifier("doi", "10.1234/x"),)),
                    make_record("github", "2", pids=(shared,)),
                ]
            )
        )
        == 2
    )


def test_a_hugging_face_id_joins_a_statement_without_doi_to_one_with(make_record: Make) -> None:
    curated = make_record("catalogue", "m", pids=(DOI, "hf:org/model"))
    hub = make_record("huggingface", "org/model", pids=("hf:Org/Model",))
    assert len(group([curated, hub])) == 1
    other = make_record("catalogue", "n", pids=("10.5281/zenodo.12", "hf:org/model"))
    assert len(group([curated, other, hub])) == 3  # whose is it? nobody's


def test_a_repository_joins_only_without_doi_and_within_a_kind(make_record: Make) -> None:
    repository = "github:org/repo"
    plain, hub = (
        make_record("github", "org/repo", pids=(repository,)),
        make_record("dlhub", "a", pids=(repository,)),
    )
    assert len(group([plain, hub])) == 1
    assert len(group([plain, make_record("zenodo", "11", pids=(DOI, repository))])) == 2
    assert len(group([plain, make_record("dlhub", "b", kind="software", pids=(repository,))])) == 2


def test_a_repository_that_one_source_splits_joins_nothing(make_record: Make) -> None:
    parts = [make_record("catalogue", name, pids=("github:org/repo",)) for name in "ab"]
    groups = group([*parts, make_record("github", "org/repo", pids=("github:org/repo",))])
    assert len(groups) == 3
    assert len(set(name_entries(groups))) == 3


def test_the_catalogue_stays_apart() -> None:
    assert len(group(catalogue.records())) == len(catalogue.records())


def test_who_knows_best_speaks(make_record: Make) -> None:
    curated = make_record(
        "catalogue",
        "m",
        pids=(DOI,),
        name="Curated name",
        description="Curated words",
        ml_task=("tagging",),
        keywords=("Jets", "GNN"),
        creators=(Creator("Paper Author"),),
        license="MIT",
        version="0",
        access=Access("open", "seen"),
        formats=("onnx",),
        provenance=Provenance(
            "catalogue",
            "m",
            origins=(
                FieldOrigin("creators", "inferred", "paper"),
                FieldOrigin("description", "inferred", "own words"),
            ),
        ),
    )
    file = Distribution("m.onnx", checksums=("md5:0",))
    host = make_record(
        "zenodo",
        "11",
        pids=(DOI, "10.1234/x"),
        name="upload_final",
        description="<p>",
        keywords=("jets",),
        creators=(Creator("Record Author"),),
        license_stated="other-open",
        version="1.0",
        distributions=(file,),
        access=Access("restricted"),
        formats=("zip",),
        relations=(Relation("cites", Identifier("doi", "10.1234/p")),),
    )
    merged = merge([host, curated])
    assert (merged.name, merged.description, merged.ml_task) == (
        "Curated name",
        "Curated words",
        ("tagging",),
    )
    assert merged.keywords == ("Jets", "GNN")
    assert (merged.version, merged.distributions, merged.access) == ("1.0", (file,), Access("restricted"))
    assert merged.creators == (Creator("Record Author"),)
    assert (merged.license, merged.license_stated) == (None, "other-open")  # never one half of each
    assert merged.formats == ("onnx", "zip")
    assert merged.provenance.source == "zenodo"
    assert [origin.field for origin in merged.provenance.origins] == ["description"]
    assert merged.provenance.merged_from == (curated.provenance.source,)
    repeated = msgspec.structs.replace(host, provenance=curated.provenance)
    assert merge([host, repeated]).provenance.merged_from == ()


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (Creator(name="A. Rossi", orcid="0000-0002-1825-0097", affiliation="CERN"), "CERN"),
        (Creator(name="rossi, ada", affiliation="CERN", affiliation_rors=("01ggx4157",)), "CERN"),
        (Creator(name="Rossi, Ada", affiliation="https://ror.org/01ggx4157"), None),
        (Creator(name="Rossi, Ada", affiliation="INFN", affiliation_rors=("005ta0471",)), None),
        (Creator(name="Curie, Marie", affiliation="CERN"), None),
    ],
)
def test_an_affiliation_that_is_only_identified_gets_its_name(
    make_record: Make, other: Creator, named: str | None
) -> None:
    by_ror = Creator(name="Rossi, Ada", orcid="0000-0002-1825-0097", affiliation_rors=("01ggx4157",))
    host = make_record(provenance=Provenance("zenodo", "11"), creators=(by_ror,))
    files = make_record(provenance=Provenance("files", "11"), creators=(other,))
    merged = merge([host, files])
    assert merged.creators == (msgspec.structs.replace(by_ror, affiliation=named),)
    assert ("files" in merged.provenance.merged_from) == (named is not None)


def test_notes_do_not_repeat_fields_that_a_file_states(make_record: Make) -> None:
    use, limits = "Tests of\n\nprograms.", "It knows toy jets only."
    notes = f"Input x: float32\n\nIntended use: {use}\n\nLimitations: {limits}\n\nLimitations: others."
    host = make_record(provenance=Provenance("zenodo", "11"), notes=notes)
    files = make_record(provenance=Provenance("files", "11"), intended_use=use, limitations=limits)
    assert merge([host, files]).notes == "Input x: float32\n\nLimitations: others."
    assert merge([host, make_record(provenance=Provenance("files", "11"))]).notes == notes
