# SPDX-License-Identifier: MIT
import re

import pytest
from hypothesis import HealthCheck, given, settings

from fairreg.formats import bibtex
from fairreg.registry import catalogue
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord, Provenance
from support.records import records


def test_an_entry_cites_authors_title_year_and_doi():
    record = ModelRecord(
        identifier="doi:10.5281/zenodo.7305227",
        kind="model",
        name="Jets & 100% of H_bb",
        provenance=Provenance(source="test", source_id="1"),
        identifiers=(Identifier("doi", "10.5281/zenodo.7305227"),),
        creators=(Creator(name="Duarte, Javier"), Creator(name="CMS Collaboration", kind="organization")),
        date_published="2022-11-09",
    )
    assert bibtex.write(record) == (
        "@software{duarte2022jets0e731e,\n"
        "  author     = {Duarte, Javier and {CMS Collaboration}},\n"
        "  title      = {{Jets \\& 100\\% of H\\_bb}},\n"
        "  year       = {2022},\n"
        "  doi        = {10.5281/zenodo.7305227},\n"
        "  url        = {https://doi.org/10.5281/zenodo.7305227},\n"
        "}\n"
    )


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(records)
def test_any_record_gives_a_title_with_balanced_braces(record):
    title = next(line for line in bibtex.write(record).splitlines() if line.startswith("  title"))
    bare = re.sub(r"\\[{}]", "", title)
    assert bare.count("{") == bare.count("}")


def entry_of(title="Jet tagger", creators=("Rossi, Ada",), number=1, **more):
    return bibtex.write(
        ModelRecord(
            identifier=f"doi:10.5281/zenodo.{number}",
            kind="model",
            name=title,
            provenance=Provenance(source="test", source_id="1"),
            creators=tuple(item if isinstance(item, Creator) else Creator(name=item) for item in creators),
            date_published="2024-01-02",
            **{"identifiers": (Identifier("doi", f"10.5281/zenodo.{number}"),), **more},
        )
    )


def key_of(**more):
    return re.match(r"@\w+\{([^,]+),", entry_of(**more))[1]


@pytest.mark.parametrize(
    ("one", "other", "start"),
    [
        ("Rossi, Ada", "Ada Rossi", "rossi2024jet"),
        ("Rossi, A.", "A. Rossi", "rossi2024jet"),
        ("Rossi, A.", "Rossi A.", "rossi2024jet"),
        ("van der Berg, Jan", "Jan van der Berg", "berg2024jet"),
        ("Müller-Lüdenscheidt, Eva", "Eva Müller-Lüdenscheidt", "mullerludenscheidt2024jet"),
        ("O'Neill, Sinéad", "Sinéad O'Neill", "oneill2024jet"),
        ("Ångström, Åsa", "Åsa Ångström", "angstrom2024jet"),
        ("Sørensen, Bo", "Bo Sørensen", "sorensen2024jet"),
        ("Smith, John, Jr.", "John Smith Jr.", "smith2024jet"),
        ("李, 明", "李明", "model2024jet"),
    ],
)
def test_a_key_begins_with_the_family_name_in_either_order(one, other, start):
    assert key_of(creators=[one]) == key_of(creators=[other])
    assert re.fullmatch(start + "[0-9a-f]{6}", key_of(creators=[one]))


def test_keys_of_different_records_differ_and_do_not_change():
    assert key_of(number=1) != key_of(number=2)
    li, wang = {"title": "模型", "creators": ["李, 明"]}, {"title": "模型", "creators": ["王, 伟"]}
    assert key_of(**li, number=1) != key_of(**wang, number=2)
    assert key_of(number=7, version="v1", publisher="Zenodo") == key_of(number=7)


def test_keys_of_the_packaged_records_are_distinct():
    keys = [bibtex.key_of(item) for item in catalogue.records()]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("creator", "author"),
    [
        ("Friends and Family Group", "{Friends and Family Group}"),
        ("Bread and Butter", "{Bread and Butter}"),
        ("CMS Collaboration", "{CMS Collaboration}"),
        ("others", "{others}"),
        (Creator(name="ATLAS", kind="organization"), "{ATLAS}"),
        ("Ferdinand, Anders", "Ferdinand, Anders"),
        ("a, b, c, d", "{a, b, c, d}"),
        ("King, Martin Luther, Jr.", "King, Jr., Martin Luther"),
        ("Martin Luther King Jr.", "King, Jr., Martin Luther"),
        ("Smith III, John", "Smith, III, John"),
        ("Smith III", "{Smith III}"),
        ("Okafor, Ben, Prof.", "Okafor, {Ben, Prof.}"),
        ("Hiroshi Ii", "Hiroshi Ii"),
    ],
)
def test_a_group_or_a_name_that_bibtex_would_split_is_one_author(creator, author):
    assert f"  author     = {{{author}}},\n" in entry_of(creators=[creator])


def test_the_paper_is_in_the_entry_and_every_entry_names_an_identifier():
    papers = (Identifier("doi", "10.5281/zenodo.1"), Identifier("paper_doi", "10.1234/a_b"))
    assert "  note       = {Described in doi:10.1234/a\\_b},\n" in entry_of(identifiers=papers)
    assert "  note       = {Identifier: doi:10.5281/zenodo.1},\n" in entry_of(identifiers=())
    for item in catalogue.records():
        assert re.search(r"^  (?:doi|url|note) ", bibtex.write(item), re.MULTILINE)
