# SPDX-License-Identifier: MIT
"""Every recorded answer of every source becomes a record, valid in each view, or is refused with a reason."""

import json

import payload_table
import pytest

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.schemas.jsonld import to_turtle

# (valid, refused); what is refused: repositories' parts, data sets at OpenML, servables never published.
COUNTS = {
    "cernopendata": (20, 0),
    "datacite": (35, 0),
    "dlhub": (48, 19),
    "garden": (6, 0),
    "github": (50, 110),
    "huggingface": (50, 0),
    "openml": (6, 11),
    "zenodo": (32, 0),
    "zenodo_oai": (51, 0),
}


@pytest.fixture(scope="module")
def tallies():
    if not payload_table.DEFAULT.is_dir():
        pytest.skip("the reference data is not beside this checkout")
    return payload_table.tallies(payload_table.DEFAULT, large=False)


@pytest.mark.sliced(3)
@pytest.mark.shared
@pytest.mark.parametrize("source", harvesters.names())
def test_every_recorded_payload_is_a_valid_record_or_refused(tallies, source):
    tally = tallies[source]
    assert tally.faults == []
    assert (tally.valid, tally.refused.total()) == COUNTS[source]


@pytest.mark.shared
def test_every_file_is_accounted_for(tallies):
    assert tallies[payload_table.NOBODY].faults == []


@pytest.mark.shared
def test_what_is_called_no_record_is_none(shared):
    """Catalogues of others and parts of a repository may have the fields of a record: they are left out."""
    folder = shared / "payloads"
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        nature = payload_table.nature_of(name)
        owner = payload_table.owner_of(name)
        if not nature or "others derived" in nature or owner == payload_table.NOBODY:
            continue
        for payload in harvesters.get(owner).split(json.loads(path.read_bytes())):
            with pytest.raises(RecordError):
                harvesters.get(owner).to_record(payload)


def test_a_file_of_no_known_folder_and_a_mapping_that_crashes_are_faults(tmp_path, monkeypatch):
    (tmp_path / "new-service").mkdir()
    (tmp_path / "new-service" / "answer.json").write_text("{}")
    assert payload_table.tallies(tmp_path)[payload_table.NOBODY].faults == [
        "new-service/answer.json is nobody's"
    ]
    (tmp_path / "zenodo").mkdir()
    (tmp_path / "zenodo" / "answer.json").write_text("{}")
    monkeypatch.setattr(type(harvesters.get("zenodo")), "to_record", lambda _self, payload: payload["id"])
    assert payload_table.tallies(tmp_path)["zenodo"].faults == ["answer.json: KeyError: 'id'"]


@pytest.mark.shared
def test_turtle_is_written_for_recorded_payloads(shared):
    for name, payload in list(payload_table.recorded(shared / "payloads", "zenodo"))[::6]:
        assert "schema" in to_turtle(harvesters.get("zenodo").to_record(payload)), name


@pytest.mark.shared
@pytest.mark.parametrize("path", ["zenodo/errors/404-record.json", "zenodo/new/communities.json"])
def test_recorded_answers_that_are_no_records_are_refused_with_a_path(shared, path):
    document = json.loads((shared / "payloads" / path).read_text(encoding="utf-8"))
    with pytest.raises(RecordError) as caught:
        harvesters.get("zenodo").to_record(document)
    assert caught.value.violations
