# SPDX-License-Identifier: MIT
"""Records whose identifiers end like a part of another one's address: each link leads where it says."""

from collections.abc import Iterator

import pytest
import requests

from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.server.site import record_url
from fairreg.settings import Settings
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")
ABOVE = "doi:10.1234/meeting"
ENDS = ("linkset", "assessment", "related", "badge.svg", "files/a.onnx")


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("parts")
    settings = Settings(home, f"sqlite:///{home}/registry.sqlite")
    with serving(settings) as url:
        with Registry(settings.database_url) as registry:
            registry.put_many(map(_record, (ABOVE, *(f"{ABOVE}/{end}" for end in ENDS))))
        yield url


def _record(identifier: str) -> ModelRecord:
    doi = identifier.removeprefix("doi:")
    return ModelRecord(
        identifier=identifier,
        kind="model",
        name=f"Net {doi}",
        identifiers=(Identifier("doi", doi),),
        provenance=Provenance("zenodo", doi),
    )


def ask(address: str, accept: str = "application/json") -> requests.Response:
    return requests.get(address, headers={"Accept": accept}, timeout=60, allow_redirects=False)


@pytest.mark.parametrize("end", ENDS)
def test_the_address_of_such_a_record_leads_to_it(url, end):
    named = f"{ABOVE}/{end}"
    answer = ask(record_url(url, named))
    assert (answer.status_code, answer.json()["identifier"]) == (200, named)
    resolved = ask(f"{url}/resolve/{named}")
    assert resolved.headers["location"] == record_url(url, named)
    assert f"records/doi:10.1234%2Fmeeting%2F{end.replace('/', '%2F')}" in resolved.headers["location"]


@pytest.mark.parametrize("identifier", [ABOVE, f"{ABOVE}/linkset"])
def test_the_links_to_a_link_set_lead_to_that_of_the_record(url, identifier):
    page = record_url(url, identifier)
    links = requests.utils.parse_header_links(ask(page, "text/html").headers["link"])
    sets = [link for link in links if link["rel"] == "linkset"]
    assert len(sets) == 2
    for link in sets:
        answer = ask(link["url"], link["type"])
        assert answer.headers["content-type"].startswith(link["type"])
        assert page in answer.text
    found = ask(sets[0]["url"]).json()["linkset"]
    assert found[0]["anchor"] == page


def test_what_is_below_an_address_is_of_its_record(url):
    for identifier in (ABOVE, f"{ABOVE}/related"):
        page = record_url(url, identifier)
        assert ask(f"{page}/related").json()["identifier"] == identifier
        assert ask(f"{page}/assessment").status_code == 404
        assert identifier in ask(f"{page}/assessment").json()["detail"]
        assert ask(f"{page}/badge.svg").json()["detail"].startswith(f"{identifier} has not been assessed")


def test_without_another_record_the_plain_spelling_leads_to_it(url):
    answer = ask(f"{url}/records/10.1234/meeting/linkset/related")
    assert answer.headers["location"] == f"{record_url(url, f'{ABOVE}/linkset')}/related"
