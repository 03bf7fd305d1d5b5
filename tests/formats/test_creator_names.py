# SPDX-License-Identifier: MIT
"""Groups, suffixes and addresses of DOIs, the same in every format that is written."""

import json

import msgspec
import pytest

from fairreg import formats
from fairreg.formats import dialects
from fairreg.formats.creator_names import inverted, name_parts, parts
from fairreg.formats.plain_yaml import load_yaml
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord, Provenance
from support.fitting import fitting


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
    view = formats.get(name)
    return view.write(fitting(view, stated))


GROUPS = [
    Creator(name="CMS Collaboration"),
    Creator(name="CMS Collaboration", kind="organization"),
    Creator(name="The ATLAS Machine Learning Group"),
    Creator(name="IRIS-HEP Project"),
    Creator(name="European Organization for Nuclear Research and Friends"),
    Creator(name="Rossi & Daughters"),
    Creator(name="Ada Rossi and Ben Okafor"),  # two people in one: no family name is made of both
]


@pytest.mark.parametrize("group", GROUPS, ids=lambda item: f"{item.name} {item.kind}")
def test_a_group_has_one_name_in_every_format(group):
    stated = record(group)
    assert load_yaml(written("cff", stated))["authors"] == [{"name": group.name}]
    assert json.loads(written("zenodo", stated))["creators"] == [{"name": group.name}]
    assert json.loads(written("codemeta", stated))["author"] == [
        {"@type": "Organization", "name": group.name}
    ]
    assert "{{" + group.name.replace("&", r"\&") + "}}" in written("bibtex", stated)


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
        ("Hiroshi Ii", ("Ii", "Hiroshi", "")),
        ("Ivan Iii", ("Iii", "Ivan", "")),
        ("Maria Sr", ("Sr", "Maria", "")),
        ("Ana Maria Sr", ("Maria", "Ana", "Sr")),
        ("Sr, Maria", ("Sr", "Maria", "")),
        ("Ii, Hiroshi", ("Ii", "Hiroshi", "")),
        ("Smith Jr, John", ("Smith", "John", "Jr")),
        ("John Smith Jr.", ("Smith", "John", "Jr.")),
        ("Ada Rossi PhD", ("Rossi", "Ada", "PhD")),
        ("Okafor, Ben, Prof.", ("Okafor", "Ben, Prof.", "")),
        ("Luke de Oliveira", ("de Oliveira", "Luke", "")),
        ("Charles-Jean de la Vallée Poussin", ("de la Vallée Poussin", "Charles-Jean", "")),
        ("Ludwig van Beethoven III", ("van Beethoven", "Ludwig", "III")),
        ("José Ortega y Gasset", ("Ortega y Gasset", "José", "")),
        ("Joan e Silva", ("e Silva", "Joan", "")),
        ("von Neumann", ("von Neumann", "", "")),
        ("Danah boyd", ("boyd", "Danah", "")),
        ("danah boyd", ("boyd", "danah", "")),
        ("Anders And", ("And", "Anders", "")),
        ("李 华", ("华", "李", "")),
    ],
)
def test_the_family_names_are_told_from_the_given_ones_and_suffixes(name, expected):
    person = Creator(name=name)
    assert name_parts(person) == expected
    family, given, suffix = expected
    assert parts(person) == (f"{family} {suffix}".strip(), given)
    assert inverted(person).startswith(family)
    (author,) = load_yaml(written("cff", record(person)))["authors"]
    assert (author["family-names"], author.get("given-names", ""), author.get("name-suffix", "")) == expected


@pytest.mark.parametrize("licence", ["LicenseRef-Foo", "NotALicence-1.0"])
def test_no_address_is_invented_for_a_licence_that_spdx_does_not_list(licence):
    stated = msgspec.structs.replace(record(), license=licence)
    documents = [written(name, stated) for name in ("cff", "codemeta", "jsonld", "fair4ml")]
    assert not any(f"spdx.org/licenses/{licence}" in text for text in documents)
    assert json.loads(documents[1])["license"] == licence
    assert formats.read_record(documents[2]).understood.license == licence


@pytest.mark.parametrize("licence", ["MIT", "GPL-2.0", "GPL-3.0-only"])
def test_a_licence_that_spdx_lists_has_its_address(licence):
    stated = msgspec.structs.replace(record(), license=licence)
    for name in ("codemeta", "jsonld"):
        assert json.loads(written(name, stated))["license"] == f"https://spdx.org/licenses/{licence}"


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
