# SPDX-License-Identifier: MIT
"""codemeta.json beside software: one reading with that of records, values one or many, as text or object."""

import json

import pytest

from fairreg import formats
from fairreg.formats import codemeta
from fairreg.harvesters.github.mapping import record_of

DOCUMENT = {"@context": "https://w3id.org/codemeta/3.0", "type": "SoftwareSourceCode", "name": "T"}
ORCID = "0000-0002-1825-0097"


def read(**members):
    return codemeta.read(json.dumps({**DOCUMENT, **members}))


def facts(**members):
    return read(**members).understood


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ({"type": "Person", "givenName": ["Anna", "M."], "familyName": "Krystalli"}, "Krystalli, Anna M."),
        ({"type": "Person", "givenName": ["Ben", "C."], "familyName": ["Oka", "For"]}, "Oka For, Ben C."),
        ({"givenName": "Ben", "additionalName": "C.", "familyName": "Okafor"}, "Okafor, Ben C."),
        ({"givenName": "Ben", "familyName": "Okafor", "name": "Ben Okafor"}, "Okafor, Ben"),
        ({"familyName": "Okafor", "name": "Ben Okafor"}, "Ben Okafor"),
        ({"givenName": {"@value": "Ben"}, "familyName": {"en": "Okafor"}}, "Okafor, Ben"),
    ],
)
def test_a_person_has_all_given_and_family_names(author, name):
    found = read(author=author)
    assert [item.name for item in found.understood.creators] == [name]
    assert found.left_out == ()


def test_a_name_that_says_more_than_its_parts_is_named():
    author = {"givenName": "Ada", "familyName": "Rossi", "name": "Ada B. Rossi"}
    assert read(author=author).left_out == ("author.name",)


@pytest.mark.parametrize("key", ["@type", "type"])
@pytest.mark.parametrize("types", ["Organization", ["Organization"], ["Thing", "schema:Organization"]])
def test_an_organisation_is_none_by_the_number_of_its_types(key, types):
    (found,) = facts(author={key: types, "name": "CERN"}).creators
    assert (found.name, found.kind) == ("CERN", "organization")


def test_one_person_under_one_orcid_in_two_places_has_each_name_once():
    person = {"@id": f"https://orcid.org/{ORCID}", "givenName": "Ada", "familyName": "Rossi"}
    found = facts(author=person, creator=person).creators
    assert [(item.name, item.orcid) for item in found] == [("Rossi, Ada", ORCID)]
    added = formats.read_record(
        json.dumps({**DOCUMENT, "@id": "https://doi.org/10.1234/a", "author": person, "creator": person})
    )
    assert [item.name for item in added.understood.creators] == ["Ada Rossi"]


@pytest.mark.parametrize(
    ("stated", "known", "words"),
    [
        ("https://ai.google.dev/gemma/terms", None, ["https://ai.google.dev/gemma/terms"]),
        ({"name": "Lab licence", "url": "https://lab.org/x"}, None, ["Lab licence", "https://lab.org/x"]),
        (
            {"name": "MIT", "url": "https://creativecommons.org/licenses/by-nc/4.0/"},
            None,
            ["MIT", "https://creativecommons.org/licenses/by-nc/4.0/"],
        ),
        ({"@id": "https://spdx.org/licenses/MIT"}, "MIT", []),
        ({"name": "MIT License", "url": "https://opensource.org/licenses/MIT"}, "MIT", []),
        ([{"@value": "MIT"}, "https://spdx.org/licenses/Apache-2.0"], "Apache-2.0 AND MIT", []),
    ],
)
def test_a_licence_is_read_in_every_form(stated, known, words):
    found = read(license=stated)
    expression = found.understood.license
    assert (expression and " AND ".join(sorted(expression.split(" AND ")))) == known
    assert all(word in (found.understood.license_stated or "") for word in words)
    assert found.understood.as_written.license is not None
    assert found.left_out == ()


@pytest.mark.parametrize("name", ["LICENSE", "license.md", "COPYING", "LICENSE-GEMMA"])
def test_a_link_to_the_file_of_a_licence_is_named(name):
    found = read(license=f"https://github.com/lab/tagger/blob/main/{name}")
    assert (found.understood.license, found.understood.license_stated) == (None, None)
    assert found.left_out == ("license",)


@pytest.mark.parametrize(
    ("stated", "repository", "left_out"),
    [
        (["https://github.com/a/b", "https://gitlab.com/a/b"], "https://github.com/a/b", ("codeRepository",)),
        ({"@id": "https://github.com/a/b"}, "https://github.com/a/b", ()),
        ({"@id": "#code", "url": "https://github.com/a/b"}, "https://github.com/a/b", ()),
        ({"@value": "git+https://github.com/a/b.git"}, "https://github.com/a/b.git", ()),
        ({"name": "the repository"}, None, ("codeRepository",)),
    ],
)
def test_a_repository_is_read_in_every_form(stated, repository, left_out):
    found = read(codeRepository=stated)
    assert (found.understood.repository, found.left_out) == (repository, left_out)


@pytest.mark.parametrize(
    ("stated", "abstract"),
    [(["x", "y"], "x\n\ny"), ({"@value": "x"}, "x"), ({"en": "x", "de": "z"}, "x")],
)
def test_a_description_is_read_in_every_form(stated, abstract):
    assert facts(description=stated).abstract == abstract


@pytest.mark.parametrize("term", ["citation", "referencePublication"])
@pytest.mark.parametrize(
    "stated",
    [
        "Foo. doi:10.1000/abc",
        "https://doi.org/10.1000/abc",
        {"@id": "https://doi.org/10.1000/abc"},
        {"type": "ScholarlyArticle", "name": "Foo", "sameAs": "https://doi.org/10.1000/abc"},
        {"identifier": {"type": "PropertyValue", "propertyID": "doi", "value": "10.1000/abc"}},
    ],
)
def test_a_cited_work_is_read_in_every_form(term, stated):
    found = facts(**{term: stated})
    assert [(item.type, item.target.compact) for item in found.relations] == [("cites", "doi:10.1000/abc")]
    is_paper = term == "referencePublication"
    assert [item.scheme for item in found.identifiers] == ["paper_doi"] * is_paper
    assert found.as_written.publications == ("10.1000/abc",) * is_paper


@pytest.mark.parametrize(
    "stated",
    [
        "https://doi.org/10.5281/zenodo.7",
        ["tagger", {"type": "PropertyValue", "propertyID": "doi", "value": "10.5281/zenodo.7"}],
        {"@id": "https://doi.org/10.5281/zenodo.7"},
    ],
)
def test_an_archived_version_is_read_in_every_form(stated):
    found = read(identifier=stated)
    assert [(item.scheme, item.value) for item in found.understood.identifiers] == [
        ("related_doi", "10.5281/zenodo.7")
    ]
    assert found.understood.as_written.dois == ("10.5281/zenodo.7",)
    assert found.left_out == (("identifier",) if isinstance(stated, list) else ())


def test_the_software_of_a_graph_is_described_with_what_it_refers_to():
    document = {
        "@context": "https://doi.org/10.5063/schema/codemeta-2.0",
        "@graph": [
            {"@id": "#data", "@type": "Dataset", "name": "D"},
            {"@id": "#ada", "@type": "Person", "givenName": "Ada", "familyName": "Rossi"},
            {"@id": "#t", "@type": "SoftwareSourceCode", "name": "T", "author": {"@id": "#ada"}},
        ],
    }
    found = codemeta.read(json.dumps(document))
    assert (found.understood.title, found.understood.creators[0].name) == ("T", "Rossi, Ada")
    assert found.understood.as_written.complete
    assert found.left_out == ("@graph.Dataset",)


@pytest.mark.parametrize("value", ['"\\ud800"', "9" * 40, '{"a":' * 60 + "1" + "}" * 60])
def test_a_member_that_no_record_can_hold_is_named_and_the_others_are_read(value):
    found = codemeta.read('{"name": "T", "license": "MIT", "keywords": ' + value + "}")
    assert (found.understood.fault, found.understood.title, found.understood.license) == (None, "T", "MIT")
    assert found.left_out == ("keywords",)


def test_a_file_of_more_values_than_are_held_is_a_fault():
    context = {f"t{number}": "https://schema.org/name" for number in range(1000)}
    nodes = [{"@context": {}, "a": 1}] * 600
    found = codemeta.read(json.dumps({"@context": context, "name": "T", "author": nodes}))
    assert found.understood.fault == "codemeta.json was not read: $ holds more than 500000 values"


def test_a_repository_has_the_authors_and_the_licence_of_its_codemeta():
    document = {
        **DOCUMENT,
        "author": [
            {"type": "Person", "givenName": ["Anna", "M."], "familyName": "Krystalli"},
            {"type": "Person", "givenName": ["Ben", "C."], "familyName": ["Oka", "For"]},
        ],
        "license": {"name": "Lab licence", "url": "https://lab.org/x"},
    }
    repository = {"id": 1, "full_name": "lab/t", "name": "t", "html_url": "https://github.com/lab/t"}
    record = record_of({"repository": repository, "files": {"codemeta.json": json.dumps(document)}})
    assert [item.name for item in record.creators] == ["Krystalli, Anna M.", "Oka For, Ben C."]
    assert (record.license, record.license_stated) == (None, "Lab licence (https://lab.org/x)")
