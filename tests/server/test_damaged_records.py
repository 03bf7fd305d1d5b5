# SPDX-License-Identifier: MIT
"""A stored record that does not decode: the server gives all others, and its log names it."""

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests
from sqlalchemy import text

from fairreg.registry import Assessment, Registry
from fairreg.registry.db.engine import Database
from fairreg.rubrics import VERSIONS
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.settings import Settings
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")
DAMAGED = "zenodo:3"


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("damaged")
    settings = Settings(home, f"sqlite:///{home}/registry.sqlite")
    with serving(settings) as url:
        with Registry(settings.database_url) as registry:
            registry.put_many(map(_record, range(1, 6)))
        with closing(Database(settings.database_url)) as database, database.writing() as connection:
            connection.execute(text("UPDATE statements SET record = '{\"' WHERE source_id = '3'"))
        yield url


def _record(number: int) -> ModelRecord:
    return ModelRecord(
        identifier=f"zenodo:{number}",
        kind="model",
        name=f"Quaxel {number}",
        provenance=Provenance("zenodo", str(number)),
    )


def test_a_search_has_the_others_and_a_next_page_and_says_what_is_left_out(url, caplog):
    answer = requests.get(f"{url}/api/search?q=quaxel&sort=name&limit=3", timeout=60)
    assert answer.status_code == 200
    found = answer.json()
    assert [row["id"] for row in found["results"]] == ["zenodo:1", "zenodo:2"]
    assert found["total"] == 5
    assert any(DAMAGED in warning for warning in found["warnings"])
    assert any(DAMAGED in item.getMessage() for item in caplog.records if item.levelno == logging.ERROR)
    rest = requests.get(answer.links["next"]["url"], timeout=60).json()
    assert [row["id"] for row in rest["results"]] == ["zenodo:4", "zenodo:5"]


def test_the_page_of_a_search_has_the_others_and_says_what_is_left_out(url):
    answer = requests.get(f"{url}/search?q=quaxel&sort=name", timeout=60)
    assert answer.status_code == 200
    assert "Quaxel 2" in answer.text
    assert "Quaxel 4" in answer.text
    assert f"{DAMAGED} is left out" in answer.text


@pytest.mark.parametrize("verb", ["ListRecords", "ListIdentifiers"])
@pytest.mark.parametrize("prefix", ["oai_dc", "rdf"])
def test_a_list_for_harvesters_has_the_others(url, verb, prefix):
    answer = requests.get(f"{url}/oai?verb={verb}&metadataPrefix={prefix}&set=source:zenodo", timeout=60)
    assert answer.status_code == 200
    assert "zenodo:5<" in answer.text
    assert "zenodo:3<" not in answer.text


def test_changes_have_the_others(url):
    changes = requests.get(f"{url}/api/changes?source=zenodo&limit=100", timeout=60).json()["changes"]
    names = {item["id"] if "id" in item else item["identifier"] for item in changes}
    assert {"zenodo:1", "zenodo:5"} <= names
    assert DAMAGED not in names


@pytest.mark.parametrize("path", ["records", "api/records"])
def test_what_asks_for_it_alone_is_told_of_a_fault_and_the_log_names_it(url, path, caplog):
    assert requests.get(f"{url}/{path}/{DAMAGED}", timeout=60).status_code == 500
    assert any(DAMAGED in item.getMessage() for item in caplog.records if item.levelno == logging.ERROR)


PROBLEM = "https://w3id.org/fairreg/problems#damaged-record"


@pytest.mark.parametrize("path", ["records", "api/records"])
def test_the_problem_has_a_type_of_its_own_and_names_the_record_and_what_finds_the_fault(url, path):
    problem = requests.get(f"{url}/{path}/{DAMAGED}", timeout=60).json()
    assert (problem["type"], problem["status"]) == (PROBLEM, 500)
    assert DAMAGED in problem["detail"]
    assert "fairreg db check" in problem["hint"]


def test_a_browser_gets_a_page_that_names_it(url):
    answer = requests.get(f"{url}/records/{DAMAGED}", headers={"Accept": "text/html"}, timeout=60)
    assert answer.status_code == 500
    assert DAMAGED in answer.text
    assert "fairreg db check" in answer.text


@pytest.mark.parametrize(
    ("request_of", "code"),
    [
        ("GetRecord&metadataPrefix=oai_dc", "cannotDisseminateFormat"),
        ("GetRecord&metadataPrefix=rdf", "cannotDisseminateFormat"),
        ("ListMetadataFormats", "noMetadataFormats"),
    ],
)
def test_a_harvester_that_asks_for_it_hears_that_it_is_there_and_damaged(url, request_of, code):
    answer = requests.get(f"{url}/oai?verb={request_of}&identifier=oai:127.0.0.1:{DAMAGED}", timeout=60)
    assert answer.status_code == 200
    assert f'<error code="{code}">' in answer.text
    assert "damaged" in answer.text


# Of each, what reads it and its neighbours goes on; a value of another kind in SQLite, which takes any.
HAND_MADE = [
    "UPDATE entries SET kind = 'modle'",
    "UPDATE entries SET updated_at = 'yesterday'",
    "UPDATE entries SET gone_at = 'garbage'",
    "UPDATE entries SET year = 'abc'",
    "UPDATE entries SET fair_score = 'abc'",
    "UPDATE entries SET runnable = 'abc'",
    "UPDATE entries SET dated = X'00FF'",
    "UPDATE entries SET name = X'FF'",
    "UPDATE entries SET name = CAST(X'FF41' AS TEXT)",
    "UPDATE entries SET merged = '" + "[" * 5000 + "]" * 5000 + "'",
    "UPDATE entries SET merged = 5",
    "UPDATE statements SET retrieved_at = 'when'",
    "UPDATE statements SET gone_at = 'garbage'",
    "UPDATE statements SET record = X'FF00FE'",
    "UPDATE statements SET record = '" + "[" * 5000 + "]" * 5000 + "'",
    "UPDATE statements SET payload = 'abc'",
    "UPDATE identifiers SET scheme = 'bogus'",
    "UPDATE identifiers SET value = X'FF'",
    "DELETE FROM facets",
    "DELETE FROM entry_texts",
    "UPDATE assessments SET letters = '{bad'",
    "UPDATE assessments SET letters = '[1]'",
    "UPDATE assessments SET overall = 'abc'",
    "UPDATE assessments SET report = X'00'",
    "UPDATE assessments SET evidence = X'00'",
]
ADDRESSES = [
    "/search?q=quaxel", "/search", "/api/search?q=quaxel&sort=year", "/api/search?sort=fair",
    "/api/facets", "/api/search?q=quaxel&sort=fair", "/api/search?q=quaxel&sort=name",
    "/records/zenodo:1", "/api/records/zenodo:1", "/records/zenodo:1/assessment",
    "/records/zenodo:1/badge.svg",
    "/records/zenodo:1/related", "/records/zenodo:1/linkset", "/api/changes", "/sitemap.xml?page=1", "/",
    "/oai?verb=ListRecords&metadataPrefix=rdf", "/oai?verb=Identify", "/resolve/zenodo:1",
    "/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:127.0.0.1:zenodo:1", "/api/sources",
]  # fmt: skip


@pytest.mark.parametrize("change", HAND_MADE, ids=lambda text: text[:48])
def test_whatever_somebody_wrote_into_a_row_is_no_unknown_fault_of_the_server(tmp_path, change, caplog):
    settings = Settings(tmp_path, f"sqlite:///{tmp_path}/registry.sqlite")
    with serving(settings) as served:
        with Registry(settings.database_url) as registry:
            registry.put_many(map(_record, range(1, 3)))
            registry.assessments.save([_assessment("zenodo:1")])
        with closing(Database(settings.database_url)) as database, database.writing() as connection:
            connection.execute(text(change))
        for path in ADDRESSES:
            answer = requests.get(f"{served}{path}", timeout=60, headers={"Accept": "text/html, */*;q=0.5"})
            assert "This is a fault of the server" not in answer.text, path
            assert "T00:00:00yesterday" not in answer.text
            assert "yesterdayZ" not in answer.text


def _assessment(identifier: str) -> Assessment:
    scheme, _, value = identifier.partition(":")
    return Assessment(
        identifier=identifier,
        subject=(scheme, value),
        rubric="fair-ai-models",
        rubric_version=VERSIONS["fair-ai-models"],
        assessed_at="2026-11-22T00:00:00+00:00",
        offline=False,
        overall=0.5,
        coverage=0.9,
        letters={"F": 0.5, "A": 0.5, "I": 0.5, "R": 0.5},
        evidence_sha256="0" * 64,
    )
