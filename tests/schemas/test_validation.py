# SPDX-License-Identifier: MIT
import json
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings

from fairreg.errors import RecordError
from fairreg.schemas.record import Creator, Distribution, ModelRecord, Provenance
from fairreg.schemas.validation import read_record, schema_of_record, violations
from support.records import records

RECORD = ModelRecord(
    identifier="doi:10.1234/x",
    kind="model",
    name="A model",
    provenance=Provenance(source="test", source_id="1"),
    creators=(Creator(name="Ada", orcid="0000-0002-5076-7096"),),
    distributions=(Distribution(name="a.onnx", size=1, checksums=("md5:00",)),),
)


def test_the_packaged_schema_is_the_one_derived_from_the_record_type():
    packaged = json.loads(files("fairreg.schemas").joinpath("record.schema.json").read_text(encoding="utf-8"))
    assert packaged == schema_of_record()


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(records)
def test_every_record_is_valid_in_its_plain_form(record):
    assert violations(record.to_json()) == []


@pytest.mark.parametrize("form", ["to_json", "to_jsonld"])
def test_a_written_record_is_read_again(form):
    assert read_record(json.dumps(getattr(RECORD, form)())) == RECORD


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"creators": [{"name": "Ada", "orcid": "no"}]}, "$.creators[0].orcid"),
        ({"distributions": [{"name": "a", "checksums": ["ZZ"]}]}, "$.distributions[0].checksums[0]"),
        ({"kind": "soup"}, "$.kind"),
        ({"colour": "red"}, "$"),
        ({"date_published": "last week"}, "$.date_published"),
    ],
)
def test_each_violation_of_a_plain_record_has_its_json_path(change, path):
    assert path in [found.path for found in violations(RECORD.to_json() | change)]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"@type": "Recipe"}, "$['@type']"),
        ({"identifier": [{"propertyID": "doi", "value": "10.YET/UNASSIGNED"}]}, "$.identifier[0]"),
        ({"creator": [{"@id": "https://orcid.org/1", "name": "A"}]}, "$.creator"),
        ({"access": {"accessLevel": "perhaps"}}, "$.access.accessLevel"),
    ],
)
def test_each_violation_of_a_json_ld_record_has_its_json_path(change, path):
    found = [item.path for item in violations(RECORD.to_jsonld() | change)]
    assert any(item.startswith(path) or path.startswith(item) for item in found), found


@pytest.mark.parametrize("text", ['{"name": "cut of', "<html>", b"\xff\xfe\xfa", "[" * 100_000])
def test_what_is_not_json_is_a_record_error(text):
    with pytest.raises(RecordError):
        read_record(text)


def test_several_violations_are_counted_in_the_hint():
    with pytest.raises(RecordError) as caught:
        read_record(json.dumps(RECORD.to_json() | {"kind": "soup", "name": ""}))
    assert len(caught.value.violations) == 2
    assert "2" in (caught.value.hint or "")
