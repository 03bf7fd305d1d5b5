# SPDX-License-Identifier: MIT
"""A service that fairreg has never heard of, added by entry points of another package and nothing else.

The package is tests/packages/physhub. It is installed, offline, into an environment of its own that sees what
is installed here; the commands run there against a local server that speaks PhysHub's protocol.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import pytest
from werkzeug import Request, Response

from support.outside import PHYSHUB, Finished, interpreter_with, run_fairreg

pytestmark = pytest.mark.engines("sqlite")  # the registry's part is tested elsewhere

WEIGHTS = b"w" * 1000
MODEL = {
    "id": "lab/jet-tagger",
    "title": "Jet tagger of the lab",
    "description": "Tells quark jets from gluon jets.",
    "files": [
        {"name": "weights.bin", "size": len(WEIGHTS), "sha256": hashlib.sha256(WEIGHTS).hexdigest()},
    ],
}
PAGE = '<html><script type="application/ld+json">{"@type": "SoftwareApplication"}</script></html>'
ADDRESS = "https://physhub.example/models/lab/jet-tagger"
TOKENS = {"PHYSHUB_TOKEN": "physhub-secret-1", "ZENODO_TOKEN": "zenodo-secret-2"}


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return interpreter_with(PHYSHUB, tmp_path_factory.mktemp("outside"))


@pytest.fixture
def asked(httpserver):
    """PhysHub under /physhub; the (path, Authorization) of every request to the server."""
    seen = []

    def answer(request: Request) -> Response:
        seen.append((request.path, request.headers.get("Authorization")))
        path = request.path.removeprefix("/physhub")
        if path == "/api/models":
            found = [MODEL] if "tagger" in request.args["q"].lower() else []
            return Response(json.dumps({"models": found, "next": None, "total": len(found)}))
        if path == f"/api/models/{MODEL['id']}":
            return Response(json.dumps(MODEL))
        if path == f"/models/{MODEL['id']}":
            return Response(PAGE, content_type="text/html")
        if path == f"/files/{MODEL['id']}/weights.bin":
            return Response(WEIGHTS)
        return Response("{}", status=404)

    httpserver.expect_request(re.compile("^/")).respond_with_handler(answer)
    return seen


@pytest.fixture
def run(python, environment, httpserver, asked):
    """Run a command in the environment of the package, or by another interpreter."""
    others = "cernopendata,datacite,dlhub,garden,github,huggingface,openml,zenodo_oai"
    variables = {
        **environment,
        **TOKENS,
        "PHYSHUB_URL": httpserver.url_for("/physhub"),
        "FAIRREG_DISABLE": others,
    }

    def command(*arguments: str, by: str | Path = python) -> Finished:
        return run_fairreg(Path(by), variables, *arguments)

    return command


def test_sources_lists_it_with_its_token_and_its_limits(run, httpserver):
    listed = {item["name"]: item for item in run("sources", "--json").json}
    assert listed["physhub"]["title"] == "PhysHub"
    assert listed["physhub"]["url"] == httpserver.url_for("/physhub")
    assert listed["physhub"]["token"] is True
    assert listed["physhub"]["limits"] == "25 per page, 100 with a token; 20 requests per minute"
    assert listed["zenodo"]["limits"] == "25 per page, 100 with a token; 30 requests per minute"


def test_a_live_search_finds_its_models_and_each_token_goes_to_its_own_host_only(run, asked):
    assert "Creating the registry" in run("search", "jet tagger", by=sys.executable).err
    found = run("search", "jet tagger", "--live", "--save", "--json")
    assert found.code == 0
    # What was kept before may name models by the package's identifiers.
    assert "Grouped the records of the registry into models" in found.err
    assert "physhub:lab/jet-tagger" in [item["id"] for item in found.json["results"]]
    sent = {path.split("/")[1]: token for path, token in asked}
    assert sent == {"physhub": "Bearer physhub-secret-1", "zenodo": "Bearer zenodo-secret-2"}
    again = run("search", "jet tagger", "--source", "physhub", "--json").json
    assert [item["url"] for item in again["results"]] == [ADDRESS]


def test_its_identifiers_and_the_addresses_of_its_pages_are_shown_and_fetched(run):
    shown = run("show", "physhub.example/models/lab/jet-tagger", "--format", "json")
    assert shown.json["identifiers"] == [{"scheme": "physhub", "value": "lab/jet-tagger"}]
    for pid in ("physhub:lab/jet-tagger", ADDRESS):
        fetched = run("fetch", pid, "--json")
        assert fetched.code == 0
        assert [(item["name"], item["verified"]) for item in fetched.json["files"]] == [("weights.bin", True)]
        assert Path(fetched.json["files"][0]["path"]).read_bytes() == WEIGHTS


def test_an_assessment_knows_its_pages_its_search_and_its_policy(run):
    report = run("assess", "physhub:lab/jet-tagger", "--json").json
    verdicts = {
        item["id"]: (item["verdict"], item["reason"])
        for principle in report["principles"].values()
        for item in principle["indicators"]
    }
    assert verdicts["F1-1"][0] == "partial"
    assert verdicts["F4-1"] == ("partial", "Only the search of physhub knows the model.")
    assert verdicts["F4-2"] == ("pass", "The landing page carries schema.org.")
    assert verdicts["F4-3"] == ("pass", "The model is hosted at a model registry.")
    assert verdicts["F4-4"][0] == "pass"
    assert verdicts["A2-2"] == ("pass", "The host promises to retain items and leaves a tombstone.")
