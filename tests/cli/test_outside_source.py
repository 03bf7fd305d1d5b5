# SPDX-License-Identifier: MIT
"""A service that fairreg has never heard of, added by entry points of another package and nothing else.

The package is tests/packages/physhub. It is installed, offline, into an environment of its own that sees what
is installed here; the commands run there against a local server that speaks PhysHub's protocol.
"""

import hashlib
import json
import re
import shutil
import site
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple

import pytest
from werkzeug import Request, Response

import fairreg

pytestmark = pytest.mark.engines("sqlite")  # the registry's part is tested elsewhere

PACKAGE = Path(__file__).parents[1] / "packages" / "physhub"
RUN = "import sys; from fairreg.cli.app import main; sys.argv[0] = 'fairreg'; main()"
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


class Finished(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def interpreter_with(package: Path, folder: Path) -> Path:
    """The interpreter of a new environment with the package, and with what is installed in this one."""
    venv.create(folder / "environment", with_pip=False, symlinks=True)
    python = folder / "environment" / "bin" / "python"
    paths = {"base": str(folder / "environment"), "platbase": str(folder / "environment")}
    here = Path(sysconfig.get_path("purelib", vars=paths))
    seen = [str(Path(fairreg.__file__).parents[1])]
    # addsitedir reads the .pth files there, too: that of an editable installation of fairreg is one.
    seen += [f"import site; site.addsitedir({folder!r})" for folder in site.getsitepackages()]
    (here / "tested.pth").write_text("\n".join(seen) + "\n", encoding="utf-8")
    copied = shutil.copytree(package, folder / package.name)  # building leaves files beside the sources
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet")
    command = [python, "-m", "pip", "install", *offline, copied]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return python


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return interpreter_with(PACKAGE, tmp_path_factory.mktemp("outside"))


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
        done = subprocess.run(
            [by, "-c", RUN, *arguments], capture_output=True, text=True, env=variables, check=False
        )
        return Finished(done.returncode, done.stdout, done.stderr)

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
    assert "Sorted what the registry holds into models" in found.err
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
