# SPDX-License-Identifier: MIT
"""A stored record that does not decode: the server gives all others, and its log names it."""

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests
from sqlalchemy import text

from fairreg.registry import Registry
from fairreg.registry.db.engine import Database
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
