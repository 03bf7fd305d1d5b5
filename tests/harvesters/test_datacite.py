# SPDX-License-Identifier: MIT
"""DataCite's documents and HTTP behaviour, written by hand in the documented shapes."""

import copy
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug import Request, Response

from fairreg import harvesters
from fairreg.errors import BadAnswer, NotFound, RecordError, UsageError
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access
from support.damage import survives_damage
from support.examples import examples

datacite = harvesters.get("datacite")

ATTRIBUTES = {
    "doi": "10.1000/ABC",
    "titles": [{"title": "Sub", "titleType": "Subtitle"}, {"title": "Main &amp; <i>only</i>"}],
    "creators": [
        {
            "name": "Doe, Jane",
            "nameType": "Personal",
            "nameIdentifiers": [{"nameIdentifier": "0000-0002-1825-0097", "nameIdentifierScheme": "ORCID"}],
            "affiliation": ["A", {"name": "B"}],
        },
        {"name": "The Collaboration", "nameType": "Organizational", "affiliation": []},
    ],
    "publisher": {"name": "Repository"},
    "publicationYear": 2023,
    "subjects": [{"subject": "jets"}, {"subject": "PyTorch"}],
    "dates": [
        {"date": "2023-09-15", "dateType": "Issued"},
        {"date": "2023-10-01T12:00:00Z", "dateType": "Updated"},
        {"date": "2030-01-01", "dateType": "Available"},
    ],
    "types": {"resourceTypeGeneral": "Model", "resourceType": "Network"},
    "relatedIdentifiers": [
        {
            "relationType": "IsVersionOf",
            "relatedIdentifier": "10.1000/concept",
            "relatedIdentifierType": "DOI",
        },
        {"relationType": "HasVersion", "relatedIdentifier": "10.1000/next", "relatedIdentifierType": "DOI"},
        {"relationType": "Cites", "relatedIdentifier": "978-3-95450-147-2", "relatedIdentifierType": "ISBN"},
    ],
    "identifiers": [{"identifier": "10.1000/abc", "identifierType": "DOI"}],
    "alternateIdentifiers": [
        {"alternateIdentifier": "2212.05081", "alternateIdentifierType": "arXiv"},
        {"alternateIdentifier": "oai:zenodo.org:1002", "alternateIdentifierType": "oai"},
    ],
    "rightsList": [
        {"rights": "MIT License", "rightsUri": "https://opensource.org/licenses/MIT"},
        {"rights": "Embargoed Access", "rightsUri": "info:eu-repo/semantics/embargoedAccess"},
        {"rights": "House rules"},
    ],
    "descriptions": [
        {"description": "How", "descriptionType": "Methods"},
        {"description": "<p>What</p>", "descriptionType": "Abstract"},
    ],
    "sizes": ["12 bytes"],
    "contentUrl": "https://example.org/files/model.onnx",
    "url": "https://example.org/landing",
    "version": 2,
    "state": "findable",
}
DOCUMENT = {"data": {"id": "10.1000/abc", "type": "dois", "attributes": ATTRIBUTES}}


def test_maps_a_document():
    found = datacite.to_record(DOCUMENT)
    assert (found.identifier, found.doi, found.concept_doi) == (
        "doi:10.1000/abc",
        "10.1000/abc",
        "10.1000/concept",
    )
    assert (found.name, found.alternate_names) == ("Main & only", ("Sub",))
    assert (found.kind, found.stated_type) == ("model", "Model")
    assert found.creators[0].orcid == "0000-0002-1825-0097"
    assert found.creators[0].affiliation == "A; B"
    assert found.creators[1].kind == "organization"
    assert (found.publisher, found.version, found.description) == ("Repository", "2", "What")
    assert (found.license, found.license_stated) == (None, "MIT; House rules")
    assert found.access == Access(level="embargoed", until="2030-01-01")
    assert (found.date_published, found.date_modified) == ("2023-09-15", "2023-10-01T12:00:00Z")
    assert (found.value_of("arxiv"), found.value_of("zenodo")) == ("2212.05081", "1002")
    assert found.related("has_version") == (Identifier("doi", "10.1000/next"),)
    assert found.related("cites") == (Identifier("isbn", "978-3-95450-147-2"),)
    (file,) = found.distributions
    assert (file.name, file.size, file.format) == ("model.onnx", 12, "onnx")
    assert found.frameworks == ("PyTorch", "ONNX")
    assert found.provenance.url == "https://example.org/landing"


def test_the_bare_data_and_the_shape_of_doi_org_say_the_same():
    of_doi_org = {**ATTRIBUTES, "id": "https://doi.org/10.1000/abc"}
    assert datacite.to_record(DOCUMENT["data"]) == datacite.to_record(DOCUMENT)
    assert datacite.to_record(of_doi_org) == datacite.to_record(DOCUMENT)


def test_media_of_the_doi_become_files():
    media = {"type": "media", "attributes": {"url": "https://example.org/w.pt", "mediaType": "application/x"}}
    found = datacite.to_record({**DOCUMENT, "included": [media, {"type": "clients"}]})
    assert [item.name for item in found.distributions] == ["w.pt", "model.onnx"]
    assert found.distributions[0].media_type == "application/x"
    assert {item.size for item in found.distributions} == {None}


@pytest.mark.parametrize(
    ("garbage", "path"),
    [
        ([], "$"),
        ({"errors": [{"status": "404"}]}, "$.doi"),
        ({"data": []}, "$.doi"),
        ({"data": [DOCUMENT["data"]]}, "$.data"),
        ({"data": {"type": "clients", "attributes": {"name": "x"}}}, "$.data.type"),
        ({"data": {"type": "dois", "attributes": {"doi": "10.1000/x"}}}, "$.data.attributes.titles"),
    ],
)
def test_what_is_no_record_is_refused_by_its_path(garbage, path):
    with pytest.raises(RecordError) as caught:
        datacite.to_record(garbage)
    assert caught.value.violations[0][0] == path


@settings(max_examples=examples(200))
@given(data=st.data())
def test_a_damaged_payload_gives_a_valid_record_or_a_record_error(data):
    survives_damage(datacite, DOCUMENT, data)


def listed(numbers, link=None, total=5):
    data = []
    for number in numbers:
        item = copy.deepcopy(DOCUMENT["data"])
        item["attributes"]["doi"] = f"10.1000/{number}"
        data.append(item)
    return {"data": data, "meta": {"total": total}, "links": {"next": link} if link else {}}


def dois(pages):
    return [hit.payload["attributes"]["doi"] for found in pages for hit in found.hits]


@pytest.fixture
def served(httpserver):
    """Five DOIs in pages of two, by number and by cursor; gives the list of the requests."""
    asked: list[dict[str, str]] = []

    def answer(request: Request) -> Response:
        args = request.args.to_dict()
        asked.append(args)
        kind = "cursor" if "page[cursor]" in args else "number"
        steps = ["1", "a+/b", "c"] if kind == "cursor" else ["1", "2", "3"]
        at = steps.index(args[f"page[{kind}]"])
        onward = steps[at + 1] if at < 2 else None
        quoted = onward and onward.replace("+", "%2B").replace("/", "%2F")
        link = onward and f"https://api.datacite.org/dois?page%5B{kind}%5D={quoted}&page%5Bsize%5D=2"
        body = listed(range(5)[2 * at : 2 * at + 2], link)
        return Response(json.dumps(body), content_type="application/json")

    httpserver.expect_request("/datacite/dois").respond_with_handler(answer)
    return asked


def test_a_search_without_limit_follows_the_cursor(web, served):
    pages = list(datacite.search(web, "jets", page_size=2))
    assert dois(pages) == [f"10.1000/{number}" for number in range(5)]
    assert pages[-1].cursor is None
    assert dois(datacite.search(web, "jets", cursor=pages[0].cursor)) == [
        "10.1000/2",
        "10.1000/3",
        "10.1000/4",
    ]


def test_a_search_with_a_limit_counts_pages(web, served):
    assert len(dois(datacite.search(web, "", limit=3, page_size=2))) == 3
    assert [item["page[number]"] for item in served] == ["1", "2"]


def test_since_becomes_part_of_the_query(web, served):
    next(datacite.search(web, "", since=date(2024, 1, 2)))
    assert served[0]["query"] == "updated:[2024-01-02 TO *]"


@pytest.mark.parametrize("since", [None, date(2024, 1, 2)])
def test_a_harvest_without_a_query_asks_for_models_software_and_datasets(web, served, since):
    assert len(dois(datacite.search(web, " ", since=since, page_size=2))) == 5
    assert {item["resource-type-id"] for item in served} == {"model,software,dataset"}


def test_a_query_is_not_narrowed(web, served):
    next(datacite.search(web, "jets"))
    assert "resource-type-id" not in served[0]


def test_fetch(web, httpserver):
    httpserver.expect_request("/datacite/dois/10.1000/abc").respond_with_json(DOCUMENT)
    fetched = datacite.fetch(web, Identifier("doi", "10.1000/abc"))
    assert datacite.to_record(fetched.payload).doi == "10.1000/abc"


def test_fetch_of_an_unknown_doi(web, httpserver):
    httpserver.expect_request("/datacite/dois/10.1000/abc").respond_with_json({"errors": []}, status=404)
    with pytest.raises(NotFound):
        datacite.fetch(web, Identifier("doi", "10.1000/abc"))


def test_wrong_answers_and_wrong_questions(web, httpserver):
    httpserver.expect_request("/datacite/dois").respond_with_json({"data": {}})
    httpserver.expect_request("/datacite/dois/10.1000/abc").respond_with_json("text")
    with pytest.raises(BadAnswer):
        list(datacite.search(web, ""))
    with pytest.raises(BadAnswer):
        datacite.fetch(web, Identifier("doi", "10.1000/abc"))
    with pytest.raises(UsageError):
        datacite.fetch(web, Identifier("zenodo", "1"))
    with pytest.raises(UsageError):
        list(datacite.search(web, "", cursor="nonsense"))


def test_a_hidden_doi_is_withdrawn():
    hidden = {
        "data": {"type": "dois", "attributes": {**ATTRIBUTES, "state": "registered", "reason": "Error."}}
    }
    assert datacite.withdrawn(hidden) == ("10.1000/abc", "Error.")
    assert datacite.withdrawn(DOCUMENT) is None
    assert datacite.withdrawn({"data": [1]}) is None


def test_specific_harvesters_come_before_general_ones():
    found = harvesters.for_identifier(Identifier("doi", "10.5281/zenodo.1002"))
    assert found[0].name == "zenodo"
    assert found[-1].name == "datacite"
    with pytest.raises(UsageError) as caught:
        harvesters.get("nowhere")
    assert "zenodo" in caught.value.hint


@pytest.mark.shared
@pytest.mark.parametrize("name", ["datacite/list-clients-page.json", "doi/ra-datacite.json"])
def test_real_documents_that_are_no_doi_are_refused(shared: Path, name):
    for payload in datacite.split(json.loads((shared / "payloads" / name).read_bytes())):
        with pytest.raises(RecordError):
            datacite.to_record(payload)


def test_a_service_that_repeats_its_cursor_ends_the_harvest(web, httpserver):
    onward = "https://api.datacite.org/dois?page%5Bcursor%5D=again"
    page = {"data": [DOCUMENT["data"]], "meta": {"total": 9}, "links": {"next": onward}}
    httpserver.expect_request("/datacite/dois").respond_with_json(page)
    assert len(list(datacite.search(web, "x"))) == 2


def test_cursors_that_go_round_end_the_harvest(web, httpserver):
    def page(request):
        onward = "b" if request.args["page[cursor]"] == "a" else "a"
        links = {"next": f"https://api.datacite.org/dois?page%5Bcursor%5D={onward}"}
        return Response(json.dumps({"data": [DOCUMENT["data"]], "meta": {"total": 9}, "links": links}))

    httpserver.expect_request("/datacite/dois").respond_with_handler(page)
    assert len(list(datacite.search(web, "x"))) == 3


@pytest.mark.parametrize("number", ["abc", "-1", "1.5", "", "²", "9" * 5000])
def test_a_next_page_whose_number_is_none_is_the_last(web, httpserver, number):
    links = {"next": f"https://api.datacite.org/dois?page%5Bnumber%5D={number}"}
    httpserver.expect_request("/datacite/dois").respond_with_json(
        {"data": [DOCUMENT["data"]], "links": links}
    )
    (page,) = datacite.search(web, "x", limit=5)
    assert page.cursor is None
