# SPDX-License-Identifier: MIT
"""Titles, names and keywords with entities and tags come out alike, whatever the source; written by hand."""

import json

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
