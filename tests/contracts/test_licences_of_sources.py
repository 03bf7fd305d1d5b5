# SPDX-License-Identifier: MIT
"""Licences with several names and addresses, and several licences, in the shape of every source with both."""

import pytest

from fairreg import harvesters

NAME, ADDRESS = "MIT License", "https://creativecommons.org/licenses/by-nc/4.0/"


def stated(source: str, name: str, address: str) -> dict:
    """A payload of a source that states a licence by name and address."""
    rights = {"rights": name, "rightsUri": address, "rightsURI": address}
    return {
        "datacite": {"doi": "10.1234/a", "titles": [{"title": "A"}], "rightsList": [rights]},
        "zenodo_oai": {
            "header": {"identifier": "oai:zenodo.org:1"},
            "attributes": {"doi": "10.5281/zenodo.1", "titles": [{"title": "A"}], "rightsList": [rights]},
        },
        "zenodo": {"id": 1, "metadata": {"title": "A", "rights": [{"title": {"en": name}, "link": address}]}},
        "dlhub": {
            "datacite": {"titles": [{"title": "A"}], "rightsList": [rights]},
            "dlhub": {"shorthand_name": "lab/a"},
        },
        "cernopendata": {"recid": "1", "title": "A", "license": {"attribution": name, "url": address}},
        "huggingface": {
            "id": "lab/a",
            "cardData": {"license": "other", "license_name": name, "license_link": address},
        },
    }[source]


each = pytest.mark.parametrize(
    "source", ["datacite", "zenodo_oai", "zenodo", "dlhub", "cernopendata", "huggingface"]
)


@each
def test_a_contradiction_is_no_licence_and_is_said(source):
    record = harvesters.get(source).to_record(stated(source, NAME, ADDRESS))
    assert record.license is None
    assert set(record.license_stated.split(", contradicted by ")) == {NAME, ADDRESS}


@each
def test_a_name_with_its_own_address_is_a_licence(source):
    record = harvesters.get(source).to_record(stated(source, NAME, "https://opensource.org/licenses/MIT"))
    assert (record.license, record.license_stated) == ("MIT", None)


@each
def test_an_unknown_name_with_the_address_of_a_licence_is_kept_as_stated(source):
    record = harvesters.get(source).to_record(stated(source, "House rules", ADDRESS))
    assert (record.license, record.license_stated) == (None, f"House rules ({ADDRESS})")


def several(source: str, known: str, other: str) -> dict:
    """A payload of a source that states two licences; the Hub's own identifiers are those in lower case."""
    rights = [{"rights": known}, {"rights": other}]
    payload = stated(source, known, "")
    return {
        "datacite": {**payload, "rightsList": rights},
        "zenodo_oai": {**payload, "attributes": {**payload.get("attributes", {}), "rightsList": rights}},
        "zenodo": {
            "id": 1,
            "metadata": {"title": "A", "rights": [{"id": known.lower()}, {"title": {"en": other}}]},
        },
        "dlhub": {**payload, "datacite": {**payload.get("datacite", {}), "rightsList": rights}},
        "huggingface": {
            "id": "lab/a",
            "cardData": {"license": [known.lower(), "other"], "license_name": other},
        },
    }[source]


those_with_several = pytest.mark.parametrize(
    "source", ["datacite", "zenodo_oai", "zenodo", "dlhub", "huggingface"]
)


@those_with_several
@pytest.mark.parametrize("other", ["Non-commercial use only", "custom nc", "GPL"])
def test_beside_an_unknown_licence_a_known_one_is_only_stated(source, other):
    record = harvesters.get(source).to_record(several(source, "MIT", other))
    assert (record.license, record.license_stated) == (None, f"MIT; {other}")


@those_with_several
def test_a_notice_of_copyright_is_no_licence(source):
    record = harvesters.get(source).to_record(several(source, "MIT", "Copyright (C) 2020 CERN"))
    assert (record.license, record.license_stated) == ("MIT", "Copyright (C) 2020 CERN")
