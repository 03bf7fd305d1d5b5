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


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
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


DEEP = "[" * 500 + "]" * 500
NUMBER = "9" * 5000


@pytest.mark.parametrize("text", [f'{{"name": {NUMBER}}}', f"[{NUMBER}]", NUMBER])
def test_a_number_of_too_many_digits_is_a_record_error(text):
    with pytest.raises(RecordError, match="digits"):
        read_record(text)


@pytest.mark.parametrize("form", ["to_json", "to_jsonld"])
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"description": "half \ud800"}, "$.description"),
        ({"keywords": ["a", "\udfff"]}, "$.keywords[1]"),
        ({"name": "x", "ke\udc00y": 1}, "$"),
        ({"keywords": json.loads(DEEP)}, "$.keywords"),
        ({"version": 2**64}, "$.version"),
    ],
    ids=["text", "list", "key", "depth", "number"],
)
def test_what_no_database_takes_is_a_violation_and_a_record_error(form, change, path):
    document = getattr(RECORD, form)() | change
    (found,) = violations(document)
    assert found.path.startswith(path)
    with pytest.raises(RecordError) as caught:
        read_record(json.dumps(document))
    assert caught.value.violations[0][0].startswith(path)
    if form == "to_jsonld":
        with pytest.raises(RecordError):
            ModelRecord.from_jsonld(document)


def test_the_path_of_a_violation_is_written_as_the_json_schema_library_writes_it():
    (found,) = violations(RECORD.to_jsonld() | {"@id": {"a b": ["\ud800"]}})
    assert found.path == "$['@id']['a b'][0]"


@pytest.mark.parametrize("size", [NUMBER, f"{NUMBER} bytes"])
def test_a_size_of_too_many_digits_is_a_record_error_with_its_path(size):
    document = RECORD.to_jsonld() | {"distribution": [{"name": "a", "contentSize": size}]}
    (found,) = violations(document)
    assert "contentSize" in found.path
    with pytest.raises(RecordError):
        ModelRecord.from_jsonld(document)


def test_a_size_in_words_is_read():
    document = RECORD.to_jsonld() | {"distribution": [{"name": "a", "contentSize": " 0042 Bytes"}]}
    assert ModelRecord.from_jsonld(document).distributions[0].size == 42
