# SPDX-License-Identifier: MIT
import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic

from fairreg.errors import RecordError
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.jsonld import to_turtle
from fairreg.schemas.jsonld_reader import read_jsonld
from fairreg.schemas.record import Creator, ModelRecord, Provenance, Relation
from support.full_record import FULL
from support.records import records

slow_data = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@slow_data
@given(records)
def test_json_ld_round_trip_is_the_identity(record):
    document = json.loads(json.dumps(record.to_jsonld()))
    assert ModelRecord.from_jsonld(document) == record


@slow_data
@given(records)
def test_plain_json_round_trip_is_the_identity(record):
    assert ModelRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


HBB = ModelRecord(
    identifier="doi:10.5281/zenodo.7305227",
    kind="model",
    name="Hbb Interaction Network",
    provenance=Provenance(source="test", source_id="1"),
    identifiers=(Identifier("doi", "10.5281/zenodo.7305227", "stated on the landing page"),),
    creators=(Creator(name="Duarte, Javier", orcid="0000-0002-5076-7096"), Creator(name="Li, Billy")),
    license="MIT",
    ml_task=("jet tagging",),
    relations=(Relation(type="trained_on", target=Identifier("doi", "10.7483/opendata.cms.jgjx.ms7q")),),
)


def triples(document):
    return Graph().parse(data=json.dumps(document), format="json-ld")


def test_rdflib_reads_the_terms_of_fair4ml_and_schema_org():
    graph = triples(HBB.to_jsonld())
    model = URIRef("https://doi.org/10.5281/zenodo.7305227")
    assert (model, URIRef("http://schema.org/license"), URIRef("https://spdx.org/licenses/MIT")) in graph
    assert (
        model,
        URIRef("https://w3id.org/fair4ml#trainedOn"),
        URIRef("https://doi.org/10.7483/opendata.cms.jgjx.ms7q"),
    ) in graph
    types = set(graph.objects(model, URIRef("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")))
    assert types == {URIRef("https://w3id.org/fair4ml#MLModel")}


def test_turtle_holds_the_same_triples_as_the_json_ld():
    assert isomorphic(Graph().parse(data=to_turtle(HBB), format="turtle"), triples(HBB.to_jsonld()))


PEOPLE = (
    Creator(name="Rossi, Ada", orcid="0000-0002-1825-0097", affiliation="Institute"),
    Creator(name="李, 明"),
    Creator(name="李, 明", affiliation="Institute"),
    Creator(name="CMS Collaboration", kind="organization"),
)
SIGNED = msgspec.structs.replace(HBB, creators=PEOPLE)


def test_creators_stand_under_author_too_and_are_the_same_nodes():
    document = SIGNED.to_jsonld()
    assert document["author"] == document["creator"]
    assert [item["name"] for item in document["author"]] == [item.name for item in PEOPLE]
    assert document["author"][3]["@type"] == "Organization"
    graph = triples(document)
    model = URIRef("https://doi.org/10.5281/zenodo.7305227")
    author, creator = (
        list(graph.items(graph.value(model, URIRef(f"http://schema.org/{term}"))))
        for term in ("author", "creator")
    )
    assert author == creator
    assert len(set(author)) == len(PEOPLE)


@pytest.mark.parametrize("whole", ["author", "creator"])
@pytest.mark.parametrize("other", ["missing", "references", "the same"])
def test_creators_are_read_from_either_list(whole, other):
    document = SIGNED.to_jsonld()
    spare = "creator" if whole == "author" else "author"
    if other == "missing":
        del document[spare]
    elif other == "references":
        document[spare] = {"@list": [{"@id": item["@id"]} for item in document[whole]]}
    record, left_out = read_jsonld(document)
    assert (record, left_out) == (SIGNED, ())


def test_authors_who_are_no_creators_are_named():
    document = SIGNED.to_jsonld()
    record, left_out = read_jsonld(document | {"author": [{"@type": "Person", "name": "Ben Okafor"}]})
    assert (record, left_out) == (SIGNED, ("author",))


def test_every_key_of_a_document_is_a_term_of_the_packaged_context():
    def keys(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if key != "@context":
                    yield key
                    yield from keys(value)
        elif isinstance(node, list):
            for item in node:
                yield from keys(item)

    document = HBB.to_jsonld()
    assert {key for key in keys(document) if not key.startswith("@")} <= set(document["@context"])


@pytest.mark.parametrize(
    "namespace", ["https://w3id.org/fair4ml#", "https://w3id.org/fair4ml/", "http://w3id.org/fair4ml/"]
)
def test_older_forms_of_the_fair4ml_namespace_are_understood(namespace):
    document = {
        "@context": {"fair4ml": namespace, "sdo": "https://schema.org/"},
        "@id": "https://doi.org/10.5281/ZENODO.1",
        "@type": "fair4ml:MLModel",
        "sdo:name": "A tagger",
        "fair4ml:mlTask": "jet tagging",
        "sdo:license": {"@id": "https://spdx.org/licenses/MIT.html"},
        "sdo:author": {"@type": "sdo:Person", "sdo:givenName": "Ada", "sdo:familyName": "Lovelace"},
        "fair4ml:trainedOn": {"@id": "https://doi.org/10.1234/data"},
    }
    record = ModelRecord.from_jsonld(document)
    assert record.kind == "model"
    assert record.identifier == "doi:10.5281/zenodo.1"
    assert record.ml_task == ("jet tagging",)
    assert record.license == "MIT"
    assert record.creators == (Creator(name="Ada Lovelace"),)
    assert record.related("trained_on") == (Identifier("doi", "10.1234/data"),)


def test_a_graph_document_gives_its_model():
    document = {
        "@context": "https://w3id.org/fair4ml",
        "@graph": [
            {"@id": "https://orcid.org/0000-0002-5076-7096", "@type": "Person", "name": "J"},
            {"@id": "https://example.org/m", "@type": "MLModel", "name": "M"},
        ],
    }
    assert ModelRecord.from_jsonld(document).name == "M"


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"@type": "MLModel"},
        {"@type": "Recipe", "name": "Soup"},
        {"@graph": []},
        {"@type": "MLModel", "@id": "https://example.org/m", "name": 3},
    ],
)
def test_what_is_no_record_is_refused_with_a_path(document):
    with pytest.raises(RecordError) as caught:
        ModelRecord.from_jsonld(document)
    assert caught.value.violations


@pytest.mark.parametrize(
    ("source", "stated"),
    [
        ("zenodo", "https://spdx.org/licenses/CC0-1.0"),
        ("openml", "https://www.openml.org/cite"),
        ("cernopendata", None),
        ("somewhere", None),
    ],
)
def test_the_view_states_the_licence_of_the_metadata_and_reads_back(source, stated):
    record = msgspec.structs.replace(FULL, provenance=Provenance(source=source, source_id="1"))
    document = record.to_jsonld()
    assert document.get("sdLicense") == stated
    assert read_jsonld(document) == (record, ())


@pytest.mark.parametrize(
    ("others", "stated"),
    [
        (("huggingface",), None),
        (("somewhere",), None),
        (("datacite",), "https://spdx.org/licenses/CC0-1.0"),
        (("fairreg",), "https://spdx.org/licenses/CC0-1.0"),
    ],
)
def test_a_merged_record_states_the_licence_that_all_its_sources_have(others, stated):
    provenance = Provenance(source="zenodo", source_id="1", merged_from=others)
    document = msgspec.structs.replace(FULL, provenance=provenance).to_jsonld()
    assert document.get("sdLicense") == stated
    assert read_jsonld(document)[0].provenance == provenance
