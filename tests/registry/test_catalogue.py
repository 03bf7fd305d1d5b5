# SPDX-License-Identifier: MIT
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fairreg.registry import catalogue
from fairreg.schemas.identifiers import DOI_SCHEMES, normalise_doi, normalise_orcid

ROOT = Path(__file__).parents[2]
RECORDS = tuple(
    record for record in catalogue.records() if not record.provenance.source_id.startswith("fairreg-hbb-")
)


def test_every_identifier_says_where_it_was_seen() -> None:
    for record in RECORDS:
        for identifier in (*record.identifiers, *record.related("trained_on")):
            assert identifier.evidence, (record.name, identifier)


def test_identifiers_are_unique_and_canonical() -> None:
    assert max(Counter(record.identifier for record in RECORDS).values()) == 1
    for record in RECORDS:
        assert record.identifiers, record.name
        for identifier in record.identifiers:
            if identifier.scheme in DOI_SCHEMES:
                assert normalise_doi(identifier.value) == identifier.value
        for creator in record.creators:
            assert creator.orcid is None or normalise_orcid(creator.orcid) == creator.orcid


def test_provenance_names_the_catalogue() -> None:
    assert {record.provenance.source for record in RECORDS} == {"catalogue"}
    assert len({record.provenance.source_id for record in RECORDS}) == len(RECORDS) == 150


def test_the_hbb_network() -> None:
    (record,) = (record for record in RECORDS if record.doi == "10.5281/zenodo.7305227")
    assert record.concept_doi == "10.5281/zenodo.7305173"
    assert record.value_of("related_doi") == "10.5281/zenodo.7305174"
    assert (record.license, record.year) == ("MIT", 2022)
    assert {"pth", "onnx"} <= set(record.formats)


def test_licences_are_spdx() -> None:
    from license_expression import get_spdx_licensing

    spdx = get_spdx_licensing()
    for record in RECORDS:
        if record.license:
            assert not spdx.validate(record.license, strict=True).errors, record.license


@pytest.mark.shared
def test_the_packaged_file_is_what_the_script_writes(shared: Path) -> None:
    command = [
        sys.executable,
        ROOT / "scripts/build_catalogue.py",
        shared / "catalogue/catalogue.json",
        "--check",
    ]
    assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.shared
def test_no_fact_is_lost_on_the_way(shared: Path) -> None:
    import json

    facts = {
        entry["id"]: entry for entry in json.loads((shared / "catalogue/catalogue.json").read_text("utf-8"))
    }
    for record in RECORDS:
        entry = facts[record.provenance.source_id]
        stated = sum(len(value) if isinstance(value, list) else 1 for value in entry["identifiers"].values())
        assert (record.name, record.kind, len(record.identifiers)) == (entry["name"], entry["kind"], stated)
        assert len(record.creators) == len(entry["authors"])
        assert len(record.relations) == len(entry["trained_on"])
