# SPDX-License-Identifier: MIT
"""Several licences of one thing: all apply, so that one that is not recognised leaves no expression."""

import json

import pytest

from fairreg import formats
from fairreg.formats import codemeta, model_card
from fairreg.formats.plain_yaml import load_yaml
from fairreg.schemas.licenses import all_of, in_words
from fairreg.schemas.record import ModelRecord, Provenance
from support.fitting import fitting

NO_LICENCES = [
    "info:eu-repo/semantics/openAccess",
    "http://purl.org/coar/access_right/c_abf2",
    "Open Access",
    "Open Access (info:eu-repo/semantics/openAccess)",
    "metadata-only access",
    "Copyright (C) 2020 CERN for the benefit of the CMS Collaboration",
    "© 2021 Ada Rossi, MIT License",
    "notspecified",
    "MIT",
]
RESTRICTIONS = [
    "Non-commercial use only",
    "All rights reserved",
    "(c) 2020 Lab. All rights reserved.",
    "Copyright 2020 Lab, for non-commercial research",
    "Copyright 2020 Lab, not for redistribution",
    "© 2021 Lab, see the EULA",
    "Open Access (https://example.org/terms)",
    "Creative Commons",
    "Copyleft",
    "other",
    "https://example.org/terms",
]


@pytest.mark.parametrize("stated", NO_LICENCES)
def test_a_statement_without_terms_stays_beside_the_licence(stated):
    assert all_of([("MIT", None), (None, stated)]) == ("MIT", stated)
    assert all_of([(None, stated)]) == (None, stated)


@pytest.mark.parametrize("stated", RESTRICTIONS)
def test_terms_that_are_not_recognised_leave_no_expression(stated):
    assert all_of([("MIT", None), (None, stated)]) == (None, f"MIT; {stated}")
    assert all_of([(None, stated), ("MIT", None), ("ISC", None)]) == (None, f"{stated}; MIT; ISC")


def test_a_licence_that_is_named_without_its_version_is_the_one_beside_it():
    known = ("CC-BY-4.0", None)
    assert all_of([known, (None, "Creative Commons Attribution")])[0] == "CC-BY-4.0"
    assert all_of([known, (None, "Creative Commons Attribution-NonCommercial")])[0] is None
    assert all_of([("GPL-3.0-or-later", None), (None, "GPL")])[0] == "GPL-3.0-or-later"


def test_known_licences_apply_together():
    assert all_of([("MIT", None), ("GPL-3.0-only OR LGPL-3.0-only", None)]) == (
        "(GPL-3.0-only OR LGPL-3.0-only) AND MIT",
        None,
    )
    assert all_of([]) == all_of([(None, None)]) == (None, None)


def test_other_words_are_shown_beside_a_licence():
    assert in_words("MIT", "MIT License") == in_words("MIT", None) == "MIT"
    assert in_words(None, "ask us") == "ask us"
    assert in_words("MIT", "(c) 2020 CERN") == "MIT; stated beside it: (c) 2020 CERN"


def test_every_property_of_a_file_with_licences_reads_them_alike():
    listed = ["https://spdx.org/licenses/MIT", "Non-commercial use only"]
    found = codemeta.read(json.dumps({"@context": "https://w3id.org/codemeta/3.0", "license": listed}))
    assert (found.understood.license, found.understood.license_stated) == (
        None,
        "MIT; Non-commercial use only",
    )
    card = model_card.read("---\nlicense: [mit, house-rules]\n---\n# Tagger\n").understood
    assert (card.license, card.license_stated) == (None, "MIT; house-rules")


def test_the_licence_of_citation_files_is_one_to_choose():
    cff = formats.get("cff").read("cff-version: 1.2.0\ntitle: T\nlicense: [MIT, House-Rules]\n").understood
    assert (cff.license, cff.license_stated) == ("MIT", "House-Rules")


@pytest.mark.parametrize(
    "stated",
    [
        "MIT; Non-commercial use only",
        "Lab licence (https://example.org/l); Non-commercial use only",
        "Lab licence, contradicted by https://example.org/l",
        "Lab licence (https://creativecommons.org/licenses/by/4.0/)",
    ],
)
def test_no_format_writes_one_of_several_licences_as_the_licence(stated):
    record = ModelRecord(
        identifier="doi:10.1234/gl",
        kind="software",
        name="GL",
        license_stated=stated,
        provenance=Provenance(source="document", source_id="1"),
    )
    cff = formats.get("cff")
    assert not {"license", "license-url"} & set(load_yaml(cff.write(fitting(cff, record))))
    assert json.loads(formats.get("codemeta").write(record))["license"] == stated
    assert "license" not in formats.get("bibtex").write(record)
    assert codemeta.read(formats.get("codemeta").write(record)).understood.license is None
