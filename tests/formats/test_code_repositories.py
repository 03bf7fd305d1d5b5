# SPDX-License-Identifier: MIT
"""The code repository of an object, on any site and in any form: as identifier, related, and written."""

import json

import pytest

from fairreg.formats import cff, codemeta, dialects
from fairreg.formats.linked_data.properties import KINDS
from fairreg.formats.plain_yaml import load_yaml
from fairreg.formats.related import page_of_clone, repository_of
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Relation
from support.fitting import fitting

SITES = [
    "https://gitlab.cern.ch/lab/tagger",
    "https://gitlab.com/lab/group/tagger",
    "https://codeberg.org/lab/tagger",
    "https://bitbucket.org/lab/tagger",
]
ELSEWHERE = ["https://git.example.org/lab/tagger", "https://sourceforge.net/projects/tagger/"]


def read(stated, *, kind="SoftwareSourceCode", **more):
    base = {
        "@context": "https://schema.org",
        "@type": kind,
        "@id": "https://doi.org/10.1234/gr",
        "name": "GR",
    }
    return dialects.read({**base, "codeRepository": stated, **more})


def related(record):
    return [(item.type, item.target.url) for item in record.relations]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("address", [*SITES, *ELSEWHERE])
def test_code_on_any_site_is_told_beside_a_doi(kind, address):
    found = read(address, kind=kind)
    assert related(found.understood) == [("is_supplement_to", address)]
    assert found.left_out == ()


@pytest.mark.parametrize("kind", ["SoftwareSourceCode", "MLModel"])
@pytest.mark.parametrize("address", ["https://github.com/lab/tagger", *SITES])
def test_the_code_of_a_record_is_written_and_read_back(kind, address):
    record = read(address, kind=kind).understood
    assert repository_of(record) == address
    assert json.loads(codemeta.write(record))["codeRepository"] == address
    assert load_yaml(cff.write(fitting(cff, record)))["repository-code"] == address
    assert codemeta.read(codemeta.write(record)).understood.repository == address


def test_each_of_several_repositories_is_told():
    both = ["https://github.com/lab/tagger", "https://gitlab.com/lab/tagger"]
    software = read(both).understood
    assert [item.compact for item in software.identifiers] == ["doi:10.1234/gr", "github:lab/tagger"]
    assert related(software) == [("is_supplement_to", both[1])]
    assert related(read(both, kind="MLModel").understood) == [("is_supplement_to", item) for item in both]
    assert repository_of(software) == both[0]


def test_software_that_its_repository_alone_identifies_is_no_supplement_to_itself():
    found = read(SITES[0], **{"@id": "#t"}).understood
    assert (found.identifier, found.relations) == (f"url:{SITES[0]}", ())
    assert repository_of(found) == SITES[0]


@pytest.mark.parametrize(
    ("clone", "page"),
    [
        ("git+https://gitlab.com/lab/tagger.git", "https://gitlab.com/lab/tagger.git"),
        ("git+https://git.example.org/tagger", "https://git.example.org/tagger"),
        ("git+ssh://git@gitlab.com/lab/tagger.git", "https://gitlab.com/lab/tagger.git"),
        ("ssh://git@gitlab.cern.ch:7999/lab/tagger.git", "https://gitlab.cern.ch/lab/tagger.git"),
        ("git://codeberg.org/lab/tagger.git", "https://codeberg.org/lab/tagger.git"),
        ("git@bitbucket.org:lab/tagger.git", "https://bitbucket.org/lab/tagger.git"),
    ],
)
def test_the_address_of_a_clone_is_that_of_its_page_where_the_site_is_known(clone, page):
    assert page_of_clone(clone) == page
    assert related(read(clone).understood) == [("is_supplement_to", page)]


@pytest.mark.parametrize(
    "clone", ["ssh://git@git.example.org/lab/tagger.git", "git@git.example.org:lab/tagger.git"]
)
def test_no_page_is_assumed_on_a_site_that_is_not_known(clone):
    assert page_of_clone(clone) is None
    found = read(clone)
    assert [item.target.compact for item in found.understood.relations] or found.left_out == (
        "codeRepository",
    )
    assert all(item.target.url is None for item in found.understood.relations)


def test_a_clone_on_github_is_the_repository():
    for clone in ("git@github.com:lab/tagger.git", "git+https://github.com/lab/tagger.git"):
        assert read(clone).understood.value_of("github") == "lab/tagger"


def test_the_address_of_a_clone_is_an_address_in_every_source():
    address = "https://gitlab.com/lab/tagger.git"
    assert identifier_of(f"git+{address}") == identifier_of(f"git+{address}", "url")
    assert identifier_of(f"git+{address}") == Identifier("url", address)


@pytest.mark.parametrize(
    ("target", "written"),
    [
        (Identifier("url", "https://gitlab.com/lab/tagger/-/tree/v1"), "https://gitlab.com/lab/tagger"),
        (Identifier("github", "lab/tagger"), "https://github.com/lab/tagger"),
        (Identifier("url", "https://gitlab.com/lab"), None),
        (Identifier("url", "https://example.org/lab/tagger"), None),
        (Identifier("doi", "10.1234/code"), None),
    ],
)
def test_a_related_repository_is_written_where_it_is_one_on_a_site_for_code(target, written):
    relation = Relation(type="is_supplement_to", target=target)
    record = ModelRecord("me:1", "model", "x", Provenance("me", "1"), relations=(relation,))
    assert json.loads(codemeta.write(record)).get("codeRepository") == written
