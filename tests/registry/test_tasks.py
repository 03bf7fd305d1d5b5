# SPDX-License-Identifier: MIT
"""Tasks in free words are found by the terms of the vocabulary, counted by them, and stay as they are."""

import pytest

from fairreg.registry import Registry
from fairreg.registry.search import facets
from registry.conftest import RecordMaker as Make

TASKS = {
    "one": ("Hbb Tagging",),
    "two": ("jet tagging: top vs QCD",),
    "three": ("Jet taggings",),
    "four": ("image-classification",),
    "five": ("tagging of jets by eye",),
    "six": ("B_Tagging", "tracking"),
}


@pytest.fixture
def tasks(registry: Registry, make_record: Make) -> Registry:
    for name, stated in TASKS.items():
        registry.put(make_record(source_id=name, name=name, ml_task=stated))
    return registry


def found(registry: Registry, **filters: object) -> set[str]:
    return {hit.record.name for hit in registry.search("", limit=50, **filters).hits}


def test_a_term_finds_its_spellings_and_those_of_narrower_terms(tasks: Registry) -> None:
    assert found(tasks, task="jet-tagging") == {"one", "two", "three", "six"}
    assert found(tasks, task="higgs-tagging") == {"one"}
    assert found(tasks, task="flavour tagging") == {"six"}
    assert found(tasks, task="classification") == {"one", "two", "three", "four", "six"}


def test_free_text_is_found_by_its_words_and_by_no_term(tasks: Registry) -> None:
    assert found(tasks, task="tagging of jets by eye") == {"five"}
    assert found(tasks, task="tagging of jets") == {"five"}


def test_a_facet_counts_terms_as_their_filter_finds_them(tasks: Registry) -> None:
    counts = dict((tasks.search("", facets=True).facets or {})["task"])
    assert {"jet tagging", "top tagging", "b-tagging", "tagging of jets by eye"} <= counts.keys()
    for value, number in counts.items():
        assert len(found(tasks, task=value)) == number, value


def test_a_chosen_term_stays_among_the_counts(tasks: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "_MOST", 1)
    counts = dict((tasks.search("", facets=True, task="Image classification").facets or {})["task"])
    assert counts["image classification"] == 1
    counts = dict((tasks.search("", facets=True, task="flavour-tagging").facets or {})["task"])
    assert counts["flavour tagging"] == 1


def test_the_stated_words_are_kept(tasks: Registry) -> None:
    (hit,) = tasks.search("", task="higgs-tagging").hits
    assert hit.record.ml_task == ("Hbb Tagging",)


def test_an_unknown_task_is_answered_with_similar_ones_of_records_and_terms(tasks: Registry) -> None:
    (unheld,) = tasks.search("", task="image-classificatoin").unheld
    assert "image classification" in unheld.similar
    (unheld,) = tasks.search("", task="tagging of jets by hand").unheld
    assert "tagging of jets by eye" in unheld.similar


def test_what_the_vocabulary_found_in_the_place_of_words_is_told(tasks: Registry) -> None:
    (told,) = tasks.search("", task="Flavour tagging").by_terms
    assert (told.asked, told.similar) == ("Flavour tagging", ("B_Tagging",))
    assert tasks.search("", task="Hbb tagging").by_terms == ()
    assert tasks.search("", task="no such task").by_terms == ()
