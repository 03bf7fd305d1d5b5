# SPDX-License-Identifier: MIT
"""Groups, suffixes and addresses of DOIs, the same in every format that is written."""

import json

import pytest

from fairreg import formats
from fairreg.formats import dialects
from fairreg.formats.creator_names import inverted, name_parts, parts
from fairreg.formats.plain_yaml import load_yaml
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord, Provenance


def record(*creators, doi="10.1234/abc"):
    return ModelRecord(
        identifier=f"doi:{doi}",
        kind="software",
        name="Tagger",
        identifiers=(Identifier("doi", doi),),
        creators=creators,
        provenance=Provenance(source="document", source_id="1"),
    )


def written(name, stated):
    return formats.get(name).write(stated)


GROUPS = [
    Creator(name="CMS Collaboration"),
    Creator(name="CMS Collaboration", kind="organization"),
    Creator(name="The ATLAS Machine Learning Group"),
    Creator(name="IRIS-HEP Project"),
]


@pytest.mark.parametrize("group", GROUPS, ids=lambda item: f"{item.name} {item.kind}")
def test_a_group_has_one_name_in_every_format(group):
    stated = record(group)
    assert load_yaml(written("cff", stated))["authors"] == [{"name": group.name}]
    assert json.loads(written("zenodo", stated))["creators"] == [{"name": group.name}]
    assert json.loads(written("codemeta", stated))["author"] == [
        {"@type": "Organization", "name": group.name}
    ]
    assert "{{" + group.name + "}}" in written("bibtex", stated)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Rossi", ("Rossi", "Ada", "")),
        ("Rossi, Ada B.", ("Rossi", "Ada B.", "")),
        ("John Smith III", ("Smith", "John", "III")),
        ("John Smith, Jr.", ("Smith", "John", "Jr.")),
        ("Smith III, John", ("Smith", "John", "III")),
        ("Smith, III, John", ("Smith", "John", "III")),
        ("Smith, John, III", ("Smith", "John", "III")),
        ("van den Berg, Jan", ("van den Berg", "Jan", "")),
        ("Smith III", ("Smith", "", "III")),
        ("Rossi", ("Rossi", "", "")),
        ("III", ("III", "", "")),
        ("Okafor, Ben, Prof.", ("Okafor", "Ben, Prof.", "")),
    ],
)
def test_a_suffix_is_no_family_name(name, expected):
    person = Creator(name=name)
    assert name_parts(person) == expected
    family, given, suffix = expected
    assert parts(person) == (f"{family} {suffix}".strip(), given)
    assert inverted(person).startswith(family)
    (author,) = load_yaml(written("cff", record(person)))["authors"]
    assert (author["family-names"], author.get("given-names", ""), author.get("name-suffix", "")) == expected


def test_a_group_in_a_list_of_authors_as_text_is_an_organisation():
    document = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": "https://doi.org/10.1234/abc",
        "name": "D",
        "author": "Ada Rossi; CMS Collaboration; Group, Anna",
    }
    kinds = [item.kind for item in dialects.read(document).understood.creators]
    assert kinds == ["person", "organization", "person"]


@pytest.mark.parametrize("name", ["codemeta", "bibtex", "model-card"])
@pytest.mark.parametrize(("doi", "encoded"), [("10.1234/a#b", "a%23b"), ("10.1234/a?b", "a%3Fb")])
def test_the_address_of_a_doi_is_encoded_in_every_format(name, doi, encoded):
    text = written(name, record(doi=doi))
    assert f"https://doi.org/10.1234/{encoded}" in text
    assert f"https://doi.org/{doi}" not in text
