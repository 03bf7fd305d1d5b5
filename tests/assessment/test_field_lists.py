# SPDX-License-Identifier: MIT
"""Fields of data that a text describes, and datasets whose fields a README describes or could."""

import pytest

from fairreg.assessment.content.field_lists import described_fields, may_describe_fields
from fairreg.assessment.datasets.interoperable import fields_described
from fairreg.schemas.record import Access, Distribution

from .samples import BARE, document, replaced, with_record

TABLE = (
    "| Name | Description |\n|---|---|\n| pt | transverse momentum |\n| eta | pseudorapidity of the jet |\n"
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (TABLE, 2),
        ("- `pt`: transverse momentum in GeV\n- `eta`: its pseudorapidity", 2),
        ("jet_pt: transverse momentum\njet_eta - pseudorapidity of the jet", 2),
        ("* nConst -- number of constituents\n* tau21 -- ratio of subjettiness", 2),
        ("## Fields\n\n- pt: transverse momentum of the jet in GeV\n- eta: its pseudorapidity in the lab", 2),
        (
            "| Variable | Content |\n|---|---|\n| pt | transverse momentum |\n| eta | pseudorapidity of it |",
            2,
        ),
        ("| Chapter | Content |\n|---|---|\n| one | where to begin |\n| two | how to go on |", 0),
        ("## Contact\n\n- mail: the open data group\n- chat: the channel of the group", 0),
        ("## Fields\n\n- pt: transverse momentum\n\n## Thanks\n\n- group: for its open data", 1),
        ("| Name | Entries |\n|---|---|\n| a.root | two hundred |\n| b.root | one hundred |", 0),
        ("License: the MIT licence\nContact: the open data group", 0),
        ("| Name | Description |\n|---|---|\n| pt | |\n| eta | TODO |", 0),
        ("`pt`:\n`eta`: TODO describe this", 0),
        ("We use jets - all of them - and see https://example.org/x_y: nothing else.", 0),
        ("", 0),
    ],
)
def test_a_line_describes_a_field_by_its_name_and_words(text, count):
    assert len(described_fields(text)) == count


def test_long_texts_take_linear_time():
    for text in (
        "|" * 200_000,
        "a_b: " * 60_000,
        "`" * 200_000,
        "| description |\n" * 20_000,
        "a1:\n" * 60_000,
        "## fields " * 20_000,
        "# columns\n" * 20_000,
    ):
        described_fields(text)


@pytest.mark.parametrize(
    ("name", "may"),
    [("README.md", True), ("codebook.csv", True), ("paper.pdf", True), ("all.zip", True), ("jets.h5", False)],
)
def test_files_that_may_describe_fields_are_known_by_their_names(name, may):
    assert may_describe_fields(name) is may


def listing(*names, **fields):
    files = tuple(Distribution(name=name, url=f"https://example.org/{name}") for name in names)
    return with_record(BARE, kind="dataset", distributions=files, **fields)


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (listing("jets.h5"), "fail"),
        (listing("jets.h5", "README.md"), "unknown"),
        (listing("all.zip"), "unknown"),
        (listing(), "unknown"),
        (listing(access=Access(level="closed")), "fail"),
        (
            replaced(listing("a.h5", "README.md"), documents=(document("readme", TABLE, "README.md"),)),
            "partial",
        ),
        (replaced(listing("a.h5", "README.md"), documents=(document("readme", "# D", "README.md"),)), "fail"),
    ],
)
def test_a_readme_is_partial_at_most_and_nothing_unread_is_a_fail(evidence, verdict):
    assert fields_described.assess(evidence).verdict == verdict
