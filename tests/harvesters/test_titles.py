# SPDX-License-Identifier: MIT
"""Titles, names and keywords with entities and tags come out alike, whatever the source; written by hand."""

import json
import re

import pytest

from fairreg import formats, harvesters
from fairreg.schemas.json_reader import JsonNode

TITLE = "Search for H&rarr;bb &amp; <i>b</i> jets"
PERSON, PLACE, WORDS = "M&uuml;ller, Eva", "K&ouml;ln", ["H&rarr;bb", "<i>jets</i>"]
CLEAN = ("Search for H→bb & b jets", "Müller, Eva", ("H→bb", "jets"))
PAYLOADS = {
    "zenodo": {
        "id": 1,
        "doi": "10.5281/zenodo.1",
        "metadata": {
            "title": TITLE,
            "creators": [{"name": PERSON, "affiliation": PLACE}],
            "keywords": WORDS,
            "resource_type": {"type": "software"},
        },
    },
    "datacite": {
        "data": {
            "type": "dois",
            "attributes": {
                "doi": "10.1234/a",
                "titles": [{"title": TITLE}],
                "creators": [{"name": PERSON, "affiliation": [{"name": PLACE}]}],
                "subjects": [{"subject": word} for word in WORDS],
                "types": {"resourceTypeGeneral": "Software"},
            },
        }
    },
    "dlhub": {
        "datacite": {
            "titles": [{"title": TITLE}],
            "creators": [{"creatorName": PERSON, "affiliations": [PLACE]}],
            "subjects": [{"subject": word} for word in WORDS],
        },
        "dlhub": {"shorthand_name": "lab/tagger"},
    },
    "garden": {"doi": "10.1234/a", "title": TITLE, "authors": [PERSON], "tags": WORDS, "is_archived": False},
    "cernopendata": {
        "metadata": {
            "title": TITLE,
            "recid": "1",
            "authors": [{"name": PERSON, "affiliation": PLACE}],
            "keywords": WORDS,
        }
    },
    "openml": {"flow": {"id": "1", "name": TITLE, "uploader": "1", "creator": [PERSON], "tag": WORDS}},
}
# The same in the further shapes, with every text that people write: the source, the payload.
PROSE = "<p>Jets &amp; <b>more</b></p>"
SHAPES = {
    "invenio": (
        "zenodo",
        {
            "id": "a1b2c-3d4e5",
            "metadata": {
                "title": TITLE,
                "description": PROSE,
                "publisher": PLACE,
                "additional_titles": [{"title": TITLE}],
                "creators": [{"person_or_org": {"name": PERSON}, "affiliations": [{"name": PLACE}]}],
                "subjects": [{"subject": word} for word in WORDS],
            },
        },
    ),
    "deposit": (
        "zenodo",
        {
            "id": 1,
            "metadata": {
                "title": TITLE,
                "upload_type": "software",
                "description": PROSE,
                "notes": PROSE,
                "creators": [{"name": PERSON, "affiliation": PLACE}],
                "keywords": WORDS,
            },
        },
    ),
    "datacite": (
        "datacite",
        {
            "doi": "10.1234/a",
            "titles": [{"title": TITLE}, {"title": TITLE, "titleType": "Subtitle"}],
            "creators": [{"name": PERSON, "affiliation": [PLACE]}],
            "contributors": [{"name": PERSON, "contributorType": "Translator"}],
            "publisher": {"name": PLACE},
            "subjects": WORDS,
            "descriptions": [{"description": PROSE, "descriptionType": "Abstract"}],
            "rightsList": [{"rights": "House &amp; <i>rules</i>"}],
            "relatedItems": [{"titles": [{"title": TITLE}], "relationType": "IsPublishedIn"}],
            "fundingReferences": [{"funderName": PLACE, "awardTitle": TITLE}],
        },
    ),
    "zenodo_oai": (
        "zenodo_oai",
        {
            "header": {"identifier": "oai:zenodo.org:1"},
            "attributes": {
                "doi": "10.5281/zenodo.1",
                "titles": [{"title": TITLE}],
                "creators": [{"name": PERSON, "affiliation": [{"name": PLACE}]}],
                "publisher": PLACE,
                "subjects": [{"subject": word} for word in WORDS],
                "descriptions": [{"description": PROSE}],
            },
        },
    ),
    "dlhub": (
        "dlhub",
        {
            "datacite": {
                "titles": [TITLE],
                "creators": [{"familyName": "M&uuml;ller", "givenName": "Eva", "affiliations": PLACE}],
                "publisher": PLACE,
                "subjects": WORDS,
                "descriptions": [{"description": PROSE}],
                "rightsList": [{"rights": "House &amp; <i>rules</i>"}],
            },
            "dlhub": {"shorthand_name": "lab/tagger"},
        },
    ),
    "garden": (
        "garden",
        {
            "doi": "10.1234/a",
            "title": TITLE,
            "description": PROSE,
            "authors": [PERSON],
            "contributors": [PERSON],
            "publisher": PLACE,
            "tags": WORDS,
            "is_archived": False,
        },
    ),
    "cernopendata": (
        "cernopendata",
        {
            "title": TITLE,
            "title_additional": TITLE,
            "recid": "1",
            "publisher": PLACE,
            "collaboration": {"name": PERSON},
            "keywords": WORDS,
            "abstract": {"description": PROSE},
            "usage": {"description": PROSE},
            "license": {"attribution": "House &amp; <i>rules</i>"},
            "dataset_semantics": [{"variable": "pt", "description": "p<sub>T</sub> &amp; more"}],
        },
    ),
    "openml": (
        "openml",
        {
            "id": "1",
            "name": TITLE,
            "full_name": TITLE,
            "uploader": "1",
            "description": PROSE,
            "licence": "House &amp; <i>rules</i>",
            "creator": [PERSON],
            "contributor": [PERSON],
            "tag": WORDS,
        },
    ),
    "huggingface": (
        "huggingface",
        {
            "repository": "lab/tagger",
            "type": "model",
            "info": {
                "id": "lab/tagger",
                "author": PERSON,
                "tags": WORDS,
                "description": PROSE,
                "cardData": {"pretty_name": TITLE},
            },
        },
    ),
    "github": (
        "github",
        {
            "id": 42,
            "name": "tagger",
            "full_name": "lab/tagger",
            "html_url": "https://github.com/lab/tagger",
            "owner": {"login": "lab", "type": "Organization"},
            "description": PROSE,
        },
    ),
}


def texts_in(plain: object) -> list[str]:
    if isinstance(plain, str):
        return [plain]
    parts = plain.values() if isinstance(plain, dict) else plain if isinstance(plain, list) else []
    return [text for part in parts for text in texts_in(part)]


def test_every_source_is_checked():
    assert {source for source, _ in SHAPES.values()} == set(harvesters.names())


@pytest.mark.parametrize("shape", SHAPES)
def test_no_text_of_a_record_keeps_markup_whatever_the_source(shape):
    source, payload = SHAPES[shape]
    record = harvesters.get(source).to_record(payload)
    assert [text for text in texts_in(record.to_json()) if re.search(r"&[a-z]+;|</?[a-z]+>", text)] == []
    assert record.description in {"Jets & more", None}
    if shape != "github":
        assert (record.name, record.creators[0].name, record.keywords) == CLEAN


@pytest.mark.parametrize("source", PAYLOADS)
def test_a_payload_of_each_source_is_cleaned_alike(source):
    record = harvesters.get(source).to_record(PAYLOADS[source])
    assert (record.name, record.creators[0].name, record.keywords) == CLEAN
    assert record.creators[0].affiliation in {"Köln", None}


DOCUMENTS = {
    "codemeta": {"name": TITLE, "author": [{"name": PERSON, "affiliation": PLACE}], "keywords": WORDS},
    "zenodo": {"title": TITLE, "creators": [{"name": PERSON, "affiliation": PLACE}], "keywords": WORDS},
    "cff": {"title": TITLE, "authors": [{"name": PERSON, "affiliation": PLACE}], "keywords": WORDS},
}


@pytest.mark.parametrize("view", DOCUMENTS)
def test_a_file_of_a_repository_is_cleaned_alike(view):
    facts = formats.get(view).read(json.dumps(DOCUMENTS[view])).understood
    assert (facts.title, facts.creators[0].name, facts.keywords) == CLEAN


def test_a_document_of_another_tool_is_cleaned_alike():
    document = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": "https://doi.org/10.1234/a",
        "name": TITLE,
        "author": {"@type": "Person", "name": PERSON, "affiliation": PLACE},
        "keywords": WORDS,
    }
    record = formats.read_record(json.dumps(document)).understood
    assert (record.name, record.creators[0].name, record.keywords) == CLEAN
    assert record.creators[0].affiliation == "Köln"


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("Jets with p<sub>T</sub> &gt; 450 GeV", "Jets with pT > 450 GeV"),
        ("A model for 1 < x and y > 2", "A model for 1 < x and y > 2"),
        ("K&ouml;nig&#39;s tagger", "König's tagger"),
        ("AT&T", "AT&T"),
        ("Energy $E_{T}$ & mass", "Energy $E_{T}$ & mass"),
        ("&lt;tagger&gt;", "<tagger>"),
        ("Two\nlines\tof <br/>text", "Two lines of text"),
        ("<br>", "<br>"),
        (" ", None),
        (7, "7"),
        (["a"], None),
    ],
)
def test_a_title_is_on_one_line_without_markup(stated, title):
    assert JsonNode(stated).title == title
