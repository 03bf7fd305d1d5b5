# SPDX-License-Identifier: MIT
"""The description of the API: valid, complete, and kept by the server that is asked at random."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from fairreg.server.api.openapi import openapi
from fairreg.server.query import TEXTS, SearchQuery
from fairreg.settings import Settings
from support.clients import client_program
from support.sent_queries import fits
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")
# Some texts that fit a parameter's schema mean nothing, such as a cursor that no server gave.
_LEFT_OUT = "positive_data_acceptance"
_TESTS = Path(__file__).parents[1]
_HOOKS = {"SCHEMATHESIS_HOOKS": str(_TESTS / "support/schemathesis_hooks.py"), "PYTHONPATH": str(_TESTS)}
_VALIDATE = "import json, sys; from openapi_spec_validator import validate; validate(json.load(sys.stdin))"


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("openapi")
    with serving(Settings(home, f"sqlite:///{home}/registry.sqlite")) as url:
        yield url


def test_the_description_is_valid(tmp_path):
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(openapi("http://localhost")))
    checked = client_program("-c", _VALIDATE.replace("sys.stdin", f"open({str(file)!r})"))
    assert checked.returncode == 0, checked.stderr


def test_each_key_has_a_description_and_each_parameter_is_one_of_a_search(url):
    found = requests.get(f"{url}/openapi.json", timeout=60).json()
    assert found["openapi"].startswith("3.1")
    assert found["servers"] == [{"url": url}]
    for name in ("ApiRecord", "EntryChange", "ApiSource", "SearchDocument", "SearchResult"):
        for key, schema in found["components"]["schemas"][name]["properties"].items():
            assert schema.get("description"), (name, key)
    search = {item["name"] for item in found["paths"]["/api/search"]["get"]["parameters"]}
    assert search == {"q", *TEXTS, "facets", *SearchQuery.__dataclass_fields__} - {"asked"}


# None: as described, but no record has the value.
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", True), ("task=5", None), ("task=tagging&task=tracking", True),
        ("source=zenodo", True), ("license=GPX", None), ("kind=model", True), ("kind=engine", False),
        ("kind=model&kind=engine", False), ("kind=", False), ("task=", True), ("sort=name", True),
        ("sort=wrong", False), ("sort=name&sort=year", False), ("limit=5", True), ("limit=0", False),
        ("limit=101", False),
        ("limit=five", False), ("limit=1&limit=2", False), ("min_fair=0.5", True), ("min_fair=2", False),
        ("min_fair=NaN", False), ("runnable=true", True), ("runnable=maybe", False), ("runnable=", False),
        ("year=2020-", True), ("year=soon", False), ("colour=red", False), ("q=&colour", False),
    ],
)  # fmt: skip
def test_what_fits_the_description_as_it_was_sent_is_answered_and_nothing_else(url, query, expected):
    described = openapi(url)["paths"]["/api/search"]["get"]["parameters"]
    assert fits(query, described) is (expected is not False)
    answered = requests.get(f"{url}/api/search?{query}", timeout=60).status_code
    assert answered == (200 if expected else 400)


@pytest.mark.parametrize("address", ["/api/search", "/api/facets", "/search"])
def test_a_value_of_a_filter_that_no_record_has_is_refused_with_those_there_are(url, address):
    answer = requests.get(
        url + address, {"license": "GPX"}, headers={"Accept": "application/json"}, timeout=60
    )
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert "'GPX'" in problem["detail"]
    assert "MIT" in problem["hint"]


def attacked(url: str, folder: Path, *options: str, seconds: float) -> str:
    """What schemathesis says of the server after asking it at random; it leaves files in the folder."""
    program = (
        "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--exclude-checks", _LEFT_OUT, "--no-color",
        "--suppress-health-check", "all", *options,
    )  # fmt: skip
    ended = client_program(*program, seconds=seconds, folder=folder, variables=_HOOKS)
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    return ended.stdout


def test_answers_to_random_requests_are_as_described(url, tmp_path):
    told = attacked(url, tmp_path, "-n", "12", "--phases", "examples,fuzzing", seconds=120)
    assert int(re.search(r"(\d+) generated", told)[1]) > 40


@pytest.mark.long
@pytest.mark.timeout(1000)
def test_answers_to_random_requests_of_ten_minutes_are_as_described(url, tmp_path):
    attacked(url, tmp_path, "-n", "100000", "--max-time", "600", "--continue-on-failure", seconds=900)
