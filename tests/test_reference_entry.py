# SPDX-License-Identifier: MIT
"""docs/reference-entry holds what fairreg writes today of the reference entry, its weights and their data."""

import build_reference_entry as reference
import pytest

from fairreg import formats
from fairreg.formats import jsonld

FILES = reference.files()


def test_the_folder_is_what_the_script_writes():
    """Where it is not: python scripts/build_reference_entry.py."""
    folder = reference.FOLDER
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == set(FILES)
    assert {name: (folder / name).read_text(encoding="utf-8") for name in FILES} == FILES


def test_croissant_crates_and_cards_are_among_them():
    assert "training-data/croissant.json" in FILES
    for folder in ("network", "weights"):
        for name in ("model-card.md", "ro-crate.json", "ro-crate-1.2.json", "cff.yaml", "fair4ml.json"):
            assert f"{folder}/{name}" in FILES
    assert "network/croissant.json" not in FILES
    assert "Croissant describes datasets" in FILES["README.md"]


# CodeMeta and .zenodo.json do not identify a record without a DOI.
RECORDS = ("croissant", "fair4ml", "ro-crate", "ro-crate-1.2")
READ = [f"{folder}/{name}.json" for folder in reference.records() for name in RECORDS]


@pytest.mark.parametrize("name", READ)
def test_linked_data_among_them_reads_back_to_the_same_facts(name):
    folder, _, file = name.partition("/")
    if name not in FILES:  # Croissant of a model
        assert file == "croissant.json"
        return
    record, found = reference.records()[folder], jsonld.read(FILES[name]).understood
    assert (found.name, found.description, found.version) == (record.name, record.description, record.version)
    assert [item.name for item in found.creators] == [item.name for item in record.creators]
    assert found.license == record.license
    view = formats.get(file.removesuffix(".json"))
    if "distributions" in view.NARROWS:
        assert [(item.name, item.size) for item in found.distributions] == [
            (item.name, item.size) for item in record.distributions
        ]
