# SPDX-License-Identifier: MIT
"""`validate` and `add` with JSON-LD of other tools: what is read, what is named, what is refused."""

import json
from pathlib import Path

import pytest

DOCUMENTS = Path(__file__).parents[1] / "data" / "linked-data"


@pytest.mark.engines("sqlite")
def test_what_was_not_read_is_counted_and_named(cli):
    file = DOCUMENTS / "codemeta-2.0.json"
    named = "not read: 3 properties: programmingLanguage, softwareRequirements, author.email"
    assert cli("validate", file).out == f"{file} is a valid record.\n{named}\n"
    assert cli("add", file).out == f"doi:10.1234/tagger-code: new\n{named}\n"
    assert cli("validate", file, "--json").json["not_read"] == named.partition("properties: ")[2].split(", ")
    assert len(cli("add", file, "--json").json["not_read"]) == 3
    shown = cli("show", "10.1234/tagger-code", "--format", "json").json
    assert shown["creators"][0]["orcid"] == "0000-0002-1825-0097"


@pytest.mark.engines("sqlite")
def test_nothing_is_named_where_all_was_read(cli, tmp_path):
    document = json.loads((DOCUMENTS / "schema-org-huggingface.json").read_text(encoding="utf-8"))
    del document["creator"]["url"]
    file = tmp_path / "jets.json"
    file.write_text(json.dumps(document))
    assert "not read" not in cli("validate", file).out + cli("add", file).out


@pytest.mark.engines("sqlite")
def test_two_crates_are_two_records(cli, tmp_path):
    for number in (1, 2):
        file = tmp_path / "ro-crate-metadata.json"
        crate = json.loads((DOCUMENTS / "ro-crate-1.1.json").read_text(encoding="utf-8"))
        crate["@graph"][1]["identifier"] = f"https://doi.org/10.1234/crate-{number}"
        file.write_text(json.dumps(crate))
        assert cli("add", file, "--json").json == {
            "id": f"doi:10.1234/crate-{number}",
            "outcome": "new",
            "not_read": ["mentions", "publisher.@id", "hasPart.name", "@graph.PropertyValue"],
        }


@pytest.mark.engines("sqlite")
def test_a_crate_that_nothing_names_is_refused_with_what_to_write(cli, tmp_path):
    file = tmp_path / "ro-crate-metadata.json"
    crate = json.loads((DOCUMENTS / "ro-crate-1.1.json").read_text(encoding="utf-8"))
    del crate["@graph"][1]["identifier"]
    file.write_text(json.dumps(crate))
    for result in (cli("validate", file), cli("add", file)):
        assert result.code == 1
        assert "$.identifier" in result.out + result.err
        assert '"identifier": "https://doi.org/10.1234/abc"' in result.err


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    "content", [b"cff-version: 1.2.0\ntitle: T\n", b"PK\x03\x04\xff", b"@software{a,\n}\n"]
)
def test_a_file_that_is_no_record_is_refused_with_what_is_one(cli, tmp_path, content):
    file = tmp_path / "file"
    file.write_bytes(content)
    for result in (cli("validate", file), cli("add", file)):
        assert result.code == 1
        assert "file is not JSON" in result.err
        assert "--format jsonld" in result.err
        assert "ro-crate-metadata.json" in result.err


def plain(number, source_id):
    return {
        "identifier": f"doi:10.5281/zenodo.{number}",
        "kind": "model",
        "name": f"model {number}",
        "provenance": {"source": "me", "source_id": source_id},
    }


def test_a_plain_record_is_found_by_its_identifier_and_replaces_no_other(cli, tmp_path):
    for number, source_id in ((801, "1"), (802, "2"), (803, "1")):
        (tmp_path / f"{number}.json").write_text(json.dumps(plain(number, source_id)), encoding="utf-8")
    assert cli("add", tmp_path / "801.json").code == cli("add", tmp_path / "802.json").code == 0
    refused = cli("add", tmp_path / "803.json")
    assert refused.code == 1
    assert "is doi:10.5281/zenodo.801 in the registry, so doi:10.5281/zenodo.803 was not added" in refused.err
    for number in (801, 802):
        assert cli("show", f"10.5281/zenodo.{number}", "--format", "json").json["name"] == f"model {number}"
    assert "unchanged" in cli("add", tmp_path / "801.json").out
