# SPDX-License-Identifier: MIT
"""Choice of files by patterns: what is chosen, and true sentences where nothing is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import NotFound
from fairreg.schemas.record import Distribution, ModelRecord, Provenance
from fairreg.services.fetch.files.selection import FileSelection, chosen_files, select
from support.examples import examples

FILES = [
    Distribution(name=name, url=f"https://example.org/{name}") for name in ("m/a.onnx", "b.pt", "c[1].csv")
]


def chosen(patterns=(), excluded=()):
    return [item.name for item in select(FILES, patterns, excluded)]


def record(*files):
    return ModelRecord(
        identifier="doi:10.1234/x",
        kind="model",
        name="A tagger",
        provenance=Provenance(source="zenodo", source_id="1", url="https://zenodo.org/records/1"),
        distributions=files,
    )


def test_excluded_files_are_left_out():
    assert chosen(excluded=["*.csv"]) == ["m/a.onnx", "b.pt"]
    assert chosen(["*.onnx", "*.csv"], ["m/*"]) == ["c[1].csv"]
    assert chosen(excluded=["c[1].csv"]) == ["m/a.onnx", "b.pt"]
    assert chosen(excluded=["*.none"]) == ["m/a.onnx", "b.pt", "c[1].csv"]


def test_a_text_is_one_pattern():
    assert chosen("*.pt") == ["b.pt"]
    assert chosen(excluded="*.pt") == ["m/a.onnx", "c[1].csv"]


@pytest.mark.parametrize(
    ("patterns", "excluded", "sentence"),
    [
        (["*.h5"], [], "No file matches *.h5."),
        (["*.h5", "x"], [], "No file matches *.h5 or x."),
        (["*.pt"], ["b*"], "No file is left: b* excludes each file that matches *.pt."),
        ([], ["*"], "No file is left: * excludes each file of the record."),
    ],
)
def test_a_choice_of_nothing_says_why(patterns, excluded, sentence):
    with pytest.raises(NotFound) as caught:
        chosen(patterns, excluded)
    assert caught.value.message == sentence
    assert caught.value.hint == "The files are: m/a.onnx, b.pt, c[1].csv."


def test_of_many_files_the_hint_counts_the_rest():
    files = [Distribution(name=f"{number}.csv") for number in range(25)]
    with pytest.raises(NotFound) as caught:
        select(files, ["*.pt"])
    assert caught.value.hint.endswith("9.csv and 15 more.")


@settings(max_examples=examples(200))
@given(st.lists(st.sampled_from("ab*?[]/."), max_size=6).map("".join), st.lists(st.text("ab/.", max_size=4)))
def test_a_selection_is_a_part_of_the_names(pattern, names):
    selection = FileSelection((pattern,), ("a*",))
    found = selection.among(names)
    assert found <= set(names)
    assert not any(name.startswith("a") for name in found)
    assert bool(selection.unmatched(names).patterns) == (not FileSelection((pattern,)).among(names))


def test_the_same_statement_of_a_file_counts_once():
    assert select([FILES[0], FILES[0]], []) == [FILES[0]]


def test_files_without_an_address_are_named_and_not_silently_lost():
    lost = Distribution(name="lost.csv")
    said = []
    assert chosen_files(record(*FILES, lost), FileSelection(), said.append) == FILES
    assert said == ["Not fetched, because the record states no address for them: lost.csv."]
    with pytest.raises(NotFound, match=r"The record states no address for lost\.csv") as caught:
        chosen_files(record(*FILES, lost), FileSelection(("lost*",)))
    assert "https://zenodo.org/records/1" in caught.value.hint


def test_an_archive_is_looked_into_only_for_a_pattern_that_no_file_matches():
    archive = Distribution(name="all.zip", url="https://example.org/all.zip")
    whole = record(*FILES, archive)
    assert chosen_files(whole, FileSelection(("*.h5",))) == [archive]
    assert chosen_files(whole, FileSelection(("*.pt",))) == [FILES[1]]
    with pytest.raises(NotFound, match="excludes each"):
        chosen_files(whole, FileSelection(("*.pt",), ("b.pt",)))
    with pytest.raises(NotFound, match=r"No file matches \*\.h5"):
        chosen_files(whole, FileSelection(("*.h5",), ("*.zip",)))
