# SPDX-License-Identifier: MIT
"""FAIR Signposting of records, read by the client of others and by the rules of the specification."""

import json
import os
import subprocess

import pytest
import requests
from rdflib import Graph, Literal, URIRef

from fairreg.server.records.signposting import LONGEST_HEADER
from fairreg.server.site import Site
from support.awkward_records import LARGE, WITHDRAWN
from support.landing_page import LandingPage

pytestmark = pytest.mark.engines("sqlite")

HBB = "doi:10.5281/zenodo.7305227"
REFERENCE = "catalogue:fairreg-hbb-reference-1"
CLIENTS = os.environ.get("FAIRREG_TEST_CLIENTS")
# What the client finds in headers, in the page, and in both forms of the link set, as JSON.
READ = """
import json, sys, warnings
import signposting as s
warnings.simplefilter("ignore")
def plain(found):
    return sorted({(str(i.rel), i.target, str(i.type or ""), " ".join(i.profiles), str(i.context or ""))
                   for i in found.signposts})
found = {}
for url in sys.argv[1:]:
    http = s.find_signposting_http(url)
    sets = {i.type: s.find_signposting_linkset(i.target, str(i.type)) for i in http.linksets}
    found[url] = {
        "http": plain(http),
        "html": plain(s.find_signposting_html(url)),
        "cite": [i.target for i in [http.citeAs] if i],
        **{name: plain(each) for name, each in sets.items()},
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(served):
    """What the signposting client finds, by address."""
    if not CLIENTS or subprocess.run([CLIENTS, "-c", "import signposting"], check=False).returncode:
        pytest.skip("FAIRREG_TEST_CLIENTS names no interpreter with signposting")
    urls = [Site(None, served).record_url(item) for item in (HBB, REFERENCE, LARGE)]
    done = subprocess.run([CLIENTS, "-c", READ, *urls], capture_output=True, text=True, check=True)
    return dict(zip((HBB, REFERENCE, LARGE), json.loads(done.stdout).values(), strict=True))


def relations(links):
    return [link[0] for link in links]


@pytest.mark.parametrize("identifier", [HBB, REFERENCE])
def test_headers_page_and_both_link_sets_say_the_same(served, found, identifier):
    read = found[identifier]
    assert read["http"] == read["html"]
    page = Site(None, served).record_url(identifier)
    level_1 = [link for link in read["http"] if link[0] != "linkset"]
    for form in ("application/linkset+json", "application/linkset"):
        assert [link for link in read[form] if link[4] == page] == level_1
    assert read["application/linkset+json"] == read["application/linkset"]


def test_level_1_has_what_the_specification_asks_for(found):
    links = found[HBB]["http"]
    said = relations(links)
    assert found[HBB]["cite"] == ["https://doi.org/10.5281/zenodo.7305227"]
    assert (said.count("cite-as"), said.count("type"), said.count("license")) == (1, 2, 1)
    assert ["type", "https://schema.org/AboutPage"] in [link[:2] for link in links]
    assert "https://orcid.org/0000-0002-5076-7096" in [link[1] for link in links if link[0] == "author"]
    described = [link for link in links if link[0] == "describedby"]
    assert len(described) > 10
    assert all(link[2] for link in links if link[0] in {"describedby", "item", "linkset"})
    # Where one type has several vocabularies, the profile tells which.
    of_json = [link[3] for link in described if link[2] == "application/ld+json"]
    assert len(set(of_json)) == len(of_json) > 3
    assert all(of_json)
    assert [link[2] for link in links if link[0] == "item"] == ["application/zip"]


def test_the_link_set_leads_back_from_metadata_and_files(served, found):
    page = Site(None, served).record_url(HBB)
    links = found[HBB]["application/linkset+json"]
    forward = {link[1] for link in links if link[0] in {"describedby", "item"}}
    back = {link[4]: link[:3] for link in links if link[0] in {"describes", "collection"}}
    assert set(back) == forward
    assert {tuple(link[1:]) for link in back.values()} == {(page, "text/html")}


def test_a_record_without_a_persistent_identifier_is_cited_by_its_page(served, found):
    assert found[REFERENCE]["cite"] == [Site(None, served).record_url(REFERENCE)]
    items = [link for link in found[REFERENCE]["http"] if link[0] == "item"]
    assert [requests.get(link[1], timeout=60).status_code for link in items] == [200, 200]


def test_long_headers_give_way_to_the_link_set(served, found):
    assert set(relations(found[LARGE]["http"])) == {"linkset"}
    assert relations(found[LARGE]["application/linkset+json"]).count("author") == 400
    for url in (Site(None, served).record_url(item) for item in (HBB, LARGE)):
        assert len(requests.head(url, timeout=60).headers["link"]) <= LONGEST_HEADER


def test_every_metadata_link_answers_in_its_type(served):
    page = LandingPage(requests.get(Site(None, served).record_url(HBB), timeout=60).text)
    for link in page.links:
        if link["rel"] in {"describedby", "linkset"}:
            answer = requests.get(link["href"], timeout=60)
            media_type = answer.headers["content-type"].partition(";")[0]
            assert (answer.status_code, media_type) == (200, link["type"])


def test_a_withdrawn_record_keeps_its_links_but_those_to_files(served):
    answer = requests.head(Site(None, served).record_url(WITHDRAWN), timeout=60)
    assert answer.status_code == 410
    assert 'rel="cite-as"' in answer.headers["link"]
    assert 'rel="item"' not in answer.headers["link"]


SCHEMA, PROV = "https://schema.org/", "http://www.w3.org/ns/prov#"
OPEN = "http://purl.org/coar/access_right/c_abf2"
# What a FAIR judge looks for in a page (F-UJI 3.5, metrics 0.8).
TERMS = ("name", "description", "creator", "publisher", "datePublished", "keywords", "identifier", "url")
TERMS += ("license", "isAccessibleForFree", "conditionsOfAccess", "version", "dateCreated", "citation")
TERMS += ("distribution",)


def graph_of(served, identifier):
    """The page of a record, and the triples of its node as a reader without a network finds them."""
    page = LandingPage(requests.get(Site(None, served).record_url(identifier), timeout=60).text)
    return page, Graph().parse(data=page.script, format="json-ld")


def values(graph, subject, term):
    return {str(item) for item in graph.objects(URIRef(subject), URIRef(SCHEMA + term))}


def test_the_page_of_the_reference_entry_has_every_term_that_a_judge_looks_for(served):
    page, graph = graph_of(served, HBB)
    iri = "https://doi.org/10.5281/zenodo.7305227"
    assert page.node["@context"] == {"@vocab": SCHEMA}
    assert {term for term in TERMS if not values(graph, iri, term)} == set()
    assert set(page.node["@type"]) == {"SoftwareSourceCode", "https://w3id.org/fair4ml#MLModel"}
    assert iri in values(graph, iri, "identifier")
    assert values(graph, iri, "url") == {Site(None, served).record_url(HBB)}
    assert values(graph, iri, "license") == {"https://spdx.org/licenses/MIT"}
    assert values(graph, iri, "conditionsOfAccess") == {OPEN}
    assert Literal(True) in set(graph.objects(URIRef(iri), URIRef(f"{SCHEMA}isAccessibleForFree")))
    assert values(graph, iri, "isBasedOn") == {"https://doi.org/10.7483/opendata.cms.jgjx.ms7q"}
    assert values(graph, iri, "citation") == {"https://doi.org/10.1088/2632-2153/ad12e3"}
    assert "https://orcid.org/0000-0002-5076-7096" in values(graph, iri, "creator")
    (publisher,) = graph.objects(URIRef(iri), URIRef(f"{SCHEMA}publisher"))
    assert graph.value(publisher, URIRef(f"{SCHEMA}name")) == Literal("Zenodo")


def test_the_file_of_the_reference_entry_has_an_address_a_type_and_a_size(served):
    page, _ = graph_of(served, HBB)
    (file,) = page.node["distribution"]
    assert file["contentUrl"].startswith("https://zenodo.org/api/records/7305227/files/")
    assert (file["encodingFormat"], file["contentSize"]) == ("application/zip", "7")


def test_provenance_is_told_in_prov_o(served):
    _, graph = graph_of(served, HBB)
    iri = URIRef("https://doi.org/10.5281/zenodo.7305227")
    derived = set(graph.objects(iri, URIRef(f"{PROV}wasDerivedFrom")))
    assert derived == {URIRef("https://doi.org/10.7483/opendata.cms.jgjx.ms7q")}
    assert len(set(graph.objects(iri, URIRef(f"{PROV}wasAttributedTo")))) >= 4


def test_the_packaged_weights_lack_only_what_needs_a_persistent_identifier(served):
    page, graph = graph_of(served, REFERENCE)
    iri = page.node["@id"]
    assert {term for term in TERMS if not values(graph, iri, term)} == set()
    assert values(graph, iri, "license") == {"https://spdx.org/licenses/MIT"}
    assert all(item["sha256"] and item["contentUrl"] for item in page.node["distribution"])


def test_harvesters_without_linked_data_find_dublin_core(served):
    page, _ = graph_of(served, HBB)
    assert {"rel": "schema.DC", "href": "http://purl.org/dc/elements/1.1/"} in page.links
    assert "https://doi.org/10.5281/zenodo.7305227" in page.dublin_core("identifier")
    names = ("title", "creator", "subject", "description", "publisher", "date", "type", "format", "rights")
    assert all(page.dublin_core(name) for name in names)
