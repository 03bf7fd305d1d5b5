# SPDX-License-Identifier: MIT
"""JSON-LD of fairreg that was edited by hand or rewritten by a processor: each value is read or named."""

import json
import time

import msgspec
import pytest
from rdflib import Graph

from fairreg import formats
from fairreg.errors import RecordError
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.jsonld_reader import read_jsonld
from fairreg.schemas.record import Relation
from fairreg.schemas.validation import check
from support.full_record import FULL

DOCUMENT = {key: value for key, value in FULL.to_jsonld().items() if key != "license"}
MIT, GPL = "https://spdx.org/licenses/MIT", "https://spdx.org/licenses/GPL-3.0-only"
OWN = "https://example.org/my-licence"


@pytest.mark.parametrize(
    ("stated", "license_id", "words"),
    [
        (MIT, "MIT", None),
        ({"@id": f"{MIT}.html"}, "MIT", None),
        ({"@id": MIT, "name": "MIT License"}, "MIT", None),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0", None),
        ("https://opensource.org/licenses/MIT", "MIT", None),
        ([MIT, GPL], "GPL-3.0-only AND MIT", None),
        (OWN, None, OWN),
        ({"name": "Our own", "url": OWN}, None, f"Our own ({OWN})"),
        ([MIT, "ask us"], None, "MIT; ask us"),
        ([MIT, "(c) 2020 CERN"], "MIT", "(c) 2020 CERN"),
    ],
)
def test_a_licence_in_any_form_is_read(stated, license_id, words):
    document = {key: value for key, value in DOCUMENT.items() if key != "licenseStated"}
    record, left_out = read_jsonld(document | {"license": stated})
    assert (record.license, record.license_stated, left_out) == (license_id, words, ())


def test_a_licence_that_spdx_does_not_list_stands_beside_the_stated_words():
    record, _ = read_jsonld(DOCUMENT | {"license": OWN})
    assert (record.license, record.license_stated) == (None, f"MIT License; {OWN}")


FILE = {"@type": "DataDownload", "name": "m", "contentUrl": "https://example.org/m"}
DATA = "https://doi.org/10.1234/data"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"description": ["one", "two"]}, "description"),
        ({"version": ["1", "2"]}, "version"),
        ({"name": ["one", "two"]}, "name"),
        ({"inLanguage": ["en", "de"]}, "inLanguage"),
        ({"inLanguage": {"alternateName": "en"}}, "inLanguage"),
        ({"keywords": ["jets", {"termCode": "x1"}]}, "keywords"),
        ({"citation": "A paper without DOI"}, "citation"),
        ({"trainedOn": {"@type": "Dataset", "name": "JetClass"}}, "trainedOn"),
        ({"trainedOn": {"@id": DATA, "name": "JetClass"}}, "trainedOn.name"),
        ({"trainedOn": {"@id": "https://example.org/d", "identifier": DATA}}, "trainedOn.@id"),
        ({"distribution": FILE | {"contentSize": "12 MB"}}, "distribution.contentSize"),
        ({"distribution": FILE | {"digest": "md5:00", "md5": "11"}}, "distribution.md5"),
        ({"identifier": "number 5"}, "identifier"),
        ({"identifier": {"@id": DATA, "value": "10.1234/other"}}, "identifier.value"),
        ({"publisher": [{"name": "One"}, {"name": "Two"}]}, "publisher"),
        ({"hasEvaluation": {"metric": "AUC"}}, "hasEvaluation"),
        ({"creator": {"name": "A. Rossi", "givenName": "Ada"}}, "creator.givenName"),
        ({"creator": {"name": "Ada", "@id": "https://example.org/~ada"}}, "creator.@id"),
        ({"creator": {"name": "Ada", "identifier": {"value": "5"}}}, "creator.identifier"),
        ({"access": [{"accessLevel": "open"}, {"accessLevel": "gated"}]}, "access"),
        ({"license": MIT, "licenseExpression": "GPL-3.0-only"}, "license"),
        ({"license": {"termCode": "x"}}, "license"),
    ],
)
def test_what_is_not_read_is_named(change, name):
    document = {key: value for key, value in DOCUMENT.items() if key != "author"}
    assert name in read_jsonld(document | change)[1]


def test_several_affiliations_files_by_address_and_both_checksums_are_read():
    document = {key: value for key, value in DOCUMENT.items() if key != "author"}
    homes = [{"name": "X", "@id": "https://ror.org/01ggx4157"}, "Y"]
    files = [FILE | {"sha256": "a" * 64, "md5": "b" * 32}, "https://example.org/b.bin"]
    record, left_out = read_jsonld(
        document | {"creator": {"name": "Ada", "affiliation": homes}, "distribution": files}
    )
    (creator,), (one, two) = record.creators, record.distributions
    assert (creator.affiliation, creator.affiliation_rors) == ("X; Y", ("01ggx4157",))
    assert one.checksums == ("sha256:" + "a" * 64, "md5:" + "b" * 32)
    assert (two.name, two.url, left_out) == ("b.bin", "https://example.org/b.bin", ())


def flattened(how):
    document = FULL.to_jsonld()
    graph = Graph().parse(data=json.dumps(document), format="json-ld")
    options = {"context": document["@context"], "auto_compact": True} if how == "compact" else {}
    return json.loads(graph.serialize(format="json-ld", **options))


@pytest.mark.parametrize("how", ["compact", "expanded"])
def test_a_document_that_rdflib_flattened_is_the_same_record(how):
    document = flattened(how)
    checked = check(document)
    assert (checked.violations, checked.left_out, checked.others) == ((), (), ())
    reading = formats.read_record(json.dumps(document))
    assert (reading.understood, reading.left_out) == (FULL, ())


def test_references_to_nodes_of_the_graph_are_resolved():
    parts = {"creator", "author", "provenance", "@context"}
    main = {key: value for key, value in FULL.to_jsonld().items() if key not in parts}
    ada = {"@id": "_:c", "@type": "Person", "name": "Ada", "affiliation": {"@id": "_:a"}}
    graph = [
        main | {"creator": [{"@id": "_:c"}], "author": [{"@id": "_:c"}], "provenance": {"@id": "_:p"}},
        ada,
        {"@id": "_:a", "@type": "Organization", "name": "Lab"},
        {"@id": "_:p", **FULL.to_jsonld()["provenance"]},
    ]
    document = {"@context": FULL.to_jsonld()["@context"], "@graph": graph}
    assert check(document).violations == ()
    record, left_out = read_jsonld(document)
    assert [(item.name, item.affiliation) for item in record.creators] == [("Ada", "Lab")]
    assert (record.provenance, left_out) == (FULL.provenance, ())


def test_another_record_of_the_graph_stays_a_related_object():
    data = msgspec.structs.replace(FULL, identifier="doi:10.1234/data", kind="dataset", relations=())
    other = data.to_jsonld() | {"@id": DATA}
    main = FULL.to_jsonld() | {"trainedOn": {"@id": DATA}, "isSupplementTo": []}
    record, left_out = read_jsonld({"@context": main.pop("@context"), "@graph": [main, other]})
    assert record.relations == (Relation(type="trained_on", target=Identifier("doi", "10.1234/data")),)
    assert left_out == ()


def test_nodes_that_refer_to_each_other_end_in_short_time():
    names = [f"_:n{number}" for number in range(300)]
    everyone = [{"@id": name} for name in names]
    nodes = [{"@id": name, "@type": "Person", "name": name, "knows": everyone} for name in names]
    main = FULL.to_jsonld() | {"creator": everyone, "author": []}
    started = time.process_time()
    with pytest.raises(RecordError):  # persons beyond the limit have no name
        read_jsonld({"@context": main.pop("@context"), "@graph": [main, *nodes]})
    assert time.process_time() - started < 30


def test_nodes_that_refer_in_a_circle_are_read():
    main = FULL.to_jsonld() | {"creator": {"@id": "_:a"}, "author": []}
    nodes = [
        {"@id": f"_:{one}", "@type": "Person", "name": one, "knows": {"@id": f"_:{other}"}}
        for one, other in ("ab", "ba")
    ]
    record, left_out = read_jsonld({"@context": main.pop("@context"), "@graph": [main, *nodes]})
    assert ([item.name for item in record.creators], left_out) == (["a"], ("creator.knows",))
