# SPDX-License-Identifier: MIT
"""What `validate` and `add` say of a file that is not valid: each fault once, and what to write instead."""

import json

import pytest

pytestmark = pytest.mark.engines("sqlite")

CFF = """cff-version: 1.2.0
message: Cite it.
title: Jets
authors:
  - family-names: Rossi
    given-names: Ada
"""


def record(**members):
    plain = {"identifier": "me:1", "kind": "model", "name": "x"}
    return json.dumps({**plain, "provenance": {"source": "m", "source_id": "1"}, **members})


def test_each_violation_is_said_once_and_validate_is_named_only_for_those_left_out(cli, tmp_path):
    file = tmp_path / "record.json"
    file.write_text(record(name=1, version=2, description=3, license=4, notes=5))
    result = cli("add", file)
    assert result.code == 1
    said = [f"$.{name}" for name in ("description", "license", "name", "notes", "version")]
    assert [result.err.count(path) for path in said] == [1] * 5
    assert "fairreg validate" not in result.err


def test_more_violations_than_are_printed_name_the_command_that_lists_all(cli, tmp_path):
    file = tmp_path / "record.json"
    file.write_text(record(**{f"unknown_{number}": number for number in range(3)}, keywords=[1] * 14))
    err = cli("add", file).err
    assert "fairreg validate lists all 15 violations." in err
    assert len([line for line in err.splitlines() if line.startswith("  $")]) == 10


def test_a_single_violation_is_said_once(cli, tmp_path):
    file = tmp_path / "record.json"
    file.write_text(record(version=2))
    assert cli("add", file).err.count("$.version") == 1


@pytest.mark.parametrize(
    "members",
    [
        {"title": "Jets", "creators": [{"name": "Rossi, Ada"}]},
        {"title": "Jets", "upload_type": "dataset", "access_right": "open", "license": "MIT"},
        {"title": "Jets", "related_identifiers": [], "custom": 1},
    ],
)
@pytest.mark.parametrize("command", ["validate", "add"])
def test_metadata_of_a_deposit_are_recognised_by_their_members(cli, tmp_path, members, command):
    file = tmp_path / ".zenodo.json"
    file.write_text(json.dumps(members))
    result = cli(command, file)
    said = result.out + result.err
    assert result.code == 1
    assert "is the metadata of a repository's next release" in said
    assert "required property" not in said
    assert "Hint: fairreg reads such a file with its repository" in result.err


def test_a_record_that_lacks_a_member_is_still_a_record(cli, tmp_path):
    file = tmp_path / "record.json"
    file.write_text(json.dumps({"title": "x", "creators": [], "kind": "model"}))
    assert "required property" in cli("validate", file).out


@pytest.mark.parametrize(
    ("line", "path", "better"),
    [
        ("doi: https://doi.org/10.5281/zenodo.99", "$.doi", "10.5281/zenodo.99"),
        ("doi: doi:10.5281/zenodo.99", "$.doi", "10.5281/zenodo.99"),
        ("license: Apache 2.0", "$.license", "Apache-2.0"),
        ("license: [Apache 2.0, MIT]", "$.license", "Apache-2.0"),
        (
            "identifiers: [{type: doi, value: 'https://doi.org/10.5281/zenodo.98'}]",
            "$.identifiers[0]",
            "10.5281/zenodo.98",
        ),
        (
            "contact: [{family-names: Rossi, orcid: 0000-0002-1825-0097}]",
            "$.contact[0]",
            "https://orcid.org/0000-0002-1825-0097",
        ),
        (
            "references: [{type: article, title: T, authors: [{name: A}], doi: 'doi:10.1234/x'}]",
            "$.references[0].doi",
            "10.1234/x",
        ),
    ],
)
def test_a_spelling_that_fairreg_reads_is_refused_with_the_one_to_write(cli, tmp_path, line, path, better):
    file = tmp_path / "CITATION.cff"
    file.write_text(f"{CFF}{line}\n")
    result = cli("validate", file, "--json")
    assert result.code == 1
    found = {item["path"]: item["message"] for item in result.json["violations"]}
    assert found[path].endswith(f"; write {better}")


@pytest.mark.parametrize("line", ["doi: none", "license: My own licence", "license: 5", "version: [1]"])
def test_nothing_is_advised_for_what_fairreg_cannot_read_either(cli, tmp_path, line):
    file = tmp_path / "CITATION.cff"
    file.write_text(f"{CFF}{line}\n")
    result = cli("validate", file)
    assert result.code == 1
    assert "; write" not in result.out
