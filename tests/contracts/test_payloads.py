# SPDX-License-Identifier: MIT
"""Every recorded answer of Zenodo and DataCite becomes a valid record, in every view of it."""

import json

import pytest

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.schemas.bibtex import to_bibtex
from fairreg.schemas.jsonld import to_turtle
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.validation import violations

FOLDERS = {
    "zenodo": ["zenodo/new", "zenodo/legacy", "zenodo/inveniordm-native", "zenodo/deposit"],
    "datacite": ["datacite"],
}
# Recorded answers that are about something other than a record.
OTHER = {"communities.json", "list-clients-page.json", "prereview-uploaded-file.json"}


def recorded(shared, source):
    """(file name, payload) of each recorded record, search hits one by one."""
    harvester = harvesters.get(source)
    for folder in FOLDERS[source]:
        for path in sorted((shared / "payloads" / folder).glob("*.json")):
            if path.name in OTHER or path.name.startswith("files-") or ".headers." in path.name:
                continue
            page = json.loads(path.read_text(encoding="utf-8"))
            yield from ((path.name, payload) for payload in harvester.split(page))


@pytest.mark.shared
@pytest.mark.parametrize(("source", "at_least"), [("zenodo", 30), ("datacite", 30)])
def test_every_recorded_payload_is_a_valid_record_that_survives_each_view(shared, source, at_least):
    count = 0
    for name, payload in recorded(shared, source):
        record = harvesters.get(source).to_record(payload)
        assert violations(record.to_json()) == [], name
        document = json.loads(json.dumps(record.to_jsonld()))
        assert violations(document) == [], name
        assert ModelRecord.from_jsonld(document) == record, name
        assert to_bibtex(record).startswith("@"), name
        count += 1
    assert count >= at_least


@pytest.mark.shared
def test_turtle_is_written_for_recorded_payloads(shared):
    for name, payload in list(recorded(shared, "zenodo"))[::6]:
        assert "schema" in to_turtle(harvesters.get("zenodo").to_record(payload)), name


@pytest.mark.shared
@pytest.mark.parametrize("path", ["zenodo/errors/404-record.json", "zenodo/new/communities.json"])
def test_recorded_answers_that_are_no_records_are_refused_with_a_path(shared, path):
    document = json.loads((shared / "payloads" / path).read_text(encoding="utf-8"))
    with pytest.raises(RecordError) as caught:
        harvesters.get("zenodo").to_record(document)
    assert caught.value.violations
