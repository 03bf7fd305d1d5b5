# SPDX-License-Identifier: MIT
"""Codes of DataCite for values that are not known: they are nobody's name, and no title."""

import pytest

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.formats import dialects
from fairreg.schemas.text import is_unknown

CODES = ("unac", "unal", "unap", "unas", "unav", "unkn", "none", "null", "tba", "etal")
each = pytest.mark.parametrize(
    "code",
    [
        *(f":{code}" for code in CODES),
        *(f"(:{code})" for code in CODES),
        "(:UNAV)",
        "(:unkn) Anonymous",
        "(:unav), (:unav)",
        " :tba ",
    ],
)


def attributes(code, **more):
    """Attributes of DataCite where every text that can be unknown is, beside some that are known."""
    person = {"name": code, "familyName": code, "givenName": code, "affiliation": [{"name": code}]}
    return {
        "doi": "10.1234/a",
        "titles": [{"title": code}, {"title": "Jets"}],
        "creators": [person, {"name": "Rossi, Ada", "affiliation": [code]}, {"name": code}],
        "contributors": [{"name": code, "contributorType": "Editor"}],
        "publisher": code,
        "publicationYear": code,
        "subjects": [{"subject": code}, {"subject": "jets"}, code],
        "language": code,
        "version": code,
        "formats": [code],
        "rightsList": [{"rights": code}, {"rights": "MIT"}],
        "descriptions": [{"description": code, "descriptionType": "Abstract"}],
        "fundingReferences": [{"funderName": code}],
        "types": {"resourceTypeGeneral": "Model", "resourceType": code},
        **more,
    }


def of_datacite(attributes):
    return harvesters.get("datacite").to_record(attributes)


def of_oai(attributes):
    return harvesters.get("zenodo_oai").to_record(
        {"header": {"identifier": "oai:zenodo.org:1"}, "attributes": attributes}
    )


@each
@pytest.mark.parametrize("mapped", [of_datacite, of_oai])
def test_a_code_for_an_unknown_value_is_no_value(mapped, code):
    record = mapped(attributes(code))
    assert (record.name, record.alternate_names, record.keywords) == ("Jets", (), ("jets",))
    assert [(item.name, item.affiliation) for item in record.creators] == [("Rossi, Ada", None)]
    assert (record.publisher, record.language, record.version, record.notes) == (None, None, None, None)
    assert (record.description, record.formats, record.date_published) == (None, (), None)
    assert (record.license, record.license_stated) == ("MIT", None)
    assert of_datacite(attributes("", publisher={"name": code})).publisher is None


def test_a_record_whose_only_title_is_unknown_is_refused():
    with pytest.raises(RecordError, match="titles"):
        of_datacite(attributes("(:unas)", titles=[{"title": "(:unas)"}]))


@each
def test_a_code_in_linked_data_is_no_value(code):
    document = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": "https://doi.org/10.1234/a",
        "name": [code, "Jets"],
        "author": [code, {"@type": "Person", "name": "Rossi, Ada", "affiliation": code}],
        "publisher": code,
        "keywords": [code, "jets"],
        "description": code,
    }
    reading = dialects.read(document)
    record = reading.understood
    assert (record.name, record.keywords, record.description) == ("Jets", ("jets",), None)
    assert [(item.name, item.affiliation) for item in record.creators] == [("Rossi, Ada", None)]
    assert (record.publisher, reading.left_out) == (None, ())


@pytest.mark.parametrize(
    "text", [":jets", "Unkn, A.", "None", ":none of the above", "(:at) https://example.org", "(:unavailable)"]
)
def test_other_words_are_values(text):
    assert not is_unknown(text)
