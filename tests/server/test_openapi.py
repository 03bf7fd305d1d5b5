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
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")
# Some texts that fit a parameter's schema mean nothing, such as a cursor that no server gave.
_LEFT_OUT = "positive_data_acceptance"
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


def attacked(url: str, folder: Path, *options: str, seconds: float) -> str:
    """What schemathesis says of the server after asking it at random; it leaves files in the folder."""
    program = (
        "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--exclude-checks", _LEFT_OUT, "--no-color",
        "--suppress-health-check", "all", *options,
    )  # fmt: skip
    ended = client_program(*program, seconds=seconds, folder=folder)
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    return ended.stdout


def test_answers_to_random_requests_are_as_described(url, tmp_path):
    told = attacked(url, tmp_path, "-n", "12", "--phases", "examples,fuzzing", seconds=120)
    assert int(re.search(r"(\d+) generated", told)[1]) > 40


@pytest.mark.long
@pytest.mark.timeout(1000)
def test_answers_to_random_requests_of_ten_minutes_are_as_described(url, tmp_path):
    attacked(url, tmp_path, "-n", "100000", "--max-time", "600", "--continue-on-failure", seconds=900)
