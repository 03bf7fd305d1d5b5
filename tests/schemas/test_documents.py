# SPDX-License-Identifier: MIT
"""Schemas of the documents that commands print, and the rule of their versions."""

import re

import build_document_schemas as build
import pytest
from jsonschema import Draft202012Validator

from fairreg.errors import UsageError
from fairreg.schemas import DOCUMENT_VERSIONS, document_schema, versioned
from fairreg.schemas.documents.table import DOCUMENT_FORMS
from support.documents import faults

CLEARED = {"freed": 7}


@pytest.mark.parametrize("name", DOCUMENT_VERSIONS)
def test_each_document_has_a_schema_that_describes_each_key(name):
    schema = document_schema(name)
    Draft202012Validator.check_schema(schema)
    assert (schema["$id"], schema["title"]) == (f"https://w3id.org/fairreg/schemas/{name}.json", name)
    assert schema["description"].count("Printed by `fairreg ") == 1
    for part in schema["$defs"].values():
        assert part["description"]
        assert part["additionalProperties"] is False
        for key, value in part["properties"].items():
            assert value["description"].endswith("."), key
            assert "null" in value["description"] or not may_be_null(value), key


def may_be_null(value):
    """Tell whether a value may be null, or a value in it by name."""
    options = value.get("anyOf", [value])
    inside = [item.get("additionalProperties") for item in options]
    return {"type": "null"} in options or any(isinstance(item, dict) and may_be_null(item) for item in inside)


def test_the_schemas_and_their_list_are_up_to_date():
    assert build.outdated() == set()


def test_a_schema_that_is_not_up_to_date_is_named(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["build_document_schemas.py", "--check"])
    assert build.main() == 0
    monkeypatch.setattr(build, "DOCUMENT_VERSIONS", {**DOCUMENT_VERSIONS, "cache-clear": "2.0"})
    assert build.main() == 1
    said = capsys.readouterr().out
    assert re.findall(r"(\S+) is not up to date", said) == [
        str(path) for path in sorted((build.PAGE, build.FOLDER / "cache-clear.json"), key=str)
    ]


def test_every_version_has_a_type_and_is_of_two_numbers():
    assert DOCUMENT_FORMS.keys() == DOCUMENT_VERSIONS.keys()
    assert all(re.fullmatch(r"[1-9]\d*\.\d+", version) for version in DOCUMENT_VERSIONS.values())


def test_a_document_gets_its_version_as_its_first_key_and_keeps_its_own():
    assert list(versioned("cache-clear", CLEARED).items()) == [("schema_version", "1.0"), ("freed", 7)]
    assert CLEARED == {"freed": 7}


def test_each_item_of_a_list_gets_the_version():
    (only,) = versioned("db-forgotten", [{"identifier": "doi:10.1234/x"}])
    assert only == {"schema_version": "1.0", "identifier": "doi:10.1234/x"}
    assert versioned("db-forgotten", []) == []


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({**CLEARED, "schema_version": "1.0"}, None),
        (CLEARED, "'schema_version' is a required property"),
        ({**CLEARED, "schema_version": "2.0"}, "'1.0' was expected"),
        ({"schema_version": "1.0"}, "'freed' is a required property"),
        ({"schema_version": "1.0", "freed": "7"}, "'7' is not of type 'integer'"),
        ({"schema_version": "1.0", "freed": 7, "kept": 1}, "'kept' was unexpected"),
    ],
)
def test_a_schema_refuses_missing_new_and_changed_keys(document, fault):
    found = faults("cache-clear", document)
    assert found == [] if fault is None else fault in found[0]


def test_a_name_without_a_document_is_refused_with_the_names():
    with pytest.raises(UsageError, match=r"no document '\.\./record'") as caught:
        document_schema("../record")
    assert "cache-clear" in caught.value.hint
