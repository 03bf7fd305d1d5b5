# SPDX-License-Identifier: MIT
"""schema.org for readers that know nothing else, and read without a network."""

import pytest
from msgspec.structs import replace
from rdflib import Graph, URIRef

from fairreg.formats import get, schema_org
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Creator, Relation
from support.full_record import FULL

SCHEMA, PROV = "https://schema.org/", "http://www.w3.org/ns/prov#"


def test_a_reader_without_a_network_finds_the_triples():
    graph = Graph().parse(data=get("schema-org").write(FULL), format="json-ld")
    iri = URIRef("https://doi.org/10.5281/zenodo.7305227")
    assert str(graph.value(iri, URIRef(f"{SCHEMA}name"))) == "Jet tagger"
    assert str(graph.value(iri, URIRef(f"{SCHEMA}url"))) == "https://zenodo.org/records/1"
    assert set(graph.objects(iri, URIRef(f"{PROV}wasDerivedFrom"))) == {
        URIRef("https://doi.org/10.7483/opendata.cms.jgjx.ms7q")
    }


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("model", ["SoftwareSourceCode", "https://w3id.org/fair4ml#MLModel"]),
        ("software", "SoftwareSourceCode"),
        ("dataset", "Dataset"),
    ],
)
def test_a_model_is_source_code_to_those_who_know_no_models(kind, types):
    node = schema_org.node(replace(FULL, kind=kind))
    assert node["@type"] == types
    assert ("codeRepository" in node) == (kind != "dataset")


@pytest.mark.parametrize(
    ("level", "term"),
    [
        ("open", "c_abf2"), ("embargoed", "c_f1cf"), ("restricted", "c_16ec"), ("gated", "c_16ec"),
        ("closed", "c_14cb"),
    ],
)  # fmt: skip
def test_access_is_told_in_terms_of_coar(level, term):
    node = schema_org.node(replace(FULL, access=Access(level, "Ask.")))
    assert node["conditionsOfAccess"] == f"http://purl.org/coar/access_right/{term}"
    assert node.get("isAccessibleForFree") is (True if level == "open" else None)
    assert "conditionsOfAccess" not in schema_org.node(replace(FULL, access=None))


def test_people_and_groups_have_their_identifiers():
    group = Creator(name="CMS Collaboration", kind="organization", ror="01ggx4157")
    person = Creator(name="Ada Rossi", affiliation="CERN", affiliation_rors=("01ggx4157",))
    node = schema_org.node(replace(FULL, creators=(group, person)))
    ror = "https://ror.org/01ggx4157"
    assert (
        node["creator"]
        == node["author"]
        == [
            {"@type": "Organization", "@id": ror, "name": "CMS Collaboration"},
            {
                "@type": "Person",
                "name": "Ada Rossi",
                "affiliation": {"@type": "Organization", "@id": ror, "name": "CERN"},
            },
        ]
    )


def test_the_page_of_a_registry_takes_the_place_of_the_source_s():
    node = schema_org.node(FULL, page="https://registry.example/records/doi:10.5281/zenodo.7305227")
    assert node["url"] == "https://registry.example/records/doi:10.5281/zenodo.7305227"
    assert node["sameAs"] == "https://zenodo.org/records/1"


def test_each_work_is_cited_once_and_only_by_an_address():
    named = (("paper_doi", "10.1234/paper"), ("other", "a book"), ("url", "ftp:x"))
    targets = [Identifier(scheme, value) for scheme, value in named]
    relations = tuple(Relation(type="cites", target=item) for item in targets * 2)
    node = schema_org.node(replace(FULL, relations=relations))
    cited = [item["@id"] for item in node["citation"]]
    assert cited == ["https://doi.org/10.1234/paper", "https://arxiv.org/abs/2212.05081"]
