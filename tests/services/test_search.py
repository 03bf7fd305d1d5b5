# SPDX-License-Identifier: MIT
import json
from pathlib import Path

import pytest

from fairreg.errors import RegistryError
from fairreg.registry import Registry
from fairreg.services.search.search import search
from fairreg.settings import Settings
from support.databases import Databases

FIELDS = {
    "id", "name", "kind", "sources", "doi", "license", "task", "frameworks", "year", "score",
    "runnable", "runs", "fair_score", "url", "concept_doi", "versions", "gone",
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
        registry.mark_gone("catalogue", "particlenet", "taken down")
    report = search(ready, "arXiv:1902.08570")
    assert report.results[0].name == "ParticleNet"
    assert [row["gone"] for row in report.to_json()["results"][:1]] == [True]
    assert report.warnings == ("github:hqucms/ParticleNet was withdrawn by its source: taken down",)


def test_filters_pass_through(ready: Settings) -> None:
    assert {row.kind for row in search(ready, "jets", kind="dataset", limit=None).results} == {"dataset"}
    assert search(ready, "nothing-of-this-name").results == ()


def test_without_a_registry_the_next_step_is_named(databases: Databases, tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as caught:
        search(databases.home(tmp_path / "none"), "x")
    assert caught.value.hint == "Create it with: fairreg db init"
