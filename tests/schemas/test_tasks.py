# SPDX-License-Identifier: MIT
"""The vocabulary of tasks: what maps to which term, and that nothing else does."""

import json
from pathlib import Path

import build_tasks
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fairreg.registry.text.normalization import fold
from fairreg.registry.text.task_keys import keys_under, terms_by_key
from fairreg.schemas import tasks
from fairreg.schemas.tasks import narrower, spelled, spellings, term_of, terms_of, vocabulary

SPELLINGS = [(text, term.key) for term in vocabulary().values() for text in spellings(term)]
CASES = (str, str.upper, str.lower, str.title)
BETWEEN = st.sampled_from([" ", "-", "_", "  ", "\u2010", "\t"])


@given(st.sampled_from(SPELLINGS), st.sampled_from(CASES), st.data())
def test_a_spelling_maps_in_any_case_with_any_hyphens(spelling, case, data):
    text, key = spelling
    written = "".join(data.draw(BETWEEN) if letter in " -" else letter for letter in case(text))
    assert term_of(f" {written} ") == key
    assert term_of(spelled(written)) == key


@given(st.sampled_from(SPELLINGS), st.sampled_from(CASES), st.sampled_from([" ", "-", "_"]))
def test_what_maps_to_a_term_is_found_by_it(spelling, case, between):
    """A registry compares the keys of facets, which resolve notation."""
    text, key = spelling
    written = case(text).replace(" ", between)
    assert fold(written) in keys_under(key)
    assert terms_by_key()[fold(written)] == key


@given(st.sampled_from(SPELLINGS), st.text(min_size=1, max_size=8))
def test_a_spelling_with_other_words_is_free_text(spelling, more):
    text = f"{spelling[0]} {more}"
    assume(spelled(text) not in {spelled(other) for other, _ in SPELLINGS})
    assert term_of(text) is None


@given(st.text(max_size=20))
def test_a_statement_is_compared_as_it_was_compared_before(text):
    assert spelled(spelled(text)) == spelled(text)


@given(st.lists(st.sampled_from([text for text, _ in SPELLINGS]) | st.text(max_size=6), max_size=6))
def test_terms_of_a_record_are_each_named_once_and_map_to_themselves(stated):
    found = terms_of(stated)
    assert len(set(found)) == len(found)
    assert terms_of(found) == found


def test_no_two_terms_claim_a_spelling():
    claims = {}
    for text, key in SPELLINGS:
        assert claims.setdefault(spelled(text), key) == key, text
        assert claims.setdefault(fold(text), key) == key, text


def test_broader_terms_exist_and_have_no_cycle():
    for term in vocabulary().values():
        seen = [term.key]
        while (above := vocabulary()[seen[-1]].broader) is not None:
            assert above not in seen
            seen.append(above)
        assert all(term.key in narrower(key) for key in seen)


def test_every_term_has_a_key_a_label_and_a_sentence():
    assert len(vocabulary()) > 25
    for key, term in vocabulary().items():
        assert key.replace("-", "").isalnum()
        assert key == key.lower()
        assert spelled(term.label) == spelled(key)
        assert term.definition[0].isupper()
        assert term.definition.endswith(".")
        assert spelled(term.label) not in map(spelled, term.spellings)


def test_a_new_term_is_one_line(monkeypatch, tmp_path):
    """The recipe of CONTRIBUTING: a line in tasks.json."""
    lines = Path(tasks.__file__).with_name("tasks.json").read_text(encoding="utf-8").splitlines()
    new = {"key": "w-tagging", "label": "W tagging", "definition": "A.", "broader": "jet-tagging"}
    assert term_of("W-Tagging") is None
    (tmp_path / "tasks.json").write_text("\n".join([lines[0], f"{json.dumps(new)},", *lines[1:]]))
    monkeypatch.setattr(tasks, "__file__", str(tmp_path / "__init__.py"))
    caches = (vocabulary, tasks._terms)
    for cached in caches:
        cached.cache_clear()
    try:
        assert term_of("W-Tagging") == "w-tagging"
        assert "w-tagging" in narrower("classification")
    finally:
        monkeypatch.undo()
        for cached in caches:
            cached.cache_clear()


@pytest.mark.parametrize(
    ("stated", "term"),
    [
        ("Hbb tagging", "higgs-tagging"),
        ("image-classification", "image-classification"),
        ("regression of jet energy", "energy-regression"),
        ("Supervised Classification", "classification"),
        ("detection of anomalies", None),
        ("", None),
        ("other", None),
    ],
)
def test_words_of_sources_map_as_listed(stated, term):
    assert term_of(stated) == term


def test_the_page_is_that_of_the_vocabulary():
    """Where it is not: python scripts/build_tasks.py."""
    assert build_tasks.PAGE.read_text(encoding="utf-8") == build_tasks.page()
