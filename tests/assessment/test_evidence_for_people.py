# SPDX-License-Identifier: MIT
"""Evidence grouped by likeness, times in words, identifiers as links, principles by name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.assessment import rubric
from fairreg.assessment.base import Citation
from fairreg.assessment.principle_names import named_principle, principle_name
from fairreg.assessment.rendering.citations import address_of, grouped, readable_time
from support.examples import examples

cited = st.builds(
    Citation,
    source=st.sampled_from(["file", "document", "model", "record", "probe"]),
    what=st.sampled_from(["a/x1.pt", "a/x2.pt", "b/x1.pt", "a/x1.onnx", "name"]),
    value=st.sampled_from(["torch, sha256", "torch", "5 parameters", "77 parameters"]),
)


@settings(max_examples=examples(100))
@given(st.lists(cited, max_size=30))
def test_every_citation_stands_in_one_group(listed):
    told = [one for group in grouped(listed) for one in group.citations]
    assert sorted(map(repr, told)) == sorted(map(repr, listed))
    assert all((group.title is None) == (len(group.citations) == 1) for group in grouped(listed))


def files(count, name="w/part-{}.pt", value="torch"):
    return [Citation("file", name.format(number), value) for number in range(count)]


def test_more_than_four_similar_files_are_folded_under_the_first():
    assert [group.title for group in grouped(files(30))] == ["30 files like w/part-0.pt"]
    assert [group.title for group in grouped(files(4))] == [None] * 4


def test_files_of_other_folders_kinds_and_findings_stay_apart():
    listed = files(3) + files(3, "v/part-{}.pt") + files(3, "w/part-{}.onnx") + files(3, value="mismatch")
    assert {group.title for group in grouped(listed)} == {None}
    counted = [Citation("model", f"w/{n}.onnx", f"{n} parameters") for n in range(5)]
    assert [group.title for group in grouped(counted)] == ["5 files like w/0.onnx"]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-22T00:00:00Z", "22 November 2026, 00:00 UTC"),
        ("2026-11-22T23:30:00-05:00", "23 November 2026, 04:30 UTC"),
        ("2026-11-22T12:00:00", "22 November 2026, 12:00 UTC"),
        ("2026-01-02", "2 January 2026"),
        ("last week", "last week"),
        ("", ""),
        ("0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+05:00"),
    ],
)
def test_times_are_in_words_and_other_texts_stay(moment, text):
    assert readable_time(moment) == text


@settings(max_examples=examples(100))
@given(st.text() | st.datetimes().map(lambda moment: moment.isoformat()))
def test_any_text_can_stand_for_a_time(moment):
    assert isinstance(readable_time(moment), str)


@settings(max_examples=examples(100))
@given(st.text())
def test_an_address_is_a_web_address_or_none(identifier):
    address = address_of(identifier)
    assert address is None or address.startswith(("https://", "http://"))


def test_identifiers_with_an_address_become_links():
    assert address_of("doi:10.5281/zenodo.7305227") == "https://doi.org/10.5281/zenodo.7305227"
    assert address_of("local:hbb") is None


@pytest.mark.parametrize("rules", [rubric.MODELS, rubric.DATASETS], ids=lambda rules: rules.name)
def test_every_principle_has_a_short_name_of_its_own(rules):
    names = [principle_name(rules.name, number) for number in rules.principles]
    assert all(names)
    assert len(set(names)) == len(names)
    assert max(map(len, names)) < 40


def test_an_unknown_principle_keeps_its_number():
    assert named_principle("of-an-older-release", "Z9") == "Z9"
