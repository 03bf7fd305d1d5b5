# SPDX-License-Identifier: MIT
"""Training data of a model whose archive has no relation for them: DataCite's IsDerivedFrom a dataset."""

import json

import pytest
from msgspec.structs import replace

from fairreg import formats
from fairreg.errors import Inexpressible
from fairreg.formats.related import training_data_of
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Relation

DATA = Identifier("doi", "10.5281/zenodo.1000")
CODE = Identifier("url", "https://github.com/lab/tagger/tree/v1.0")
MODEL = ModelRecord(
    identifier="doi:10.5281/zenodo.1",
    kind="model",
    name="A tagger",
    provenance=Provenance(source="zenodo", source_id="1"),
    relations=(
        Relation(type="is_derived_from", target=DATA, target_kind="Dataset"),
        Relation(type="is_derived_from", target=CODE),
        Relation(type="trained_on", target=DATA),
    ),
)


def test_a_dataset_that_a_model_derives_from_is_its_training_data_once():
    assert training_data_of(MODEL) == (DATA,)
    assert training_data_of(replace(MODEL, relations=MODEL.relations[:1])) == (DATA,)
    assert training_data_of(replace(MODEL, relations=MODEL.relations[1:2])) == ()


def test_what_data_or_software_derive_from_is_no_training_data():
    derived = replace(MODEL, relations=MODEL.relations[:2])
    assert training_data_of(replace(derived, kind="dataset")) == ()
    assert training_data_of(replace(derived, kind="software")) == ()


def test_documents_name_it_where_they_name_training_data():
    record = replace(MODEL, relations=MODEL.relations[:2])
    assert "datasets:\n- 10.5281/zenodo.1000\n" in formats.get("model-card").write(record)
    deposit = json.loads(formats.get("zenodo").write(record))["related_identifiers"]
    assert {"identifier": DATA.value, "relation": "isDerivedFrom", "resource_type": "dataset"} in deposit
    activity = json.loads(formats.get("prov").write(record))["@graph"][1]
    assert activity["used"] == [DATA.url, CODE.value]
    with pytest.raises(Inexpressible, match=f"it was trained on doi:{DATA.value}"):
        formats.get("croissant").write(record)
