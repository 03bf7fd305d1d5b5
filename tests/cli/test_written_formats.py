# SPDX-License-Identifier: MIT
"""What `show --format` writes is taken by `validate` and `add`, and a refusal says what helps."""

import json

import pytest
from msgspec.structs import replace

from fairreg.schemas.identifiers import Identifier
from support.full_record import FULL

DATA = replace(
    FULL,
    identifier="doi:10.1234/jets",
    kind="dataset",
    identifiers=(Identifier("doi", "10.1234/jets"),),
    license_stated=None,
)
pytestmark = pytest.mark.engines("sqlite")


def added(cli, folder, record):
    file = folder / "record.json"
    file.write_text(json.dumps(record.to_json()), encoding="utf-8")
    assert cli("add", file).code == 0


@pytest.mark.parametrize("name", ["croissant", "ro-crate", "ro-crate-1.2"])
def test_a_document_is_validated_and_added_to_another_registry(cli, tmp_path, monkeypatch, name):
    added(cli, tmp_path, DATA)
    file = tmp_path / "document.json"
    file.write_text(cli("show", "10.1234/jets", "--format", name).out, encoding="utf-8")
    monkeypatch.setenv("FAIRREG_HOME", str(tmp_path / "other"))
    checked = cli("validate", file, "--json").json
    assert (checked["valid"], checked["id"], checked["others"]) == (True, "doi:10.1234/jets", [])
    assert set(checked["not_read"]) <= {"mentions"}
    assert cli("add", file, "--json").json["outcome"] == "new"
    shown = cli("show", "10.1234/jets", "--format", "json").json
    for field in (
        "kind",
        "name",
        "description",
        "version",
        "publisher",
        "license",
        "date_published",
        "keywords",
    ):
        assert shown[field] == getattr(DATA, field) or tuple(shown[field]) == getattr(DATA, field)
    assert shown["distributions"][0]["checksums"] == list(DATA.distributions[0].checksums)


def test_a_refusal_names_the_fields_and_its_hint_helps(cli, tmp_path):
    added(cli, tmp_path, replace(DATA, date_published=None, license=None))
    refused = cli("show", "10.1234/jets", "--format", "croissant")
    assert (refused.code, refused.out) == (1, "")
    assert (
        "Error: Croissant requires license, date_published, which the record of 'Jet tagger'" in refused.err
    )
    assert "fairreg show PID --format json" in refused.err
    file = tmp_path / "filled.json"
    record = cli("show", "10.1234/jets", "--format", "json").json
    file.write_text(json.dumps(record | {"license": "CC0-1.0", "date_published": "2026-11-30"}))
    assert cli("add", file).code == 0
    written = cli("show", "10.1234/jets", "--format", "croissant").json
    assert written["license"] == "https://spdx.org/licenses/CC0-1.0"
    assert written["datePublished"] == "2026-11-30"
