# SPDX-License-Identifier: MIT
"""Exports as the validators and readers of others see them: see `support.metadata_validators`."""

import json
from collections import Counter
from itertools import islice

import msgspec
import payload_table
import pytest
from hypothesis import HealthCheck, example, given, settings

from fairreg import formats, harvesters
from fairreg.errors import RecordError
from fairreg.registry import catalogue
from fairreg.schemas import datacite_terms as ours
from fairreg.schemas.record import Creator, ModelRecord, Provenance
from support import metadata_validators as validators
from support.examples import examples
from support.full_record import FULL, MORE, OTHER
from support.hostile import HOSTILE, LONG, hostile_everywhere
from support.records import records

each = pytest.mark.parametrize("name", validators.NAMES)
usual = settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
BARE = ModelRecord(
    identifier="lab:1", kind="model", name="x", provenance=Provenance(source="lab", source_id="1")
)
PARAGRAPHS = "Ein «Text» <b>mit</b> & \"allem\", 'was' \u202ees gibt\u202c: \\ { } % # $ ~ ^ 粒子\n\n" * 150


def tally(name, known):
    """How many records are valid documents, invalid ones, and refused for the lack of a year."""
    found = Counter()
    for record in known:
        if record.year is None and "datacite" in name:
            with pytest.raises(RecordError, match="year of publication"):
                formats.get(name).write(record)
            found["refused"] += 1
            continue
        document = formats.get(name).write(record)
        faults = validators.faults(name, document)
        assert faults == [], record.identifier
        found["valid"] += 1
    return found


@pytest.mark.sliced(3)
@each
def test_every_packaged_record_is_a_valid_document(name, request):
    known = catalogue.records()[:: 1 if request.config.getoption("--long") else 8]
    undated = sum(record.year is None for record in known)
    # DataCite has no word for a year that is not known.
    refused = undated if "datacite" in name else 0
    assert tally(name, known) == Counter(valid=len(known) - refused, refused=refused)


@pytest.mark.sliced(3)
@pytest.mark.shared
@each
def test_recorded_payloads_are_valid_documents(name, shared, request):
    most = 30 if request.config.getoption("--long") else 4
    for source in harvesters.names():
        payloads = (payload for _, payload in payload_table.recorded(shared / "payloads", source))
        found = tally(name, islice(filter(None, map(record_of, [source] * 10_000, payloads)), most))
        assert found["valid"] + found["refused"] > 0


def record_of(source, payload):
    try:
        return harvesters.get(source).to_record(payload)
    except RecordError:
        return None


@pytest.mark.sliced(3)
@each
def test_a_record_with_every_field_and_each_other_value_is_valid(name):
    others = [msgspec.structs.replace(FULL, **{field: value}) for field, value in OTHER.items()]
    more = [
        msgspec.structs.replace(FULL, **{field: item}) for field, values in MORE.items() for item in values
    ]
    assert tally(name, [FULL, *others, *more]) == Counter(valid=1 + len(others) + len(more))


@each
def test_a_record_with_nothing_but_a_name_is_valid_or_refused(name):
    expected = "refused" if "datacite" in name else "valid"
    assert tally(name, [BARE]) == Counter([expected])


@pytest.mark.sliced(3)
@each
@usual
@given(record=records)
def test_any_record_is_valid_or_refused(name, record):
    assert tally(name, [record]).total() == 1


@pytest.mark.sliced(3)
@each
@usual
@given(text=HOSTILE)
@example(text=LONG)
@example(text=PARAGRAPHS)
@example(text="]]></description><evil/>")
@example(text="a\nER  - \nTY  - JOUR\nAU  - Evil, Eve")
def test_hostile_texts_stay_in_their_fields(name, text):
    assert tally(name, [hostile_everywhere(text)]) == Counter(valid=1)


@pytest.mark.parametrize(
    ("name", "spoiled"),
    [
        ("bibtex", lambda text: text.replace("{{", "{{{", 1)),
        ("csl", lambda text: text.replace('"title"', '"heading"')),
        ("datacite", lambda text: text.replace('"Model"', '"Network"')),
        ("datacite", lambda text: text.replace('"IsSupplementTo"', '"Supplements"')),
        ("datacite-xml", lambda text: text.replace('"Model"', '"Network"')),
        ("datacite-xml", lambda text: text.replace("<publicationYear>2022</publicationYear>", "")),
        ("datacite-xml", lambda text: text.replace("relationTypeInformation", "because")),
        ("dublin-core", lambda text: text.replace("dc:subject", "dc:keyword")),
        ("ris", lambda text: text.replace("TI  - ", "ER  - \nTY  - ")),
    ],
)
def test_the_validators_see_faults(name, spoiled):
    document = formats.get(name).write(FULL)
    assert spoiled(document) != document
    assert validators.faults(name, spoiled(document)) != []


def test_a_citation_style_makes_an_entry_of_the_item():
    (item,) = json.loads(formats.get("csl").write(FULL))
    text = validators.cited(item)
    assert "Curie" in text
    assert "Jet tagger" in text
    assert "2022" in text


def test_a_reference_manager_reads_the_fields():
    people = (
        Creator(name="Curie, Marie"),
        Creator(name="King, Martin Luther, Jr."),
        Creator(name="Ada Rossi"),
        Creator(name="CMS Collaboration, CERN", kind="organization"),
    )
    (found,) = validators.references(formats.get("ris").write(msgspec.structs.replace(FULL, creators=people)))
    assert found["authors"] == [
        "Curie, Marie",
        "King, Martin Luther, Jr.",
        "Rossi, Ada",
        "CMS Collaboration CERN",
    ]
    assert (found["type_of_reference"], found["title"], found["year"]) == ("COMP", "Jet tagger", "2022")
    assert (found["doi"], found["keywords"]) == ("10.5281/zenodo.7305227", ["jets", "Higgs boson"])
    assert (found["date"], found["edition"]) == ("2022/11/09/", "1.0")


def test_the_terms_of_the_standard_are_those_of_its_schema():
    stated = {*ours._NAMES.values(), *ours._OTHER_RELATIONS, *(word for word, _ in ours._NARROWER.values())}
    assert {*stated, ours._OTHER} <= set(validators.terms("relationType"))
    assert sorted(ours._IDENTIFIER_TYPES) == validators.terms("relatedIdentifierType")
    assert sorted(ours._RESOURCE_TYPES) == validators.terms("resourceType")
