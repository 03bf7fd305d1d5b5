# SPDX-License-Identifier: MIT
"""Records over HTTP: every representation, other spellings, withdrawn records, hostile text."""

import json
from html import escape
from urllib.parse import quote, unquote, urljoin

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import formats
from fairreg.registry import catalogue
from fairreg.schemas.record import Creator, Distribution, ModelRecord, Provenance
from fairreg.server.site import Site
from fairreg.services.registry.shared_engine import shared_registry
from support.awkward_records import (
    ABOVE,
    HOSTILE,
    LINKSET,
    MERGED,
    ODD,
    REASON,
    RELATED,
    WITHDRAWN,
    awkward,
)  # fmt: skip
from support.examples import examples
from support.fitting import written
from support.landing_page import LandingPage

pytestmark = pytest.mark.engines("sqlite")

HBB = "doi:10.5281/zenodo.7305227"
REFERENCE = "catalogue:fairreg-hbb-reference-1"


def get(url, accept=None, **options):
    headers = {"Accept": accept} if accept else {}
    return requests.get(url, headers=headers, timeout=60, allow_redirects=False, **options)


def address(served, identifier):
    return Site(None, served).record_url(identifier)


def varies_with_accept(answer):
    return "Accept" in answer.headers.get("vary", "").split(", ")


@pytest.fixture
def of_hbb(served, settings_of_records):
    """The address of the reference entry, and its record."""
    with shared_registry(settings_of_records) as registry:
        return address(served, HBB), registry.get(HBB)


def test_a_record_has_a_page(of_hbb):
    url, record = of_hbb
    answer = get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert varies_with_accept(answer)
    assert record.name in answer.text
    assert requests.head(url, timeout=60).headers["link"] == answer.headers["link"]


def test_plain_linked_data_is_schema_org_and_the_whole_record_has_a_profile(of_hbb):
    url, record = of_hbb
    plain = get(url, "application/ld+json")
    assert plain.headers["content-type"] == "application/ld+json"
    assert plain.json()["@context"] == {"@vocab": "https://schema.org/"}
    assert plain.json() == LandingPage(get(url).text).node
    whole = get(url, 'application/ld+json;profile="https://w3id.org/fairreg/terms"')
    assert whole.headers["content-type"] == 'application/ld+json; profile="https://w3id.org/fairreg/terms"'
    assert '<https://w3id.org/fairreg/terms>; rel="profile"' in whole.headers["link"]
    assert ModelRecord.from_jsonld(whole.json()) == record


@pytest.mark.parametrize("name", formats.names())
def test_every_format_is_there_by_name_and_by_media_type(of_hbb, name):
    url, record = of_hbb
    view = formats.get(name)
    document = written(view, record)
    if document is None:
        assert get(f"{url}?format={name}").status_code == 406
        return
    named, accepted = get(f"{url}?format={name}"), get(url, view.MEDIA_TYPES[0])
    assert named.content == accepted.content
    assert named.headers["content-type"].removesuffix("; charset=utf-8") == view.MEDIA_TYPES[0]
    assert accepted.headers["content-location"] == f"{url}?format={name}"
    assert (varies_with_accept(named), varies_with_accept(accepted)) == (False, True)
    assert f'<{url}>; rel="describes"' in named.headers["link"]
    if name != "schema-org":  # that has the address of the page here
        assert named.text == document


def test_all_records_are_found_by_searching(served):
    answer = get(f"{served}/records")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{served}/search")


def test_what_is_not_there_lists_what_there_is(of_hbb):
    url, _ = of_hbb
    for answer in (get(url, "image/png"), get(f"{url}?format=pdf"), get(f"{url}?format=croissant")):
        assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")
        available = {item["format"]: item for item in answer.json()["available"]}
        assert {"html", "json", "schema-org", "bibtex", "linkset"} <= set(available)
        assert {"croissant", "dlhub"}.isdisjoint(available)
    for item in available.values():
        found = get(item["href"])
        assert (found.status_code, found.headers["content-type"].partition(";")[0]) == (
            200, item["type"].partition(";")[0],
        )  # fmt: skip


def test_the_next_best_is_taken_where_a_format_cannot_hold_the_record(of_hbb):
    url, _ = of_hbb
    croissant = 'application/ld+json; profile="http://mlcommons.org/croissant/1.1"'
    assert get(url, f"{croissant}, text/turtle;q=0.1").headers["content-type"].startswith("text/turtle")


def _requests(served, each):
    """The addresses of the catalogue's records, each in so many formats, in turn."""
    names = ("html", *formats.names())
    for number, item in enumerate((*catalogue.records(), *awkward())):
        for turn in range(each):
            yield address(served, item.identifier), names[(number * each + turn) % len(names)]


def test_every_record_of_the_catalogue_is_written_or_refused(served):
    answers = [get(f"{url}?format={name}") for url, name in _requests(served, 1)]
    assert {answer.status_code for answer in answers} <= {200, 406, 410}
    assert len(answers) > 150


@pytest.mark.long
def test_every_record_of_the_catalogue_in_every_format(served):
    every = list(_requests(served, len(formats.names()) + 1))
    answers = [get(f"{url}?format={name}") for url, name in every]
    assert {answer.status_code for answer in answers} <= {200, 406, 410}


@pytest.mark.parametrize("spelled", [
    "DOI:10.5281/ZENODO.7305227", "10.5281/zenodo.7305227", "zenodo:7305227", "https://doi.org/10.5281/zenodo.7305227",
    "doi:10.5281/zenodo.7305173", "10.26311/5g6q-d719",
])  # fmt: skip
def test_other_spellings_and_identifiers_lead_to_the_address_of_the_record(served, spelled):
    answer = get(f"{served}/records/{quote(spelled)}?format=json")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{address(served, HBB)}?format=json")
    file = get(f"{served}/records/{quote(spelled)}/files/a%3Fb%23c")
    assert file.headers["location"] == f"{address(served, HBB)}/files/a%3Fb%23c"
    below = get(f"{served}/records/{spelled}/linkset")
    assert (below.status_code, below.headers["location"]) == (302, f"{address(served, HBB)}/linkset")


def test_an_identifier_that_ends_like_a_part_is_told_by_looking_it_up(served):
    assert get(address(served, LINKSET), "application/json").json()["identifier"] == LINKSET
    assert get(f"{address(served, LINKSET)}/linkset").headers["content-type"] == "application/linkset+json"
    # Of two records whose addresses meet, one has escaped slashes.
    assert get(address(served, RELATED), "application/json").json()["identifier"] == RELATED
    assert get(f"{address(served, ABOVE)}/linkset").json()["linkset"][0]["anchor"] == address(served, ABOVE)
    assert get(f"{served}/records/DOI:10.1234/X/LINKSET").headers["location"] == address(served, LINKSET)


@pytest.mark.parametrize("identifier", [HBB, LINKSET, ODD, MERGED, REFERENCE])
def test_an_address_leads_to_its_record_through_clients_that_tidy_paths(served, identifier):
    answer = get(address(served, identifier), "application/json")
    assert (answer.status_code, answer.json()["identifier"]) == (200, identifier)


PIECES = ["/", "..", ".", "a", ":", "%2F", "?", "#", "é"]
VALUES = st.text(min_size=1) | st.lists(st.sampled_from(PIECES)).map("".join)


@settings(max_examples=examples(100), deadline=None)
@given(VALUES.map("url:{}".format))
def test_no_client_changes_the_address_of_an_identifier(identifier):
    url = address("http://127.0.0.1:1", identifier)
    assert url.isascii()
    sent = requests.Request("GET", url).prepare().path_url
    assert "/../" not in sent
    if identifier.isprintable():
        assert unquote(urljoin(url, sent)).endswith(f"/records/{identifier}")


@pytest.mark.parametrize(
    "part", ["", "/linkset", "/assessment", "/badge.svg", "/related", "/files/reference.onnx"]
)
def test_every_address_answers_head_as_it_answers_get(served, part):
    url = f"{address(served, REFERENCE)}{part}"
    answers = get(url), requests.head(url, timeout=60)
    told = [
        (
            answer.status_code,
            answer.headers["content-type"],
            answer.headers["content-length"],
            answer.headers.get("link"),
        )
        for answer in answers
    ]
    assert told[0] == told[1]
    assert requests.post(url, timeout=60).status_code == 405


def test_a_withdrawn_record_is_gone_and_its_metadata_stay(served):
    url = address(served, WITHDRAWN)
    for accept in ("text/html", "application/json"):
        answer = get(url, accept)
        assert answer.status_code == 410
        assert answer.headers["content-type"].startswith(accept)
    assert answer.json()["access"] == {"level": "closed", "conditions": f"withdrawn by its source: {REASON}"}
    assert 'rel="item"' not in get(url).headers["link"]
    assert get(f"{url}/linkset").status_code == 200


def test_what_the_registry_does_not_have_is_a_problem(served):
    answer = get(f"{served}/records/doi:10.1234/none")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == "doi:10.1234/none is not in this registry."


def test_text_of_others_stays_text(served):
    url = address(served, HOSTILE)
    answer = get(url)
    page = LandingPage(answer.text)
    others = LandingPage(get(address(served, HBB)).text)
    assert page.tags.count("script") == others.tags.count("script")
    assert page.node["name"] == hostile_name()
    assert "\u202e" not in answer.text.partition("</head>")[0].replace(f"<title>{escape(hostile_name())}", "")
    assert "javascript" not in answer.headers["link"] + str(page.links)
    assert "set-cookie" not in answer.headers
    assert page.targets("item") == [
        "https://example.org/a%20b%22%3E;rel=%22x%22",
        "https://xn--e1afmkfd.example/%C3%A9",
    ]
    assert {item["type"] for item in page.links if item["rel"] == "item"} == {"application/octet-stream"}
    for name in ("json", "linkset", "linkset-text", "turtle", "dublin-core"):
        assert get(f"{url}?format={name}").status_code == 200


def hostile_name():
    return next(item.name for item in awkward() if item.identifier == HOSTILE)


@pytest.mark.sliced(5)
@pytest.mark.parametrize("path", [
    "", "%00", "%FF", "a" * 5000, "/" * 3000, "%2e%2e/%2e%2e/etc/passwd", "doi:10.1234/%0d%0aX:y", "{{7*7}}",
    "linkset", "/linkset", "doi:/files/", "%D8%00", "' OR 1=1 --", "doi:10.1/" + "(" * 1500,
])  # fmt: skip
def test_a_path_of_anything_is_not_found(served, path):
    for route in ("records", "resolve"):
        answer = get(f"{served}/{route}/{path}?format=\u202e%00&format=json")
        assert answer.status_code in {302, 400, 404}
        assert "X" not in answer.headers


def test_packaged_weights_are_served_and_lead_back(served):
    url = address(served, REFERENCE)
    node = get(url, "application/ld+json").json()
    for item in node["distribution"]:
        answer = get(item["contentUrl"])
        assert (answer.status_code, str(len(answer.content))) == (200, item["contentSize"])
        links = answer.headers["link"].split(", ")
        assert links[0] == f'<{url}>; rel="collection"; type="text/html"'
        assert f'<{url}/linkset>; rel="linkset"; type="application/linkset+json"' in links
    missing = get(f"{url}/files/other.onnx")
    assert (missing.status_code, missing.json()["detail"]) == (404, "This server holds no such file.")
    assert get(f"{address(served, HBB)}/files/weights").status_code == 404
    # The record itself is the registry's, without addresses of this server.
    stated = next(item for item in catalogue.records() if item.identifier == REFERENCE)
    assert json.loads(get(f"{url}?format=json").text) == stated.to_json()


@pytest.mark.parametrize("name", ["BibTeX", "RDF", "HTML", "Model-Card"])
def test_a_format_is_found_in_any_case_of_its_name(of_hbb, name):
    url, _ = of_hbb
    found, usual = get(f"{url}?format={name}"), get(f"{url}?format={name.lower()}")
    assert (found.status_code, found.headers["content-type"]) == (200, usual.headers["content-type"])
    assert found.headers["content-location"] == usual.headers["content-location"]


def test_the_text_of_the_command_is_not_here_and_that_is_said(of_hbb):
    url, _ = of_hbb
    answer = get(f"{url}?format=text")
    assert answer.status_code == 406
    assert answer.json()["hint"].startswith("Only `fairreg show` writes it")


@pytest.fixture(scope="module")
def weights(served):
    """The address of a file that the server itself hands out."""
    node = get(address(served, REFERENCE), "application/ld+json").json()
    return node["distribution"][0]["contentUrl"]


@pytest.mark.parametrize("condition", ["If-None-Match", "If-Modified-Since"])
def test_packaged_weights_that_a_client_has_are_not_sent_again(weights, condition):
    first = get(weights)
    known = {condition: first.headers["etag" if condition == "If-None-Match" else "last-modified"]}
    for method in ("GET", "HEAD"):
        again = requests.request(method, weights, headers=known, timeout=60)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == first.headers["cache-control"] == "no-cache"
    for other in ('"other"', "Thu, 01 Jan 1970 00:00:00 GMT", "no date"):
        assert requests.get(weights, headers={condition: other}, timeout=60).content == first.content


@pytest.mark.parametrize(
    ("method", "asked", "status"),
    [("GET", "bytes=0-9", 206), ("GET", "bytes=-5", 206), ("GET", "bytes=0-1,3-4", 206),
     ("HEAD", "bytes=0-9", 200), ("GET", "foo=1-2", 200), ("GET", "bytes=x", 200), ("GET", "bytes=9-1", 200),
     ("GET", "bytes=99999999999-", 416)],
)  # fmt: skip
def test_parts_of_packaged_weights_are_those_of_rfc_9110(weights, method, asked, status):
    whole = get(weights)
    answer = requests.request(method, weights, headers={"Range": asked}, timeout=60)
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-range"] == f"bytes */{len(whole.content)}"
    elif status == 200:
        assert answer.headers["content-length"] == str(len(whole.content))


def test_what_costs_too_much_is_refused_with_the_forms_that_do_not(long_record):
    refused = get(f"{long_record}?format=turtle")
    assert (refused.status_code, "11,000 items" in refused.json()["detail"]) == (406, True)
    listed = {item["format"] for item in refused.json()["available"]}
    assert {"json", "html", "jsonld", "rdf"} <= listed
    assert not {"turtle", "cff"} & listed
    assert (
        get(long_record, "text/turtle, application/json;q=0.1").headers["content-type"] == "application/json"
    )
    assert len(get(f"{long_record}?format=json").json()["creators"]) == 5500


def test_a_page_shows_the_first_items_of_very_long_lists_and_says_where_the_others_are(long_record):
    page = get(f"{long_record}?format=html").text
    assert "f999.root" in page
    assert "f1000.root" not in page
    assert "and 4,500 more" in page
    assert f"{long_record.partition('/records')[2]}?format=json" in page


@pytest.fixture(scope="module")
def long_record(served, settings_of_records):
    """The address of a record of 5500 authors and as many files."""
    own = ModelRecord(
        identifier="local:long",
        kind="dataset",
        name="Collisions",
        creators=tuple(Creator(name=f"Author, Name {number}") for number in range(5500)),
        distributions=tuple(
            Distribution(name=f"f{number}.root", url=f"https://h.example/f{number}.root")
            for number in range(5500)
        ),
        provenance=Provenance(source="file", source_id="long"),
    )
    with shared_registry(settings_of_records) as registry:
        registry.put(own)
    return address(served, "local:long")
