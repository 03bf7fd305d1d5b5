# SPDX-License-Identifier: MIT
"""Citations of records, their training data and papers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from fairreg.errors import UsageError
from fairreg.formats import bibtex, csl, ris
from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord, Provenance, Relation
from fairreg.services.cite import FORMATS, cite
from support import hbb
from support.databases import Databases
from support.examples import examples
from support.hostile import HOSTILE
from support.records import records

pytestmark = pytest.mark.engines("sqlite")

OWN, CONCEPT = Identifier("doi", "10.5281/zenodo.2"), Identifier("concept_doi", "10.5281/zenodo.1")
DATA = Identifier("doi", "10.1234/data")


def record(**fields: object) -> ModelRecord:
    values = {
        "identifier": OWN.compact,
        "kind": "model",
        "name": "Net",
        "identifiers": (OWN, CONCEPT),
        "creators": (Creator(name="Duarte, Javier"),),
        "date_published": "2022-03",
        "provenance": Provenance("zenodo", "2"),
    }
    return ModelRecord(**{**values, **fields})


def authors(*names: str) -> str:
    """The authors of a citation."""
    return cite(record(creators=tuple(Creator(name=name) for name in names))).partition(" (2022)")[0]


@pytest.fixture
def registry(databases: Databases, tmp_path: Path) -> Iterator[Registry]:
    with Registry(databases.url(tmp_path / "registry.sqlite", "tables")) as opened:
        yield opened


def test_a_version_is_cited_by_its_own_doi() -> None:
    assert cite(record(version="1.2", publisher="Zenodo")) == (
        "Duarte, J. (2022). Net (Version 1.2) [Machine learning model]. Zenodo. "
        "https://doi.org/10.5281/zenodo.2\n"
    )
    for name in FORMATS:
        assert CONCEPT.value not in cite(record(), format=name).replace(OWN.value, "")


@pytest.mark.parametrize(
    ("kind", "word"),
    [("model", "Machine learning model"), ("dataset", "Data set"), ("software", "Computer software")],
)
def test_the_kind_is_named(kind: str, word: str) -> None:
    assert f"Net (v2) [{word}]." in cite(record(kind=kind, version="v2"))


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["Javier Mauricio Duarte"], "Duarte, J. M."),
        (["Vlimant, Jean-Roch"], "Vlimant, J.-R."),
        (["Duarte, J.M."], "Duarte, J. M."),
        (["King, Martin, Jr."], "King, M., Jr."),
        (["CMS Collaboration"], "CMS Collaboration."),
        (["Plato"], "Plato."),
        (["李, 明"], "李, 明."),
        (["A B", "C D"], "B, A., & D, C."),
        (["A B", "C D", "E F"], "B, A., D, C., & F, E."),
        ([" , "], "Net [Machine learning model]."),
    ],
)
def test_authors_stand_in_apa_style(names: list[str], told: str) -> None:
    assert authors(*names) == told


def test_long_lists_of_authors_are_cut_as_apa_has_it() -> None:
    names = [f"Name{number:02}, A." for number in range(1, 22)]
    assert authors(*names[:20]).endswith("Name19, A., & Name20, A.")
    assert authors(*names).endswith("Name19, A., . . . Name21, A.")


def test_what_is_not_stated_is_said() -> None:
    place = Provenance("github", "o/net", url="https://github.com/o/net")
    bare = record(
        identifiers=(), identifier="github:o/net", creators=(), date_published=None, provenance=place
    )
    assert cite(bare, with_data=True, with_paper=True) == (
        "Net [Machine learning model]. (n.d.). https://github.com/o/net [The record states no authors.] "
        "[The record names no training data.] [The record names no paper.]\n"
    )
    assert json.loads(cite(bare, format="csl"))[0].keys().isdisjoint({"author", "issued", "DOI"})


def test_a_withdrawn_record_says_so_in_every_format(registry: Registry) -> None:
    registry.put(record())
    registry.statements.withdraw("zenodo", "2", "Retracted by its authors")
    withdrawn = registry.entry_for(OWN).present_record
    for name in FORMATS:
        assert "Withdrawn by its source: Retracted by its authors." in cite(withdrawn, format=name)
        assert "ithdrawn" not in cite(record(), format=name)


def trained(*targets: Identifier) -> ModelRecord:
    return record(relations=tuple(Relation(type="trained_on", target=target) for target in targets))


def test_training_data_are_cited_as_the_registry_knows_them(registry: Registry) -> None:
    data = record(
        kind="dataset",
        name="Jets",
        identifier=DATA.compact,
        identifiers=(DATA,),
        provenance=Provenance("x", "1"),
    )
    registry.put(data)
    asked = trained(DATA, Identifier("doi", "10.1234/UNKNOWN".lower()))
    net, known, unknown = cite(asked, with_data=True, registry=registry).strip().split("\n\n")
    assert net == cite(asked).strip()
    assert known == "Duarte, J. (2022). Jets [Data set]. https://doi.org/10.1234/data"
    assert unknown == (
        "https://doi.org/10.1234/unknown [Training data of Net; title and authors are not in the registry.]"
    )
    assert cite(asked, with_data=True).count("not in the registry") == 2
    items = json.loads(cite(asked, format="csl", with_data=True, registry=registry))
    assert [item["DOI"] for item in items] == [OWN.value, DATA.value, "10.1234/unknown"]
    assert [item["type"] for item in items] == ["software", "dataset", "dataset"]


def test_data_named_by_their_concept_doi_are_cited_by_it(registry: Registry) -> None:
    registry.put(record(kind="dataset", name="Jets", version="3"))
    asked = replace(trained(CONCEPT), identifier="doi:10.1234/net", identifiers=())
    _, told = cite(asked, with_data=True, registry=registry).strip().split("\n\n")
    assert told == (
        "Duarte, J. (2022). Jets [Data set]. https://doi.org/10.5281/zenodo.1 "
        "[The record that names these data does not tell their version.]"
    )


def test_papers_are_cited_by_their_dois_else_as_preprints() -> None:
    paper, preprint = Identifier("paper_doi", "10.1103/paper"), Identifier("arxiv", "1902.08570")
    both = cite(record(identifiers=(OWN, paper, preprint)), with_paper=True)
    assert "https://doi.org/10.1103/paper [Paper that describes Net;" in both
    assert "arxiv" not in both
    assert "https://arxiv.org/abs/1902.08570 [Paper" in cite(
        record(identifiers=(OWN, preprint)), with_paper=True
    )
    entry = cite(record(identifiers=(OWN, preprint)), with_paper=True, format="bibtex")
    assert "eprint     = {1902.08570}," in entry
    assert entry.count("@") == 2


def test_the_published_model_is_cited_with_its_data_and_paper(databases: Databases, tmp_path: Path) -> None:
    with Registry(databases.url(tmp_path / "catalogue.sqlite", "catalogue")) as known:
        asked = known.entry_for(hbb.DOI).present_record
        told = cite(asked, with_data=True, with_paper=True, registry=known)
    net, data, paper = told.strip().split("\n\n")
    assert net.startswith("Duarte, J. M., Li, B., Roy, A., & Zhu, R. (2022). Hbb Interaction Network")
    assert data.endswith("[Data set]. CERN Open Data Portal. https://doi.org/10.7483/opendata.cms.jgjx.ms7q")
    assert paper.startswith("https://doi.org/10.1088/2632-2153/ad12e3 ")


def test_alone_a_record_is_cited_as_its_format_writes_it() -> None:
    for view in (bibtex, csl, ris):
        assert cite(record(), format=view.NAME) == view.write(record())


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="There is no format 'mla' of citations") as caught:
        cite(record(), format="mla")
    assert caught.value.hint == "Formats: text, bibtex, csl, ris."


@settings(max_examples=examples(50), deadline=None)
@given(HOSTILE)
def test_hostile_text_stays_in_its_line(text: str) -> None:
    hostile = record(
        name=text or "x",
        version=text,
        publisher=text,
        creators=(Creator(name=text or "x"),),
        relations=(Relation(type="trained_on", target=Identifier("url", text or "x")),),
    )
    assert len(cite(hostile, with_data=True, with_paper=True).strip().split("\n\n")) == 2
    for line in cite(hostile, format="ris", with_data=True).splitlines():
        assert not line or line[2:6] == "  - "


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(records)
def test_every_record_can_be_cited(any_record: ModelRecord) -> None:
    for name in FORMATS:
        told = cite(any_record, format=name, with_data=True, with_paper=True)
        assert told.endswith("\n")
        assert told == cite(any_record, format=name, with_data=True, with_paper=True)
