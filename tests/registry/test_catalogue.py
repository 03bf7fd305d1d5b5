# SPDX-License-Identifier: MIT
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from fairreg.registry import Registry, catalogue
from fairreg.schemas.identifiers import DOI_SCHEMES, Identifier, normalise_doi, normalise_orcid
from fairreg.schemas.record import Provenance

RECORDS = tuple(
    record for record in catalogue.records() if not record.provenance.source_id.startswith("fairreg-hbb-")
)
BY_ID = {record.provenance.source_id: record for record in RECORDS}
# The DOI by which the list that the catalogue was begun with has the first dataset of the CaloChallenge.
SUPERSEDED = "10.5281/zenodo.6234054"


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


def test_the_main_identifier_is_one_of_its_own_or_of_the_catalogue() -> None:
    for record in RECORDS:
        known = {identifier.compact for identifier in record.identifiers}
        assert record.identifier in {*known, f"catalogue:{record.provenance.source_id}"}, record.name


def test_provenance_names_the_catalogue() -> None:
    assert {record.provenance.source for record in RECORDS} == {"catalogue"}
    assert len({record.provenance.source_id for record in RECORDS}) == len(RECORDS) == 162


def test_the_hbb_network() -> None:
    (record,) = (record for record in RECORDS if record.doi == "10.5281/zenodo.7305227")
    assert record.concept_doi == "10.5281/zenodo.7305173"
    assert record.value_of("related_doi") == "10.5281/zenodo.7305174"
    assert (record.license, record.year) == ("MIT", 2022)
    assert {"pth", "onnx"} <= set(record.formats)


def test_the_first_dataset_of_the_calochallenge_goes_by_the_doi_that_superseded_its_first() -> None:
    record = BY_ID["calochallenge-2022-dataset-1"]
    assert (record.identifier, record.doi) == ("doi:10.5281/zenodo.8099322", "10.5281/zenodo.8099322")
    assert record.value_of("related_doi") == SUPERSEDED
    trained = {item.name: {one.value for one in item.related("trained_on")} for item in RECORDS}
    assert [name for name, data in trained.items() if record.doi in data] == [
        "CaloFlow for CaloChallenge dataset 1",
        "CaloScore",
    ]


def test_licences_are_spdx() -> None:
    from license_expression import get_spdx_licensing

    spdx = get_spdx_licensing()
    for record in RECORDS:
        if record.license:
            assert not spdx.validate(record.license, strict=True).errors, record.license


def test_a_licence_says_where_it_is_stated() -> None:
    for record in RECORDS:
        stated = {origin.field: origin.evidence for origin in record.provenance.origins}
        if record.license or record.license_stated:
            assert stated["license" if record.license else "license_stated"], record.name


def test_files_have_a_size_a_checksum_and_an_address() -> None:
    listed = [record for record in RECORDS if record.distributions]
    assert len(listed) >= 9
    for record in listed:
        assert record.publisher == "CERN Open Data Portal"
        for file in record.distributions:
            assert file.exact_size, file.name
            assert file.checksums, file.name
            assert (file.url or "").startswith("https://opendata.cern.ch/"), file.name


@pytest.mark.shared
def test_no_entry_of_the_list_that_it_was_begun_with_is_lost(shared: Path) -> None:
    entries = json.loads((shared / "catalogue/catalogue.json").read_text("utf-8"))
    for entry in entries:
        record = BY_ID[entry["id"]]
        stated = sum(len(value) if isinstance(value, list) else 1 for value in entry["identifiers"].values())
        kept = len(record.identifiers) - (record.value_of("related_doi") == SUPERSEDED)
        assert (record.name, record.kind, kept) == (entry["name"], entry["kind"], stated)
        assert len(record.creators) == len(entry["authors"])
        assert len(record.relations) == len(entry["trained_on"])


def test_a_registry_with_the_catalogue_of_an_earlier_release_is_brought_to_this_one(
    catalogue_registry: Registry,
) -> None:
    now = BY_ID["calochallenge-2022-dataset-1"]
    before = replace(
        now,
        identifier=f"doi:{SUPERSEDED}",
        identifiers=(Identifier("doi", SUPERSEDED, "a note"), *now.identifiers[2:]),
        notes="of an earlier release",
    )
    retired = replace(now, identifier="catalogue:x", provenance=Provenance("catalogue", "x"), identifiers=())
    catalogue_registry.put(before)
    catalogue_registry.put(retired)
    catalogue_registry.upkeep.set_property("catalogue_digest", "of an earlier release")
    assert catalogue_registry.upkeep.load_catalogue()
    assert catalogue_registry.get(now.identifier) == now
    named = {
        entry.identifier: entry.gone
        for entry in catalogue_registry.listing.entries()
        if entry.record.name == now.name
    }
    assert named == {now.identifier: False, "catalogue:x": True}
    assert not catalogue_registry.upkeep.load_catalogue()


def test_what_is_shown_and_exported_of_an_entry_holds_no_note_of_its_makers() -> None:
    from check_catalogue import wording_faults

    for record in RECORDS:
        assert list(wording_faults(record)) == []
        assert not [
            text for text in texts_of(record.to_jsonld()) if "index gives" in text or "not seen" in text
        ]


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_of(item)


def test_the_page_on_the_catalogue_has_its_numbers() -> None:
    page = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text("utf-8")
    kinds = Counter(record.kind for record in RECORDS)
    bare = Counter(record.kind for record in RECORDS if not (record.license or record.license_stated))
    files = sum(bool(record.distributions) for record in RECORDS)
    numbers = [int(number) for number in re.findall(r"\b(\d+) (?:entries|models|datasets|pieces)\b", page)]
    assert numbers[:4] == [len(RECORDS), kinds["model"], kinds["dataset"], kinds["software"]]
    assert numbers[4:] == [bare["model"], bare["dataset"], files]


def test_the_page_counts_the_entries_without_a_licence():
    page = " ".join((Path(__file__).parents[2] / "docs" / "catalogue.md").read_text("utf-8").split())
    models = [item for item in catalogue.records() if item.kind == "model"]
    data = [item for item in catalogue.records() if item.kind == "dataset"]
    bare = [sum(not (one.license or one.license_stated) for one in items) for items in (models, data)]
    worded = sum(bool(one.license_stated) and not one.license for one in models)
    assert f"{bare[0]} models and {bare[1]} datasets have no licence, not even in words" in page
    assert f"{worded} more models state theirs in words" in page
