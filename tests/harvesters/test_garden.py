# SPDX-License-Identifier: MIT
"""Garden's documents, written by hand in the shape of the saved ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.errors import RecordError, UsageError
from fairreg.schemas.identifiers import parse
from support.damage import changed, survives_damage
from support.examples import examples

garden = harvesters.get("garden")

FUNCTION = {
    "id": 7,
    "doi": None,
    "title": "Predict",
    "description": "",
    "year": "2024",
    "is_archived": True,
    "function_name": "predict",
    "function_text": 'hub = connect("https://huggingface.co/o/iris")\n',
    "authors": ["A"],
    "tags": [],
    "models": [
        {
            "model_identifier": "o/jets",
            "model_repository": "Hugging Face",
            "datasets": [{"title": "d", "doi": "10.1000/data"}],
        }
    ],
    "repositories": [{"repo_name": "r", "url": "https://github.com/o/r"}],
    "papers": [{"title": "p", "doi": "10.1000/paper"}],
    "datasets": [{"url": "https://example.org/data"}],
}
GARDEN = {
    "id": 1,
    "title": "Band gaps",
    "authors": ["Will"],
    "contributors": ["Ryan", "Dane"],
    "doi": "10.26311/BG7S-v305",
    "doi_is_draft": False,
    "description": "Models",
    "publisher": "Garden-AI",
    "year": "2020",
    "tags": ["numpy"],
    "version": "0.0.1",
    "entrypoints": [{"id": 3, "title": "E", "func_uuid": "x", "doi": "10.26311/e"}],
    "modal_functions": [FUNCTION],
}


def test_a_garden_becomes_a_record_with_its_functions_as_parts():
    record = garden.to_record(GARDEN)
    assert (record.identifier, record.kind) == ("doi:10.26311/bg7s-v305", "model")
    assert record.value_of("garden") == "garden/1"
    assert [item.name for item in record.creators] == ["Will"]
    assert record.date_published == "2020"
    assert record.notes == "Contributors: Ryan; Dane"
    assert [item.compact for item in record.related("has_part")] == [
        "garden:entrypoint/3",
        "garden:modal_function/7",
    ]


def test_a_function_says_what_it_needs():
    record = garden.to_record(FUNCTION)
    assert record.identifier == "garden:modal_function/7"
    assert [(item.type, item.target.compact) for item in record.relations] == [
        ("requires", "huggingface:o/jets"),
        ("trained_on", "doi:10.1000/data"),
        ("requires", "huggingface:o/iris"),
        ("related_to", "github:o/r"),
        ("is_described_by", "doi:10.1000/paper"),
        ("related_to", "url:https://example.org/data"),
    ]
    assert record.notes == "Function: predict\nArchived by its owner"
    assert ("relations", "inferred") in [(item.field, item.origin) for item in record.provenance.origins]


def test_a_draft_doi_identifies_nothing():
    record = garden.to_record(changed(GARDEN, ("doi_is_draft",), value=True))
    assert record.doi is None
    assert record.identifier == "garden:garden/1"
    assert record.value_of("draft_doi") == "10.26311/bg7s-v305"


def test_split_gives_the_garden_and_its_functions_under_the_names_that_it_gives_them():
    documents = list(garden.split([GARDEN]))
    records = [garden.to_record(item) for item in documents]
    parts = {item.compact for item in records[0].related("has_part")}
    assert parts == {f"garden:{item.value_of('garden')}" for item in records[1:]}


def test_documents_of_other_services_are_refused():
    with pytest.raises(RecordError, match="not a document of Garden"):
        garden.to_record({"id": 1, "title": "A record of something else"})


def test_it_says_that_it_cannot_be_asked(web):
    assert not garden.handles(parse("10.26311/bg7s-v305"))
    with pytest.raises(UsageError, match="no live search") as caught:
        garden.search(web, "jets")
    assert "saved JSON documents" in str(caught.value.hint)
    with pytest.raises(UsageError, match="DataCite"):
        garden.fetch(web, parse("10.26311/bg7s-v305"))


@settings(max_examples=examples(200))
@given(data=st.data())
def test_a_damaged_document_gives_a_valid_record_or_a_record_error(data):
    survives_damage(garden, data.draw(st.sampled_from([GARDEN, FUNCTION])), data)
