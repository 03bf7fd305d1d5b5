# SPDX-License-Identifier: MIT
"""Authors keep their order and their script, and groups are groups, whatever source names them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.schemas.record import ModelRecord
from support.examples import examples

PEOPLE = ["王, 小明", "Иванова, Ольга", "زاهي, أحمد", "Ångström, Zoë", "김, 민준", "Aa, Bb"]
GROUPS = ["ATLAS Collaboration", "Graph Working Group"]
AUTHORS = [*PEOPLE[:3], *GROUPS, *PEOPLE[3:]]
REPOSITORY = {
    "id": 1,
    "name": "tagger",
    "full_name": "lab/tagger",
    "html_url": "https://github.com/lab/tagger",
    "owner": {"login": "lab", "type": "Organization"},
}


def parts(name):
    family, _, given_name = name.partition(", ")
    return family, given_name


def dlhub(authors):
    creators = [
        {"familyName": parts(name)[0], "givenName": parts(name)[1]} if ", " in name else {"creatorName": name}
        for name in authors
    ]
    document = {"datacite": {"titles": [{"title": "T"}], "creators": creators}, "servable": {}}
    return "dlhub", {**document, "dlhub": {"owner": "lab", "name": "tagger"}}


def garden(authors):
    return "garden", {"title": "T", "id": 1, "is_archived": False, "authors": authors}


def citation_file(authors):
    people = [
        f"  - family-names: {parts(name)[0]}\n    given-names: {parts(name)[1]}"
        if ", " in name
        else f"  - name: {name}"
        for name in authors
    ]
    text = "cff-version: 1.2.0\ntitle: T\nauthors:\n" + "\n".join(people)
    return "github", {"repository": REPOSITORY, "files": {"CITATION.cff": text}}


@pytest.mark.parametrize("make", [dlhub, garden, citation_file])
def test_authors_keep_order_script_and_kind(make):
    source, payload = make(AUTHORS)
    found = harvesters.get(source).to_record(payload)
    assert [item.name for item in found.creators] == AUTHORS
    assert [item.name for item in found.creators if item.kind == "organization"] == GROUPS
    assert ModelRecord.from_jsonld(found.to_jsonld()).creators == found.creators


@settings(max_examples=examples(40))
@given(st.permutations(AUTHORS), st.sampled_from([dlhub, garden, citation_file]))
def test_any_order_of_authors_is_kept(authors, make):
    source, payload = make(authors)
    assert [item.name for item in harvesters.get(source).to_record(payload).creators] == authors


def test_dlhub_says_which_creators_are_organizations():
    _, payload = dlhub([])
    payload["datacite"]["creators"] = [
        {"creatorName": "CERN", "nameType": "Organizational"},
        {"name": "Doe, Jane", "nameType": "Personal"},
    ]
    found = harvesters.get("dlhub").to_record(payload).creators
    assert [(item.name, item.kind) for item in found] == [("CERN", "organization"), ("Doe, Jane", "person")]
