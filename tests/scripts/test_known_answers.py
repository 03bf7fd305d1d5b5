# SPDX-License-Identifier: MIT
"""A recorded answer becomes the expectation; one that was expected changes nothing."""

import sys

import known_answers
import pytest

from fairreg import harvesters
from fairreg.errors import PluginError
from fairreg.services.check.check import check_sources
from fairreg.services.check.known_answer import known_answer
from support.known_services import payloads, put, serve

pytestmark = pytest.mark.engines("sqlite")


def test_a_recorded_change_becomes_the_expectation_and_open_places_stay_open(settings, httpserver, tmp_path):
    made = payloads()
    put(made["zenodo"], "$.metadata.grants", ["a"])
    put(made["zenodo"], "$.doi", "10.5281/zenodo.7")
    serve(httpserver, made, {"zenodo": {"X-RateLimit-Limit": "60"}})
    check_sources(settings, record=tmp_path)
    before = known_answer(harvesters.get("zenodo"))
    after = known_answers.updated("zenodo", before, tmp_path)
    assert set(after.shape) - set(before.shape) == {"$.metadata.grants", "$.metadata.grants[*]"}
    assert (after.facts["$.doi"], after.headers["x-ratelimit-limit"]) == ("10.5281/zenodo.7", "60")
    assert after.seen.startswith("https://zenodo.org/api/records/7834392 on ")
    assert (after.ask, after.open, after.checksums) == (before.ask, before.open, before.checksums)


def test_members_that_some_elements_lack_may_be_missing():
    shape = known_answers.shape({"a": [{"b": 1, "c": 1}, {"b": None}], "d": {"e": 1}}, ("$.d",))
    assert shape == {
        "$": "object",
        "$.a": "list",
        "$.a[*]": "object",
        "$.a[*].b": "null|number",
        "$.a[*].c": "number?",
        "$.d": "object",
    }


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """A harvester of another package, and the folder of that package."""
    folder = tmp_path / "shelf"
    (folder / "known_answers").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    monkeypatch.delitem(sys.modules, "shelf", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    found = type(
        "Shelf", (type(harvesters.get("openml")),), {"name": "shelf", "__module__": "shelf.harvester"}
    )
    return found(), folder


def test_a_package_brings_the_known_answer_of_its_source(outside):
    harvester, folder = outside
    assert known_answer(harvester) is None
    (folder / "known_answers/shelf.json").write_text(
        '{"ask": "shelf:1", "record": "shelf:1", "seen": "docs"}'
    )
    assert known_answer(harvester).ask == "shelf:1"


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"ask": 1}', '{"ask": "a", "record": "a", "seen": "", "shapes": {}}']
)
def test_an_invalid_known_answer_names_its_package(outside, text):
    harvester, folder = outside
    (folder / "known_answers/shelf.json").write_text(text)
    with pytest.raises(PluginError, match="package shelf"):
        known_answer(harvester)
