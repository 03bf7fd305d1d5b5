# SPDX-License-Identifier: MIT
"""Addresses made of file names: the file that is named is the one that is asked for."""

from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.schemas.file_address import file_address, name_in_address, quoted_path
from support.examples import examples

FOLDER = "https://zenodo.org/api/records/1/files/"
NAMES = (
    "jets#1.csv",
    "what?.csv",
    "a+b.csv",
    "100%.csv",
    "50%25.csv",
    "a%41.csv",
    "jets pt.csv",
    "two  blanks.csv",
    " leading.csv",
    "dir/é.csv",
    "a;b.csv",
    "[v1]&x=1.csv",
    "#",
    "?",
    "%",
    "..",
    ".",
    "a/../b.csv",
)


def requested_name(address, end="/content"):
    """The name that a server reads from the path of a request."""
    parts = urlsplit(address)
    assert not parts.fragment
    return unquote(parts.path.removeprefix(urlsplit(FOLDER).path).removesuffix(end))


@pytest.mark.parametrize("name", NAMES)
def test_a_link_with_the_name_as_it_is_asks_for_that_name(name):
    address = file_address(f"{FOLDER}{name}/content", name)
    assert requested_name(address) == name
    assert requested_name(file_address(f"{FOLDER}{name}?version=1", name), "") == name
    assert file_address(f"{FOLDER}{name}?version=1", name).endswith("?version=1")


@pytest.mark.parametrize("name", NAMES)
def test_no_client_resolves_the_dots_of_a_name(name):
    address = file_address(f"{FOLDER}{name}/content", name)
    assert not {".", ".."} & set(urlsplit(address).path.split("/"))


@settings(max_examples=examples(300))
@given(st.text(min_size=1))
def test_a_link_that_is_quoted_well_stays_as_it_is(name):
    address = f"{FOLDER}{quoted_path(name)}/content"
    assert file_address(address, name) == address
    strict = f"{FOLDER}{quote(name, safe='')}/content"
    if name not in {".", ".."}:
        assert file_address(strict, name) == strict


@settings(max_examples=examples(300))
@given(st.one_of(st.text(), st.binary(), st.none()), st.text())
def test_an_address_is_plain_ascii_or_nothing(stated, name):
    for value in (stated, f"https://example.org/{stated}"):
        found = file_address(value, name)
        assert found is None or (found.isascii() and found.isprintable() and " " not in found)


@pytest.mark.parametrize(
    "value", [None, 3, "", "ftp://x/y", "https://", "https:///x", "http://a b/c", "x", ["y"]]
)
def test_what_is_no_web_address_is_none(value):
    assert file_address(value, "x") is None


def test_the_name_in_an_address_is_its_last_part():
    assert name_in_address("https://a.org/x/we%20ights%231.onnx?download=1#top") == "we ights#1.onnx"
    assert name_in_address("https://a.org") == name_in_address("not an address") == ""


def zenodo(name, address):
    links = {"self": address} if address else {}
    return {
        "id": 1,
        "metadata": {"title": "A tagger"},
        "files": [{"key": name, "links": links}],
        "links": {"files": FOLDER.rstrip("/")},
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stated", [True, False])
def test_a_file_of_zenodo_is_asked_for_by_its_name(name, stated):
    payload = zenodo(name, f"{FOLDER}{name}/content" if stated else None)
    (file,) = harvesters.get("zenodo").to_record(payload).distributions
    assert file.name == name
    assert requested_name(file.url) == name


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_the_hub_is_asked_for_by_its_name(name):
    payload = {"id": "org/tagger", "sha": "a" * 40, "siblings": [{"rfilename": name}]}
    (file,) = harvesters.get("huggingface").to_record(payload).distributions
    assert file.name == name
    path = urlsplit(file.url).path.removeprefix(f"/org/tagger/resolve/{'a' * 40}/")
    assert unquote(path) == name
    assert not {".", ".."} & set(path.split("/"))


@pytest.mark.parametrize("name", [name for name in NAMES if "/" not in name and name.strip(".")])
def test_a_file_of_cern_is_asked_for_by_its_name(name):
    uri = f"root://eospublic.cern.ch//eos/opendata/cms/{name}"
    payload = {"metadata": {"recid": "1", "title": "Jets", "files": [{"uri": uri, "size": 1}]}}
    (file,) = harvesters.get("cernopendata").to_record(payload).distributions
    assert file.name == name
    assert unquote(urlsplit(file.url).path).endswith(f"/cms/{name}")


@pytest.mark.parametrize("name", ["jets pt#1.onnx", "50%25 [v1].onnx", "two  blanks.onnx"])
def test_a_model_of_github_is_asked_for_by_its_path(name):
    payload = {
        "repository": {
            "id": 1234,
            "full_name": "hep/tagger",
            "name": "tagger",
            "html_url": "https://github.com/hep/tagger",
            "owner": {"login": "hep", "type": "Organization"},
            "default_branch": "main",
        },
        "release": None,
        "commit": {"sha": "a" * 40, "date": "2024-02-01", "ref": "main"},
        "tree": {
            "sha": "a" * 40,
            "truncated": False,
            "tree": [{"path": f"models/{name}", "type": "blob", "mode": "100644", "size": 10}],
        },
        "files": {},
        "pointers": {},
    }
    (file,) = harvesters.get("github").to_record(payload).distributions
    assert file.name == f"models/{name}"
    assert unquote(urlsplit(file.url).path) == f"/hep/tagger/{'a' * 40}/models/{name}"
    assert not urlsplit(file.url).fragment


def test_two_names_that_differ_in_blanks_stay_two():
    payload = {
        "id": "org/tagger",
        "sha": "a" * 40,
        "siblings": [{"rfilename": name} for name in ("a b", "a  b", " a b")],
    }
    files = harvesters.get("huggingface").to_record(payload).distributions
    assert len({file.url for file in files}) == len({file.name for file in files}) == 3
