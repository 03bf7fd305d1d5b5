# SPDX-License-Identifier: MIT
import json
from pathlib import Path
from typing import Any

import pytest

from fairreg.errors import RegistryError, UsageError
from fairreg.registry import Registry
from fairreg.services.search.search import search
from fairreg.settings import Settings
from support.databases import Databases

FIELDS = {
    "id", "name", "kind", "sources", "doi", "license", "task", "frameworks", "year", "score",
    "runnable", "runs", "fair_score", "url", "concept_doi", "versions", "gone", "task_terms",
}  # fmt: skip


@pytest.fixture
def ready(databases: Databases, tmp_path: Path) -> Settings:
    return databases.home(tmp_path / "registry", "catalogue")


def test_the_document_is_the_one_that_scripts_read(ready: Settings) -> None:
    document = json.loads(json.dumps(search(ready, "Hbb tagger", limit=3).to_json()))
    assert set(document) == {"query", "total", "results", "warnings", "offset", "limit"}
    assert (document["query"], len(document["results"]), document["warnings"]) == ("Hbb tagger", 3, [])
    first = document["results"][0]
    assert set(first) == FIELDS
    assert first["doi"] == "10.5281/zenodo.7305227"
    assert first["id"] == "doi:10.5281/zenodo.7305227"
    assert first["url"] == "https://doi.org/10.5281/zenodo.7305227"
    assert first["runnable"] is True
    assert first["fair_score"] is None
    assert first["gone"] is False
    assert first["sources"] == ["catalogue"]


def test_a_withdrawn_entry_is_found_with_a_warning(ready: Settings) -> None:
    with Registry(settings=ready) as registry:
        registry.statements.withdraw("catalogue", "particlenet", "taken down")
    report = search(ready, "arXiv:1902.08570")
    assert report.results[0].name == "ParticleNet"
    assert [row["gone"] for row in report.to_json()["results"][:1]] == [True]
    assert report.warnings == ("github:hqucms/ParticleNet was withdrawn by its source: taken down",)


def test_filters_pass_through(ready: Settings) -> None:
    assert {row.kind for row in search(ready, "jets", kind="dataset", limit=None).results} == {"dataset"}
    assert search(ready, "nothing-of-this-name").results == ()


def test_pages_say_where_they_are(ready: Settings) -> None:
    whole = search(ready, "", limit=None)
    assert (whole.offset, whole.limit, whole.total) == (0, None, len(whole.results))
    page = search(ready, "", limit=5, offset=10, sort="name")
    assert (page.offset, page.limit, page.total) == (10, 5, whole.total)
    named = search(ready, "", limit=None, sort="name").results
    assert page.results == named[10:15]
    document = page.to_json()
    assert (document["offset"], document["limit"], document["total"]) == (10, 5, whole.total)
    assert search(ready, "", offset=10_000).results == ()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"limit": -1}, "limit is -1; it is a number of results, 0 or more."),
        ({"offset": -20}, "offset is -20; it is a number of results, 0 or more."),
        ({"sort": "best"}, "There is no order 'best'."),
        ({"year": "last"}, "'last' is not a year or a range of years."),
    ],
)
def test_what_has_no_meaning_is_wrong_usage(ready: Settings, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        search(ready, "jets", **asked)
    assert caught.value.message == message


@pytest.mark.sliced(3)
@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"source": "arxiv"},
            "No record has the source 'arxiv'. Held: catalogue. To harvest: cernopendata, datacite, ",
        ),
        ({"source": "Zenodo"}, "The registry holds nothing from 'Zenodo' yet; harvest it first."),
        ({"task": "top taging"}, "No record has the task 'top taging'. Similar: "),
        ({"task": "top tagging"}, "No record says the task 'top tagging'; its term covers: jet tagging: "),
        ({"license": "NIT"}, "No record has the license 'NIT'. Similar: MIT. Others: Apache-2.0, "),
        ({"year": 1999}, "No record has the year '1999'. Held: 2014-2026."),
        ({"author": "Duerte, J."}, "No record has the author 'Duerte, J.'. Similar: Javier Duarte, "),
        ({"trained_on": "10.1234/x"}, "No record has the training data '10.1234/x'. Held: doi:10.5281/"),
    ],
)
def test_a_value_that_nothing_has_is_named_with_those_there_are(
    ready: Settings, asked: dict[str, Any], sentence: str
) -> None:
    (warning,) = search(ready, "jets", **asked).warnings
    assert warning.startswith(sentence)
    assert "unheld" not in search(ready, "jets", **asked).to_json()


def test_without_a_registry_the_next_step_is_named(databases: Databases, tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as caught:
        search(databases.home(tmp_path / "none"), "x")
    assert caught.value.hint == "Create it with: fairreg db init"
