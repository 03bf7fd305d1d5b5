# SPDX-License-Identifier: MIT
"""Releases that GitHub names are versions of one lineage; nobody else's word makes them so."""

from fairreg.registry.resolution.grouping import group
from fairreg.registry.resolution.lineage import lineages
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Relation

REPOSITORY = Identifier("github", "lab/tagger")
IS_VERSION = Relation(type="is_version_of", target=REPOSITORY)


def statement(source, number, *, own=None, relations=(), kind="software"):
    return ModelRecord(
        identifier=f"{source}:{number}",
        kind=kind,
        name=number,
        identifiers=(own,) if own else (),
        relations=relations,
        provenance=Provenance(source=source, source_id=number),
    )


def release(tag, source="github"):
    own = Identifier("github", f"lab/tagger@{tag}")
    return statement(source, f"42@{tag}", own=own, relations=(IS_VERSION,), kind="model")


def joined(*records):
    """The places of each lineage."""
    found = lineages(group(records))
    return sorted(
        sorted(record.provenance.source_id for part in one.groups for record in part) for one in found
    )


def test_releases_and_their_repository_are_one_lineage_of_several_entries():
    repository = statement("github", "42", own=REPOSITORY)
    assert len(group([repository, release("v1"), release("v2")])) == 3
    assert joined(repository, release("v1"), release("v2")) == [["42", "42@v1", "42@v2"]]


def test_releases_are_one_lineage_before_the_repository_is_known():
    assert joined(release("v1"), release("v2")) == [["42@v1", "42@v2"]]
    assert joined(release("v1")) == [["42@v1"]]


def test_what_others_say_of_a_repository_makes_no_version():
    strangers = [statement("zenodo", str(number), relations=(IS_VERSION,)) for number in range(3)]
    repository = statement("github", "42", own=REPOSITORY)
    assert joined(repository, *strangers) == [["0"], ["1"], ["2"], ["42"]]
    holder = statement("zenodo", "7", own=REPOSITORY)
    other = statement("zenodo", "8", own=REPOSITORY)
    found = joined(repository, release("v1"), holder, other)
    assert [part for part in found if "42@v1" in part] == [["42", "42@v1"]]
