# SPDX-License-Identifier: MIT
"""The lock file as a format: what is written is read again, and equal locks have equal bytes."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.errors import UsageError
from fairreg.schemas.documents.changes.locks import (
    LockDocument,
    LockedFile,
    LockedModel,
    LockedScores,
    LockedWeights,
)
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, Distribution, ModelRecord, Provenance, Relation
from fairreg.services.diff.files import FileState, compare_files
from fairreg.services.diff.metadata import compare_fields, digest_of_fields, fields_of
from fairreg.services.lock.lock_file import in_order, read_lock, text_of, write_lock

HEX = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
# Names of files may hold anything but lone surrogates, which no record keeps.
NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
SHARES = st.one_of(st.none(), st.floats(0, 1))
VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**53), 2**53), NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=3,
)
DIGESTS = HEX.map("sha256:{}".format)

FILES = st.builds(LockedFile, name=NAMES, size=st.integers(0, 2**53), sha256=HEX)
WEIGHTS = st.builds(
    LockedWeights,
    name=NAMES,
    format=st.just("onnx"),
    sha256=HEX,
    fingerprint=DIGESTS,
    shapes=DIGESTS,
    operators=st.none(),
    tensors=st.integers(0, 9),
    parameters=st.none(),
)


@st.composite
def models(draw):
    metadata = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    return LockedModel(
        identifier=f"doi:10.5281/zenodo.{draw(st.integers(1, 10**9))}",
        asked=draw(st.lists(NAMES, max_size=2)),
        concept_doi=draw(st.one_of(st.none(), NAMES)),
        source=draw(NAMES),
        files=draw(st.lists(FILES, max_size=3)),
        weights=draw(st.lists(WEIGHTS, max_size=2)),
        metadata_sha256=digest_of_fields(metadata),
        metadata=metadata,
        scores=LockedScores(
            rubric="fairreg",
            rubric_version="1",
            overall=draw(SHARES),
            letters=draw(st.dictionaries(st.sampled_from("FAIR"), SHARES)),
            verdicts=draw(st.dictionaries(NAMES, st.sampled_from(["pass", "fail", "unknown"]), max_size=3)),
        ),
    )


SETS = st.lists(models(), min_size=1, max_size=3, unique_by=lambda item: item.identifier)


def made(found):
    return LockDocument(fairreg="0.1.0", locked="2026-01-31", fingerprint_rule=2, models=in_order(found))


@given(SETS)
def test_what_is_written_is_read_again(found):
    lock = made(found)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fairreg.lock"
        write_lock(lock, path)
        assert read_lock(path) == lock
        assert path.read_text("utf-8") == text_of(lock)
        write_lock(lock, path)  # an earlier lock is replaced


@given(SETS.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))), st.randoms())
def test_the_order_in_which_models_and_files_are_named_changes_no_byte(two, random):
    first, second = two
    for model in second:
        random.shuffle(model.files)
        random.shuffle(model.weights)
    assert text_of(made(first)) == text_of(made(second))


@given(SETS, st.data())
def test_a_lock_that_is_cut_anywhere_is_never_read(found, data):
    text = text_of(made(found)).encode()
    cut = text[: data.draw(st.integers(0, len(text.rstrip()) - 1))]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fairreg.lock"
        path.write_bytes(cut)
        with pytest.raises(UsageError, match="not a sound lock file"):
            read_lock(path)


@given(st.dictionaries(st.sampled_from(["schema_version", "models"]), VALUES))
def test_other_json_is_refused_with_a_sentence(value):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fairreg.lock"
        path.write_text(json.dumps(value), "utf-8")
        with pytest.raises(UsageError):
            read_lock(path)


def test_one_line_holds_one_fact():
    lines = text_of(made([])).splitlines()
    assert lines[:5] == [
        "{",
        '  "schema_version": "1.0",',
        '  "fairreg": "0.1.0",',
        '  "locked": "2026-01-31",',
        '  "fingerprint_rule": 2,',
    ]


def record(**fields):
    provenance = Provenance(source="zenodo", source_id="1", retrieved="2026-01-01T00:00:00+00:00")
    return ModelRecord(identifier="doi:10.1/a", kind="model", name="A", provenance=provenance, **fields)


@given(st.permutations(["jets", "tagging", "LHC"]), st.permutations(["10.1/b", "10.1/c", "10.1/d"]))
def test_lists_whose_order_means_nothing_are_sets(keywords, targets):
    related = tuple(Relation(type="cites", target=Identifier("doi", value)) for value in targets)
    fields = fields_of(record(keywords=tuple(keywords), relations=related))
    same = fields_of(record(keywords=tuple(sorted(keywords)), relations=tuple(sorted(related, key=str))))
    assert digest_of_fields(fields) == digest_of_fields(same)
    assert compare_fields(fields, same) == ()


def test_the_order_of_authors_means_something():
    first, second = (
        fields_of(record(creators=tuple(Creator(name=name) for name in names))) for names in ("ab", "ba")
    )
    (found,) = compare_fields(first, second)
    assert (found.field, found.reordered, found.first, found.second) == ("creators", True, [], [])


def test_where_and_when_a_record_was_read_is_no_metadata():
    listed = record(distributions=(Distribution(name="a", url="https://mirror.example/a"),))
    assert fields_of(listed) == fields_of(record())


def test_files_of_one_name_are_told_apart_by_their_bytes():
    one, two, three = (FileState("a", 1, frozenset({f"sha256:{digit * 64}"})) for digit in "123")
    assert [item.status for item in compare_files([one, two], [two, one])] == ["same", "same"]
    found = compare_files([one, two], [three, one])
    assert sorted(item.status for item in found) == ["changed", "same"]
    assert [item.status for item in compare_files([one], [one, two])] == ["only in second", "same"]


def test_digests_of_different_kinds_tell_nothing_of_equal_sizes():
    found = compare_files(
        [FileState("a", 1, frozenset({"md5:00"}))], [FileState("a", 1, frozenset({"sha256:00"}))]
    )
    assert [item.status for item in found] == ["not compared"]
