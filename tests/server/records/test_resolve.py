# SPDX-License-Identifier: MIT
"""From any spelling of an identifier to its record; the catalogue of interfaces."""

import json
from urllib.parse import quote

import pytest
import requests

from fairreg.server.records.catalog import api_catalog_link
from fairreg.server.site import Site
from fairreg.services.registry.shared_engine import shared_registry
from support.awkward_records import MERGED, ODD

pytestmark = pytest.mark.engines("sqlite")

HBB = "doi:10.5281/zenodo.7305227"


def resolve(served, text):
    return requests.get(f"{served}/resolve/{text}", timeout=60, allow_redirects=False)


@pytest.mark.parametrize(
    "text",
    [
        "10.5281/zenodo.7305227",
        "https://doi.org/10.5281/ZENODO.7305227",
        "https:/doi.org/10.5281/zenodo.7305227",  # as proxies send it that make one slash of two
        "https%3A%2F%2Fdoi.org%2F10.5281%2Fzenodo.7305227",
        "https://zenodo.org/records/7305227?preview=1#files",
        "zenodo.7305227",
        "doi:10.5281/zenodo.7305173",
        "10.26311/5g6q-d719",
        "%20doi:%2010.5281/zenodo.7305227.",
    ],
)
def test_every_spelling_leads_to_the_record(served, text):
    answer = resolve(served, text)
    assert (answer.status_code, answer.headers["location"]) == (302, Site(None, served).record_url(HBB))


@pytest.mark.parametrize(("text", "identifier"), [
    ("https://doi.org/10.1234/paper", MERGED), ("https://github.com/lab/net", MERGED),
    (quote(ODD, safe=""), ODD),
])  # fmt: skip
def test_identifiers_of_other_schemes_do_as_well(served, text, identifier):
    assert resolve(served, text).headers["location"] == Site(None, served).record_url(identifier)


def test_an_unknown_identifier_is_answered_with_what_it_may_mean(served):
    answer = resolve(served, "https://github.com/elsewhere/hbb-interaction-network")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    first = answer.json()["suggestions"][0]
    assert first["url"] == Site(None, served).record_url(HBB)
    assert set(first) == {"identifier", "name", "url"}
    assert requests.get(first["url"], timeout=60).status_code == 200


def test_a_number_suggests_nothing(served):
    assert resolve(served, "10.5281/zenodo.99999999999").json()["suggestions"] == []
    assert resolve(served, "").status_code == 404


def test_a_record_that_was_removed_for_good_is_gone(served, settings_of_records):
    with shared_registry(settings_of_records) as registry:
        names = (item.identifier for item in registry.listing.entries())
        removed = next(name for name in names if name.startswith("github:"))
        registry.forget([removed])
    for url in (f"{served}/resolve/{removed}", Site(None, served).record_url(removed)):
        answer = requests.get(url, timeout=60)
        assert (answer.status_code, list(answer.json())) == (410, ["type", "title", "status", "detail"])
        assert removed in answer.json()["detail"]


def test_the_catalogue_of_interfaces_lists_what_the_server_answers(served):
    address = f"{served}/.well-known/api-catalog"
    answer = requests.get(address, timeout=60)
    profile = "https://www.rfc-editor.org/info/rfc9727"
    assert answer.headers["content-type"] == f'application/linkset+json; profile="{profile}"'
    contexts = {item["anchor"]: item for item in json.loads(answer.text)["linkset"]}
    items = [item["href"] for item in contexts[address]["item"]]
    assert f"{served}/records" in items
    assert set(contexts) <= {address, *items}
    for context in contexts.values():
        for rel in {"service-doc", "service-desc", "service-meta"} & set(context):
            (link,) = context[rel]
            there = requests.get(link["href"], timeout=60)
            assert there.status_code == 200
            assert there.headers["content-type"].partition(";")[0] == link["type"]
    # RFC 9727, section 2: HEAD gives the link to the catalogue.
    assert requests.head(address, timeout=60).headers["link"] == api_catalog_link(Site(None, served))
    assert api_catalog_link(Site(None, served)) == f'<{address}>; rel="api-catalog"'
