# SPDX-License-Identifier: MIT
"""Entries of BibTeX as a reader of BibTeX takes them: pybtex, which splits names by BibTeX's own rules."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairreg.formats import bibtex
from fairreg.formats.creator_names import is_group
from fairreg.registry import catalogue
from fairreg.schemas.record import Creator, ModelRecord, Provenance
from fairreg.schemas.text import one_line
from support.examples import examples
from support.records import records

errors = pytest.importorskip("pybtex.errors")
parse_string = pytest.importorskip("pybtex.database").parse_string

usual = settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# BibTeX reads a name in braces as one family name.
NAMING = ("doi", "url", "eprint", "note")


def entry_of(record):
    """The one entry that pybtex reads in a record's document; it refuses what BibTeX would warn of."""
    errors.set_strict_mode(enable=True)
    entries = parse_string(bibtex.write(record), "bibtex").entries
    assert list(entries) == [bibtex.key_of(record)]
    return entries[bibtex.key_of(record)]


def authors_of(record):
    return entry_of(record).persons.get("author", [])


def is_one_word(person):
    return not person.first_names and not person.prelast_names and len(person.last_names) == 1


@usual
@given(record=records)
def test_any_record_is_one_entry_with_its_authors_and_a_name(record):
    entry = entry_of(record)
    assert any(entry.fields.get(name) for name in NAMING)
    assert entry.fields["title"].count("{") == entry.fields["title"].count("}")
    named = [item for item in record.creators if one_line(item.name).strip(" ,")]
    people = entry.persons.get("author", [])
    assert len(people) == len(named)
    for item, person in zip(named, people, strict=True):
        if is_group(item):
            assert is_one_word(person)
            assert str(person).startswith("{")


def test_a_blank_address_is_none():
    record = ModelRecord(
        identifier="document:x",
        kind="model",
        name="Jet tagger",
        provenance=Provenance(source="document", source_id="x", url=" "),
    )
    assert entry_of(record).fields["note"] == "Identifier: document:x"


@pytest.mark.parametrize("nobody", ["\x00", " ", ",", " , ,"])
def test_a_name_of_nothing_is_no_author(nobody):
    people = authors_of(signed(Creator(name=nobody), Creator(name="Rossi, Ada"), Creator(name=nobody)))
    assert [person.last_names for person in people] == [["Rossi"]]
    assert authors_of(signed(Creator(name=nobody))) == []


WORDS = st.sampled_from(
    ["Jets", "and", "AND", "of", "Collaboration", "{", "}", "\\", "Ltd.", "&", "von", ",", "Ada"]
)
NAMES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join).filter(lambda text: any(map(str.isalnum, text)))


def signed(*creators):
    return ModelRecord(
        identifier="doi:10.1234/x",
        kind="model",
        name="Jet tagger",
        provenance=Provenance(source="test", source_id="1"),
        creators=creators,
    )


@usual
@given(names=st.lists(NAMES, min_size=1, max_size=4), kind=st.sampled_from(["person", "organization"]))
def test_no_name_becomes_two_authors_and_a_group_is_never_taken_apart(names, kind):
    people = authors_of(signed(*(Creator(name=name, kind=kind) for name in names)))
    assert len(people) == len(names)
    if kind == "organization":
        assert all(map(is_one_word, people))


@pytest.mark.parametrize(
    ("name", "last", "first"),
    [
        ("Rossi, Ada", ["Rossi"], ["Ada"]),
        ("van der Berg, Jan", ["Berg"], ["Jan"]),
        ("Smith, Jr., John", ["Smith"], ["John"]),
        ("李, 明", ["李"], ["明"]),
        ("Иванова, Анна", ["Иванова"], ["Анна"]),
        ("CMS Collaboration", ["{CMS Collaboration}"], []),
    ],
)
def test_a_name_is_split_as_it_is_meant(name, last, first):
    (person,) = authors_of(signed(Creator(name=name)))
    assert (person.last_names, person.first_names) == (last, first)


def test_every_packaged_record_is_an_entry_of_its_own():
    known = list(catalogue.records())
    entries = parse_string("".join(map(bibtex.write, known)), "bibtex").entries
    assert len(entries) == len(known)
    assert all(re.search("doi|url|eprint|note", " ".join(item.fields)) for item in entries.values())


FORMS = (
    "{family}, {given}, {suffix}", "{family}, {suffix}, {given}", "{given} {family} {suffix}",
    "{given} {family}, {suffix}", "{family} {suffix}, {given}",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", ["Jr.", "Sr", "III", "PhD"])
def test_a_suffix_is_neither_a_given_nor_a_family_name(form, suffix):
    written = form.format(family="King", given="Martin Luther", suffix=suffix)
    (person,) = authors_of(signed(Creator(name=written)))
    assert (person.last_names, person.lineage_names) == (["King"], [suffix])
    assert [*person.first_names, *person.middle_names] == ["Martin", "Luther"]


def test_a_name_with_two_commas_and_no_suffix_keeps_its_given_names():
    (person,) = authors_of(signed(Creator(name="Okafor, Ben, Prof.")))
    assert (person.last_names, person.first_names, person.lineage_names) == (["Okafor"], ["{Ben, Prof.}"], [])
