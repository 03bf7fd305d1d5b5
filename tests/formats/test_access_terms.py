# SPDX-License-Identifier: MIT
"""Files that are not open, in the formats of schema.org: a term that repositories share, read back."""

import json

import pytest
from msgspec.structs import replace

from fairreg import formats
from fairreg.formats import dialects
from fairreg.schemas.record import Access
from support.full_record import FULL

FORMATS = ("ro-crate", "ro-crate-1.2", "croissant")
STATED = [
    Access(level="embargoed", until="2030-01-01"),
    Access(level="restricted", conditions="Ask the authors."),
    Access(level="closed"),
    Access(level="embargoed"),
]


def written(name, access):
    return formats.get(name).write(replace(FULL, kind="dataset", access=access))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("access", STATED)
def test_the_level_the_end_and_the_conditions_come_back(name, access):
    assert formats.get(name).read(written(name, access)).understood.access == access


@pytest.mark.parametrize("name", FORMATS)
def test_gated_files_are_restricted_ones(name):
    read = formats.get(name).read(written(name, Access(level="gated", conditions="Accept the terms.")))
    assert read.understood.access == Access(level="restricted", conditions="Accept the terms.")


def test_no_term_says_that_open_files_are_not():
    (root,) = (
        item
        for item in json.loads(written("ro-crate-1.2", Access(level="open")))["@graph"]
        if item["@id"] == "./"
    )
    assert root["isAccessibleForFree"] is True
    assert "conditionsOfAccess" not in root


def test_a_restriction_counts_before_free_access():
    document = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": "D",
        "identifier": "10.1234/a",
        "isAccessibleForFree": True,
        "conditionsOfAccess": "http://purl.org/coar/access_right/c_14cb",
    }
    found = dialects.read(document)
    assert found.understood.access == Access(level="closed")
    assert found.left_out == ("isAccessibleForFree",)
