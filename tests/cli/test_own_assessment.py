# SPDX-License-Identifier: MIT
"""The project under its own rubric: a local Zenodo has this checkout, and `fairreg assess` looks at it."""

import re
from pathlib import Path

import pytest
import yaml
from werkzeug import Response

from support import hbb, zenodo_files

pytestmark = pytest.mark.engines("sqlite")  # it is about what the project says

ROOT = Path(__file__).parents[2]
NAME = "fairreg/fairreg"
NUMBER = 99000001
DOI = f"10.5281/zenodo.{NUMBER}"
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
# What git has of a checkout that may hold environments and caches, too.
FOLDERS = ("src", "docs", "scripts", "containers", "w3id", "benchmarks", ".ci")


def checkout():
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    return {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted([*ROOT.iterdir(), *inside])
        if path.is_file() and "__pycache__" not in path.parts and path.name != ".coverage"
    }


@pytest.fixture
def archived(httpserver):
    """A local Zenodo with this checkout, archived as it archives a release on GitHub: by its CITATION.cff.

    The DOI is one of this test only.
    """
    packed = zenodo_files.packed({f"fairreg-fairreg-0/{name}": data for name, data in checkout().items()})
    document = deposited(packed)
    hits = {"hits": {"hits": [document], "total": 1}}
    registered = hbb.registration(DOI)
    registered["data"]["attributes"] |= {
        "creators": [{"name": item["name"], "nameType": "Organizational"} for item in CITATION["authors"]],
        "titles": [{"title": document["metadata"]["title"]}],
    }
    page = '<html><script type="application/ld+json">{}</script></html>'
    serve = httpserver.expect_request
    serve(f"/zenodo/api/records/{NUMBER}").respond_with_json(document)
    serve(re.compile(f"/zenodo/api/records/{NUMBER}/files/.*")).respond_with_data(packed)
    serve("/zenodo/api/records").respond_with_json(hits)
    serve(f"/zenodo/records/{NUMBER}").respond_with_data(page, content_type="text/html")
    serve("/zenodo/oai2d").respond_with_data("<OAI-PMH><Identify></Identify></OAI-PMH>")
    serve(f"/datacite/dois/{DOI}").respond_with_json(registered)
    serve("/doi/ra/10.5281").respond_with_json([{"DOI": "10.5281", "RA": "DataCite"}])
    serve(f"/doi/{DOI}").respond_with_response(
        Response(status=302, headers={"Location": f"https://zenodo.org/records/{NUMBER}"})
    )
    serve(re.compile("/(?:datacite|cernopendata)/.*")).respond_with_json({}, status=404)
    return DOI


def deposited(packed):
    """Zenodo's answer: what it takes from CITATION.cff, and what it knows of the release."""
    document = hbb.record(packed, number=NUMBER)
    document |= {"conceptrecid": "99000000", "conceptdoi": "10.5281/zenodo.99000000"}
    released = CITATION["date-released"]
    document |= {"created": f"{released}T00:00:00+00:00", "modified": f"{released}T00:00:00+00:00"}
    related = {
        "identifier": f"https://github.com/{NAME}/tree/v{CITATION['version']}",
        "relation": "isSupplementTo",
        "resource_type": "software",
        "scheme": "url",
    }
    document["metadata"] |= {
        "title": f"{NAME}: v{CITATION['version']}",
        "description": f"<p>{CITATION['abstract']}</p>",
        "creators": [{"name": item["name"], "affiliation": None} for item in CITATION["authors"]],
        "keywords": CITATION["keywords"],
        "version": CITATION["version"],
        "publication_date": released,
        "related_identifiers": [related],
    }
    (file,) = document["files"]
    file["key"] = f"{NAME}-v{CITATION['version']}.zip"
    return document


def verdicts(document):
    items = (item for part in document["principles"].values() for item in part["indicators"])
    return {item["id"]: item["verdict"] for item in items}


def summary(document):
    """The score in one line; a version of the rubric may give an interval, and no number."""
    scores = {"overall": document["overall"]} | document["letters"]
    shown = ", ".join(f"{name} {'?' if score is None else f'{score:.0%}'}" for name, score in scores.items())
    between = document.get("interval")
    within = f" (between {between[0]:.0%} and {between[1]:.0%})" if between else ""
    rubric = f"{document['rubric']} {document['rubric_version']}"
    return f"fairreg by its own rubric, {rubric}: {shown}{within}, coverage {document['coverage']:.0%}"


def test_the_metadata_files_say_what_they_can_and_lack_only_a_doi(cli, archived, tmp_path, record_property):
    """No release has a DOI yet; with one F3-2 passes, too."""
    done = cli("assess", archived, "--json", "--fix", tmp_path / "fix")
    assert done.code == 0, done.err
    record_property("shown", summary(done.json))
    found = verdicts(done.json)
    said = ("F2-1", "F2-2", "I2-3", "R1.1-1", "R1.1-2")
    assert {name: found[name] for name in said} == dict.fromkeys(said, "pass")
    drafts = dict(re.findall(r"wrote \S*/(CITATION\.cff|codemeta\.json) for (.*)", done.err))
    assert drafts == dict.fromkeys(("CITATION.cff", "codemeta.json"), "F3-2")
