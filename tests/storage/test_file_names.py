# SPDX-License-Identifier: MIT
"""Names on disk: safe and different from each other everywhere, and as published where that is possible."""

import itertools
import re
from time import process_time
from unicodedata import category, normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.storage.file_names import distinct_places, name_key, safe_name, safe_part
from support.examples import examples

PLAIN = (
    "weights.onnx",
    "model v1.2 (final).tar.gz",
    "jets#1.csv",
    "50%25.csv",
    "[v1]&x=1.csv",
    "é.csv",
    "データ.h5",
)
# Letters that are told apart by some disks only, and all that is refused.
AWKWARD = 'aAéÉe\u0301ßSſİi\u200d\u202e\x00\x1b. <>:"/\\|?*_-~'
NAMES = st.lists(
    st.one_of(
        st.text(), st.text(AWKWARD, max_size=6), st.sampled_from(["CON", "con.txt", "a", "A", ".", ".."])
    ),
    max_size=12,
)


def keys_of(places):
    """Every spelling by which a disk may compare two paths."""
    yield [str(place) for place in places]
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        yield [normalize(form, normalize(form, str(place)).casefold()) for place in places]
    yield [str(place).upper() for place in places]
    yield [str(place).lower() for place in places]


def is_safe(part):
    stem = part.split(".")[0].strip().upper()
    return (
        part
        and not set(part) & set('<>:"/\\|?*')
        and not any(category(sign) in {"Cc", "Cf", "Cs"} for sign in part if sign not in "\u200c\u200d")
        and part[-1] not in ". "
        and stem not in {"CON", "PRN", "AUX", "NUL", "COM1", "COM¹", "LPT9", "CONIN$"}
        and len(part.encode()) <= 150
    )


@pytest.mark.parametrize("name", PLAIN)
def test_an_ordinary_name_is_unchanged(name):
    assert safe_name(name) == safe_part(name) == name
    assert safe_name(f"folder/{name}") == name
    assert [str(place) for place in distinct_places([name, f"folder/{name}"])] == [name, f"folder/{name}"]


@pytest.mark.parametrize(
    ("published", "on_disk"),
    [
        ("a:b.csv", "a_b.csv"),
        ("what?.csv", "what_.csv"),
        ("model. . ", "model"),
        (".", "file"),
        ("..", "file"),
        ("", "file"),
        ("a/", "a"),
        ("a/..", "a"),
        (".gitattributes", "gitattributes"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("Com1 .tar.gz", "_Com1 .tar.gz"),
        ("LPT³", "_LPT³"),
        ("COM10", "COM10"),
        ("console.log", "console.log"),
        ("ab\x1b[31m\u202ecd.csv", "ab_[31m_cd.csv"),
        ("\ud800.csv", "_.csv"),
    ],
)
def test_what_a_disk_refuses_is_replaced(published, on_disk):
    assert safe_name(published) == on_disk


def test_a_member_of_an_archive_may_be_hidden_and_long():
    assert safe_part(".zarray", hidden=True) == ".zarray"
    assert safe_part("x" * 240, longest=240) == "x" * 240
    assert [str(place) for place in distinct_places(["a/.zattrs"], hidden=True)] == ["a/.zattrs"]


@pytest.mark.parametrize(
    "names",
    [
        ("jets_pt>300.csv", "jets_pt<300.csv"),
        ("a:b.csv", "a_b.csv"),
        ("a", "a/a"),
        ("a/b", "A/b"),
        ("same.csv", "same.csv", "same.csv"),
        ("README", "readme"),
        ("é.csv", "e\u0301.csv"),
        ("ﬁt.csv", "fit.csv"),
        ("straße.csv", "STRASSE.csv"),
        ("x" + "y" * 200 + ".csv", "z" + "y" * 200 + ".csv"),
        (".", "..", "file"),
        ("model", "model.", "model "),
        ("a\\b", "a/b", "a//b", "a/./b"),
        ("/".join("a" * 40), "b/" + "/".join("a" * 40)),
    ],
)
def test_names_that_fall_together_get_different_places(names):
    for order in itertools.permutations(names):
        places = distinct_places(order)
        assert all(len(set(keys)) == len(names) for keys in keys_of(places))
        if len(set(names)) == len(names):
            assert dict(zip(order, places, strict=True)) == dict(
                zip(names, distinct_places(names), strict=True)
            )


def test_the_name_that_needs_no_change_keeps_it_and_the_suffix_stays():
    marked, plain = map(str, distinct_places(["a:b.tar.gz", "a_b.tar.gz"]))
    assert plain == "a_b.tar.gz"
    assert re.fullmatch(r"a_b-[0-9a-f]{8}\.tar\.gz", marked)


@settings(max_examples=examples(400))
@given(NAMES)
def test_any_names_get_safe_and_different_places(names):
    places = distinct_places(names)
    assert len(places) == len(names)
    assert all(is_safe(part) for place in places for part in place.parts), places
    assert not any(place.is_absolute() or part.startswith(".") for place in places for part in place.parts)
    assert all(len(set(keys)) == len(names) for keys in keys_of(places))
    files = {name_key(str(place)) for place in places}
    assert not any(name_key(str(parent)) in files for place in places for parent in place.parents[:-1])


@settings(max_examples=examples(400))
@given(st.text(max_size=200), st.booleans())
def test_a_safe_name_is_not_changed_again(name, hidden):
    once = safe_part(name, hidden=hidden)
    assert safe_part(once, hidden=hidden) == once
    assert is_safe(once)


@given(
    st.lists(st.from_regex(r"[a-z0-9_]{1,8}(\.[a-z]{1,4})?", fullmatch=True), unique_by=name_key, max_size=9)
)
def test_ordinary_names_are_unchanged_together(names):
    ordinary = [name for name in names if safe_part(name) == name]  # but for con, nul ...
    assert [str(place) for place in distinct_places(ordinary)] == ordinary


def test_many_names_take_time_in_proportion():
    names = [f"jets>{number % 10}.csv" for number in range(20_000)]
    start = process_time()
    assert len(set(distinct_places(names))) == len(names)
    assert process_time() - start < 10
