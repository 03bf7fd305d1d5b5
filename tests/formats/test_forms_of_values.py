# SPDX-License-Identifier: MIT
"""Every property in each form that JSON-LD allows: each value is in the record, or the property is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.formats import dialects
from fairreg.formats.linked_data.properties import READS

BASE = {
    "@context": "https://schema.org/",
    "@type": "MLModel",
    "@id": "https://doi.org/10.1234/abc",
    "name": "D",
}
# Pairs of values; a property takes those of its kind, and names the others.
PAIRS = [
    ("Zebra", "Quokka"),
    ("https://example.org/Zebra", "https://example.org/Quokka"),
    ("https://github.com/lab/Zebra", "https://gitlab.com/lab/Quokka"),
    ("2021-03-04", "2022-05-06"),
    ("7341", "5517"),
    ("10.1234/zebra", "10.1234/quokka"),
    ("https://orcid.org/0000-0002-1825-0097", "https://orcid.org/0000-0002-5076-7096"),
    ("text/csv", "application/pdf"),
    ("Apache-2.0", "BSD-3-Clause"),
    ("c" * 64, "d" * 64),
]
# Forms of one value or two, and what each states.
FORMS = {
    "text": lambda a, _: (a, [a]),
    "list of two": lambda a, b: ([a, b], [a, b]),
    "node with @id": lambda a, _: ({"@id": f"https://example.org/{a}"}, [a]),
    "node with relative @id": lambda a, _: ({"@id": f"#{a}"}, [a]),
    "node with name": lambda a, _: ({"name": a}, [a]),
    "node with @id and name": lambda a, b: ({"@id": f"https://example.org/{b}", "name": a}, [a, b]),
    "node with url": lambda a, _: ({"url": f"https://example.org/{a}"}, [a]),
    "node with another name": lambda a, _: ({"alternateName": a}, [a]),
    "node with two other names": lambda a, b: ({"alternateName": [a, b]}, [a, b]),
    "node with value": lambda a, _: ({"@type": "PropertyValue", "value": a}, [a]),
    "node with two values": lambda a, b: ({"value": [a, b]}, [a, b]),
    "defined term": lambda a, b: ({"@type": "DefinedTerm", "name": a, "termCode": b}, [a, b]),
    "node without a property": lambda *_: ({"@type": "Thing"}, ["named"]),
    "@value": lambda a, _: ({"@value": a}, [a]),
    "@value with type": lambda a, _: ({"@value": a, "@type": "xsd:string"}, [a]),
    "language map": lambda a, _: ({"en": a}, [a]),
    "language map of two": lambda a, b: ({"en": a, "de": b}, [a, b]),
    "@set": lambda a, b: ({"@set": [a, b]}, [a, b]),
    "@list": lambda a, b: ({"@list": [a, b]}, [a, b]),
    "text and node": lambda a, b: ([a, {"name": b}], [a, b]),
    "text and reference": lambda a, b: ([a, {"@id": f"https://example.org/{b}"}], [a, b]),
    "number": lambda *_: (7341, ["7341"]),
    "fraction": lambda *_: (73.5, ["73.5"]),
}
WHOLE = {
    "distribution": {
        "@type": "DataDownload",
        "name": "f.bin",
        "contentUrl": "https://example.org/f.bin",
        "contentSize": "15 B",
        "sha256": "a" * 64,
        "encodingFormat": "a/b",
    },
    "hasPart": {"@type": "File", "@id": "https://example.org/f.csv"},
    "contentSize": {"@type": "QuantitativeValue", "value": "15", "unitText": "B"},
    "checksum": {"algorithm": "md5", "checksumValue": "b" * 32},
    "author": {"@type": "Person", "name": "Ada Rossi"},
    "affiliation": {"@type": "Organization", "name": "Home"},
    "publisher": {"@type": "Organization", "name": "CERN"},
    "license": {"name": "Our own"},
    "hasEvaluation": {"metric": "AUC", "value": "0.9", "dataset": "jets", "split": "test"},
    "keywords": {"name": "jets"},
    "inLanguage": {"alternateName": "en"},
    "identifier": {"@type": "PropertyValue", "propertyID": "doi", "value": "10.1234/abc"},
    "citation": {"@id": "https://doi.org/10.1234/cited", "name": "Cited"},
    "codeRepository": {"@id": "#code"},
}
INNER = {
    "distribution": (
        "name", "contentUrl", "contentSize", "contentSize.value", "contentSize.unitText", "sha256", "md5",
        "checksum", "checksum.algorithm", "checksum.checksumValue", "encodingFormat", "fileFormat",
        "encodingFormat.name", "containedIn",
    ),
    "hasPart": ("name", "encodingFormat", "contentSize", "contentUrl"),
    "author": (
        "name", "givenName", "additionalName", "familyName", "identifier", "sameAs", "url", "orcid",
        "affiliation", "affiliation.name", "affiliation.legalName", "affiliation.alternateName",
    ),
    "publisher": ("name", "legalName"),
    "license": ("name", "identifier", "url", "sameAs"),
    "hasEvaluation": ("metric", "value", "evaluationDataset", "dataset", "split"),
    "keywords": ("name", "alternateName", "termCode"),
    "inLanguage": ("alternateName", "identifier", "termCode"),
    "identifier": ("value", "url", "identifier"),
    "citation": ("name", "identifier", "url", "sameAs", "citation"),
    "codeRepository": ("url", "mainEntityOfPage"),
}  # fmt: skip
PATHS = [(term, *inner.split(".")) for term, listed in INNER.items() for inner in listed]


def document(path, value, *, whole):
    """A model with a value at a path, beside the other properties of each object or (`whole`) alone."""
    *outer, last = path
    held = {last: value}
    for term in reversed(outer):
        beside = WHOLE.get(term, {}) if whole else {"@type": WHOLE.get(term, {}).get("@type", "Thing")}
        held = {term: {**beside, **held}}
    # A record needs a name, whatever becomes of this one.
    return {**BASE, **({"headline": "H"} if path == ("name",) else {}), **held}


def lost(path, value, stated, *, whole=True):
    """The values of which the record has nothing, where none of the names of what was not read is theirs."""
    found = dialects.read(document(path, value, whole=whole))
    record = json.dumps(found.understood.to_json(), ensure_ascii=False).casefold()
    full = ".".join(path)
    starts = {".".join(path[: end + 1]) for end in range(len(path))}
    if any(name in starts or name.startswith(f"{full}.") for name in found.left_out):
        return []
    return [word for word in stated if word.casefold().rpartition("/")[2] not in record]


@pytest.mark.sliced(37)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("term", READS)
def test_a_property_is_read_or_named_in_every_form(term, form):
    for pair in PAIRS:
        value, stated = FORMS[form](*pair)
        assert (value, lost((term,), value, stated)) == (value, [])


@given(
    path=st.sampled_from(PATHS),
    form=st.sampled_from(sorted(FORMS)),
    pair=st.sampled_from(PAIRS),
    whole=st.booleans(),
)
def test_a_property_inside_an_object_is_read_or_named_in_every_form(path, form, pair, whole):
    value, stated = FORMS[form](*pair)
    assert lost(path, value, stated, whole=whole) == []


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_every_form_of_a_property_inside_an_object_is_read_or_named(path):
    for pair in PAIRS:
        for form in FORMS.values():
            value, stated = form(*pair)
            for whole in (True, False):
                assert (value, lost(path, value, stated, whole=whole)) == (value, [])


PRONOM = "https://www.nationalarchives.gov.uk/PRONOM/x-fmt/18"
FILES = {
    "hasPart": lambda formats: {"@id": "https://example.org/a", "@type": "File", "encodingFormat": formats},
    "distribution": lambda formats: {"name": "a", "encodingFormat": formats},
    "encoding": lambda formats: {"name": "a", "fileFormat": formats},
}


@pytest.mark.parametrize("term", FILES)
@pytest.mark.parametrize(
    ("formats", "media_type", "is_named"),
    [
        ("text/csv", "text/csv", False),
        ({"@id": PRONOM}, None, True),
        (["application/pdf", {"@id": PRONOM}], "application/pdf", True),
        ([{"@id": PRONOM, "name": "PDF/A"}, "application/pdf"], "application/pdf", True),
        ({"name": "text/csv"}, "text/csv", False),
        ({"@id": "#csv", "name": "Comma Separated Values"}, "Comma Separated Values", False),
        ({"@id": "https://www.iana.org/assignments/media-types/text/csv"}, "text/csv", False),
        ({"@value": "text/csv"}, "text/csv", False),
        ({"en": "text/csv"}, "text/csv", False),
    ],
)
def test_the_format_of_a_file_is_read_in_every_form(term, formats, media_type, is_named):
    found = dialects.read({**BASE, term: FILES[term](formats)})
    (file,) = found.understood.distributions
    assert file.media_type == media_type
    key = "fileFormat" if term == "encoding" else "encodingFormat"
    assert found.left_out == ((f"{term}.{key}",) if is_named else ())


@pytest.mark.parametrize("stated", [True, "true", "http://schema.org/True", {"@id": "schema:True"}])
def test_free_access_is_read_in_every_form(stated):
    found = dialects.read({**BASE, "isAccessibleForFree": stated})
    assert (found.understood.access.level, found.left_out) == ("open", ())


@pytest.mark.parametrize("stated", [[True, False], ["true", {"@id": "schema:False"}]])
def test_access_that_is_free_and_not_is_named(stated):
    assert dialects.read({**BASE, "isAccessibleForFree": stated}).left_out == ("isAccessibleForFree",)


def test_a_page_is_no_text_in_a_language_called_url():
    found = dialects.read({**BASE, "codeRepository": {"url": "https://gitlab.com/lab/tagger"}})
    assert [item.target.url for item in found.understood.relations] == ["https://gitlab.com/lab/tagger"]
    (place,) = dialects.read(
        {**BASE, "author": {"name": "A", "url": "https://orcid.org/0000-0002-1825-0097"}}
    ).understood.creators
    assert place.orcid == "0000-0002-1825-0097"
