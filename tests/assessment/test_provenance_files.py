# SPDX-License-Identifier: MIT
"""Files of provenance in the notations of PROV, and files of data that no document describes."""

import pytest

from assessment.samples import BARE, document, replaced
from fairreg.assessment import rubric
from fairreg.assessment.content.documents import role_of
from fairreg.assessment.evidence import FileFact

INDICATORS = {item.id: item for item in rubric.indicators()}
NOTATION = (
    "document\nprefix ex <http://x.org/>\nentity(ex:model)\nactivity(ex:train)\n"
    "wasGeneratedBy(ex:model, ex:train, -)\nendDocument\n"
)
TURTLE = "@prefix prov: <http://www.w3.org/ns/prov#> .\n<m> prov:wasGeneratedBy <run> .\n"


@pytest.mark.parametrize(
    "name", ["prov.json", "run.prov.jsonld", "prov.ttl", "a.provn", "ro-crate-metadata.jsonld"]
)
def test_provenance_is_known_by_the_names_of_its_notations(name):
    assert role_of(f"archive/{name}") == "provenance"


@pytest.mark.parametrize("name", ["improv.json", "approve.json", "model.ttl"])
def test_a_name_that_only_contains_the_letters_is_none(name):
    assert role_of(name) != "provenance"


@pytest.mark.parametrize(("name", "text"), [("run.provn", NOTATION), ("prov.ttl", TURTLE)])
def test_provenance_in_its_own_notations_is_read(name, text):
    read = replaced(BARE, downloaded=True, documents=(document("provenance", text, name),))
    assert INDICATORS["R1.2-4"].assess(read).verdict == "pass"


@pytest.mark.parametrize(
    ("name", "text"), [("run.provn", "to be written"), ("prov.ttl", TURTLE.split("\n", maxsplit=1)[0])]
)
def test_a_file_of_provenance_without_a_statement_fails(name, text):
    read = replaced(BARE, downloaded=True, documents=(document("provenance", text, name),))
    assert INDICATORS["R1.2-4"].assess(read).verdict == "fail"


@pytest.mark.parametrize(
    ("path", "right"),
    [("data/example.root", "partial"), ("inputs/jets.h5", "partial"), ("weights.h5", "fail")],
)
def test_a_data_file_without_a_word_on_it_is_half_a_documented_format(path, right):
    files = (FileFact(path=path, size=1, format="text"),)
    read = replaced(
        BARE, downloaded=True, files=files, documents=(document("readme", "# Tagger", "README.md"),)
    )
    assert INDICATORS["I1-3"].assess(read).verdict == right
