# SPDX-License-Identifier: MIT
"""The two constructed repositories of `hub_cases`, against the scores that the rubric expects of their kind.

The rubric's figures were worked out by hand from its rules, before there was code.
"""

import huggingface_hub
import pytest

from assessment import hub_cases as cases
from harvesters.hub_server import Hub

pytestmark = pytest.mark.engines("sqlite")  # it is about what the Hub says


@pytest.fixture
def hub(monkeypatch, cli, httpserver):
    huggingface_hub.close_session()
    names = (cases.BARE, cases.FULL, f"datasets/{cases.DATA}")
    infos = {cases.BARE: cases.bare_info(), cases.FULL: cases.full_info()}
    data = {cases.DATA: cases.data_info()}
    pages = dict(zip(names, (cases.PAGE, cases.PAGE, cases.DATA_PAGE), strict=True))
    httpserver.expect_request(f"/datacite/dois/{cases.DOI}").respond_with_json(cases.registration())
    httpserver.expect_request("/doi/ra/10.57967").respond_with_json([{"DOI": "10.57967", "RA": "DataCite"}])
    httpserver.expect_request(f"/doi/{cases.DOI}").respond_with_data("{}")
    pages[".well-known/openapi.json"] = '{"openapi": "3.1.0", "paths": {}}'
    with Hub(infos, datasets=data, files=cases.served_files(), pages=pages) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server
    huggingface_hub.close_session()


def failed_essentials(document):
    items = (item for part in document["principles"].values() for item in part["indicators"])
    return [item["id"] for item in items if item["weight"] == 3 and item["verdict"] == "fail"]


@pytest.mark.parametrize(
    ("name", "letters", "overall", "failing"),
    [
        (cases.BARE, (49, 75, 25, 22), 44, ["A2-1", "I2-1", "I2-2", "R1.1-1", "R1.2-1", "R1.2-2"]),
        (cases.FULL, (90, 95, 72, 73), 83, []),
    ],
)
def test_a_constructed_repository_scores_what_the_rubric_expects(cli, hub, name, letters, overall, failing):
    result = cli("assess", f"huggingface:{name}", "--json")
    assert result.code == 0, result.err
    document = result.json
    found = tuple(100 * document["letters"][letter] for letter in "FAIR")
    assert found == pytest.approx(letters, abs=10)
    assert 100 * document["overall"] == pytest.approx(overall, abs=5)
    assert failed_essentials(document) == failing
