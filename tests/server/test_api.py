# SPDX-License-Identifier: MIT
"""The API: documents, pages, changes and problems, over a server that listens."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from msgspec.structs import replace

from fairreg import formats
from fairreg.registry import Registry, catalogue
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.server.api.changes import cursor_of, place_of
from fairreg.server.api.records import record_api_url
from fairreg.server.site import Site
from fairreg.settings import Settings
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")
HBB = "doi:10.5281/zenodo.7305227"


@dataclass
class Place:
    """A server, and its registry, to which a test may write."""

    url: str
    registry: Registry

    def get(self, path: str, **params: object) -> requests.Response:
        return requests.get(f"{self.url}{path}", params=params, timeout=60)  # type: ignore[arg-type]

    def json(self, path: str, **params: object) -> dict:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    settings = Settings(tmp_path_factory.mktemp("api"), f"sqlite:///{tmp_path_factory.mktemp('db')}/r.sqlite")
    with serving(settings) as url, Registry(settings.database_url) as registry:
        yield Place(url, registry)


def said(number: int, **fields: object) -> ModelRecord:
    return ModelRecord(
        identifier=f"zenodo:{number}", kind="model", name=f"Net {number}",
        provenance=Provenance("zenodo", str(number)), **fields,
    )  # fmt: skip


def test_a_search_is_the_document_of_the_command_line(place):
    found = place.json("/api/search", q="hbb", limit=3, kind="model", facets="true")
    assert found["schema_version"]
    assert found["results"][0]["id"] == HBB
    assert {row["kind"] for row in found["results"]} == {"model"}
    assert found["facets"]["kind"]["model"] == found["total"]
    assert place.json("/api/facets", q="hbb", kind="model") == {
        "total": found["total"],
        "facets": found["facets"],
    }


def test_pages_of_a_search_follow_one_another_without_gap(place):
    answer, seen = place.get("/api/search", kind="dataset", sort="name", limit=20), []
    while True:
        seen += [row["id"] for row in answer.json()["results"]]
        if "next" not in answer.links:
            break
        answer = requests.get(answer.links["next"]["url"], timeout=60)
    assert len(seen) == len(set(seen)) == answer.json()["total"] > 20


def test_a_record_is_what_show_prints_with_what_the_registry_knows_beside_it(place):
    found = place.json(f"/api/records/{HBB}")
    entry = place.registry.entry_for(HBB)
    assert found["record"] == json.loads(formats.get("json").write(entry.record))
    assert [item["source"] for item in found["sources"]] == ["catalogue"]
    assert HBB in {item["identifier"] for item in found["versions"]}
    assert found["assessment"] is None
    assert found["links"]["page"] == f"{place.url}/records/{HBB}"
    assert place.json(found["links"]["self"].removeprefix(place.url)) == found
    assert place.json("/api/records/10.5281%2FZENODO.7305227")["identifier"] == HBB
    stated = place.json(f"/api/records/{HBB}", source="catalogue")
    assert stated["record"]["provenance"]["source"] == "catalogue"
    assert place.get(f"/api/records/{HBB}", source="zenodo").status_code == 404


def test_what_was_removed_or_merged_is_gone_and_what_was_withdrawn_is_told(place):
    place.registry.put_many([said(1), said(2), said(3)])
    place.registry.forget(["zenodo:1"])
    place.registry.statements.withdraw("zenodo", "2", "retracted by its authors")
    moved = replace(said(3), identifier="doi:10.1234/3", identifiers=catalogue_doi("10.1234/3"))
    place.registry.put(moved)
    assert place.get("/api/records/zenodo:1").status_code == 410
    for part in ("", "/linkset", "/related", "/assessment", "/badge.svg"):
        assert place.get(f"/records/zenodo:1{part}").status_code == 410
    withdrawn = place.json("/api/records/zenodo:2")
    assert withdrawn["gone_reason"] == "retracted by its authors"
    assert withdrawn["record"]["access"]["level"] == "closed"
    assert place.json("/api/records/doi:10.1234/3")["record"]["name"] == "Net 3"
    assert place.get("/api/records/zenodo:999").status_code == 404
    assert place.get("/records/zenodo:3/linkset").url.endswith("/records/doi:10.1234/3/linkset")
    assert place.get("/api/records/no identifier").status_code == 404


def test_an_address_that_was_given_out_stays_known_after_a_merge(place):
    alone = replace(said(3), identifier="local:m1", provenance=Provenance(source="file", source_id="m1"))
    place.registry.put(replace(alone, identifiers=catalogue_doi("10.9999/zzz")))
    place.registry.put(
        replace(said(4), identifier="doi:10.9999/zzz", identifiers=catalogue_doi("10.9999/zzz"))
    )
    for address in ("/api/records/local:m1", "/records/local:m1", "/records/local:m1/linkset"):
        assert place.get(address).status_code == 410


def test_an_identifier_with_a_line_break_has_an_address(place):
    own = Provenance(source="file", source_id="a\nb")
    place.registry.put(replace(said(5), identifier="local:a\nb", provenance=own, identifiers=()))
    for path in ("/records/local:a%0Ab", "/api/records/local:a%0Ab", "/resolve/local:a%0Ab"):
        assert place.get(path).status_code == 200


def test_an_error_tells_caches_that_a_browser_gets_another_one(place):
    for accept in ("application/json", "text/html"):
        answer = requests.get(f"{place.url}/records/nothing", headers={"Accept": accept}, timeout=60)
        varies = answer.headers["vary"].split(", ")
        assert (answer.status_code, varies.count("Accept")) == (404, 1)
        assert answer.headers["cache-control"] == "no-cache"
    refused = requests.get(
        f"{place.url}/records/{HBB}?format=nothing", headers={"Accept": "text/html"}, timeout=60
    )
    assert refused.headers["vary"].split(", ").count("Accept") == 1


def test_links_to_formats_and_records_of_the_api_can_be_followed(place):
    links = place.json(f"/api/records/{HBB}")["links"]
    assert {requests.get(url, timeout=60).status_code for url in links["formats"].values()} == {200}
    address = record_api_url(Site(None, "https://a.example"), "local:a/../b")
    assert address == "https://a.example/api/records/local:a%2F..%2Fb"
    assert place.json("/", format="json")["schema_version"]


def catalogue_doi(value: str) -> tuple:
    from fairreg.schemas.identifiers import Identifier

    return (Identifier("doi", value),)


def test_changes_come_once_each_and_go_on_where_a_reader_stopped(place):
    listed, url = [], f"{place.url}/api/changes?limit=50"
    cursor = None
    while url:
        page = requests.get(url, timeout=60).json()
        listed += page["changes"]
        cursor, url = page["cursor"], page["next"]
    names = [item["identifier"] for item in listed]
    assert len(names) == len(set(names))
    assert {entry.identifier for entry in place.registry.listing.entries()} <= set(names)
    assert place.json("/api/changes", cursor=cursor) == {"changes": [], "cursor": cursor, "next": None}
    place.registry.put(said(7))
    (change,) = place.json("/api/changes", cursor=cursor)["changes"]
    assert (change["identifier"], change["gone"], change["departed"]) == ("zenodo:7", False, None)
    place.registry.forget(["zenodo:7"])
    (change,) = place.json("/api/changes", cursor=cursor)["changes"]
    assert (change["identifier"], change["gone"], change["departed"]) == ("zenodo:7", True, "forgotten")
    assert change in place.json("/api/changes", since=change["changed_at"][:10], source="zenodo")["changes"]


def test_a_cursor_holds_its_place_and_no_other_text_is_one():
    for where in (("2026-11-30T16:38:59.313283+00:00", 7), ("2026-11-30T16:38:59.313283Z", -12)):
        assert place_of(cursor_of(where)) == where


def test_sources_are_listed_with_the_numbers_of_their_records(place):
    found = {item["name"]: item for item in place.json("/api/sources")["sources"]}
    assert found["catalogue"]["records"] == len(catalogue.records())
    assert found["zenodo"]["url"] == "https://zenodo.org"
    assert "fairreg" not in found


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/search?sort=best", "sort"),
        ("/api/search?limit=0", "limit"),
        ("/api/search?limit=1e2", "limit"),
        ("/api/search?offset=", "offset"),
        ("/api/search?offset=-1", "offset"),
        ("/api/search?limit=2&limit=3", "limit"),
        ("/api/search?min_fair=nan", "min_fair"),
        ("/api/search?runnable=perhaps", "runnable"),
        ("/api/search?year=now", "year"),
        ("/api/search?kinds=model", "kinds"),
        ("/api/search?kind=foo", "kind"),
        ("/api/changes?kind=foo", "kind"),
        ("/api/changes?since=2026-99-99", "since"),
        ("/api/changes?since=2026-12-01&until=2026-11-01", "until"),
        ("/api/facets?limit=2", "limit"),
        ("/api/changes?cursor=AAAA", "cursor"),
        ("/api/changes?since=yesterday", "yesterday"),
        ("/api/changes?kind=net", "kind"),
        ("/api/sources?q=a", "q"),
    ],
)
def test_a_wrong_parameter_is_named(place, path, named):
    answer = place.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert named in answer.json()["detail"]


def test_no_answer_holds_a_path_of_the_machine(place, tmp_path_factory):
    told = "".join(
        place.get(path).text
        for path in ("/api/sources", f"/api/records/{HBB}", "/healthz", "/metrics", "/openapi.json")
    )
    assert str(Path(place.registry._database.path).parent) not in told


def test_guessed_addresses_lead_to_the_help_and_to_the_description(place):
    for path in ("/api", "/api/"):
        assert place.json(path) == place.json("/openapi.json")
        page = requests.get(f"{place.url}{path}", headers={"Accept": "text/html"}, timeout=60)
        assert (page.status_code, page.url) == (200, f"{place.url}/help")
    for path in ("/docs", "/about"):
        assert requests.get(f"{place.url}{path}", timeout=60).url == f"{place.url}/help"
