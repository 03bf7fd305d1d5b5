# SPDX-License-Identifier: MIT
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.registry.search.ranking import WEIGHTS, IndexedDocument, QueryTerm, idf, score

WORDS = st.lists(st.sampled_from(["jet", "tag", "hbb", "calo", "a"]), max_size=12).map(" ".join)


def passage(kind: str = "model", **columns: str) -> IndexedDocument:
    return IndexedDocument(1, "x:1", kind, {name: columns.get(name, "") for name in WEIGHTS})


def sought(*phrases: str, weight: float = 1.0, required: bool = False) -> QueryTerm:
    return QueryTerm(phrases[0], tuple((phrase, weight) for phrase in phrases), 1.0, required)


def test_what_holds_no_term_is_no_answer() -> None:
    assert score(passage(name="jet"), [sought("hbb")]) is None


def test_a_phrase_is_found_only_where_its_words_are_neighbours_in_one_text() -> None:
    assert score(passage(description="interact network"), [sought("interact network")]) is not None
    assert score(passage(description="interact of network"), [sought("interact network")]) is None
    assert score(passage(subjects="interact\nnetwork"), [sought("interact network")]) is None
    assert score(passage(name="interact", creators="network"), [sought("interact network")]) is None


def test_a_word_is_never_found_inside_another() -> None:
    assert score(passage(name="organ"), [sought("gan")]) is None


def test_neighbouring_repeats_are_all_counted() -> None:
    once, thrice = (score(passage(description=text), [sought("jet")]) for text in ("jet x x", "jet jet jet"))
    assert once is not None
    assert thrice is not None
    assert thrice.relevance > once.relevance


def test_the_name_counts_more_than_the_description() -> None:
    named = score(passage(name="x jet"), [sought("jet")])
    told = score(passage(description="x jet"), [sought("jet")])
    assert named is not None
    assert told is not None
    assert named.relevance > told.relevance


def test_synonyms_never_add_up() -> None:
    one = score(passage(description="jet tag"), [sought("jet")])
    both = score(passage(description="jet tag"), [sought("jet", "tag")])
    assert one is not None
    assert both is not None
    assert one.relevance == both.relevance


def test_a_model_comes_before_a_data_set_of_the_same_words() -> None:
    model, dataset = (
        score(passage(kind=kind, name="x jet"), [sought("jet")]) for kind in ("model", "dataset")
    )
    assert model is not None
    assert dataset is not None
    assert model.relevance > dataset.relevance


def test_without_a_required_term_nothing_is_an_answer() -> None:
    assert score(passage(name="jet"), [sought("jet"), sought("hbb", required=True)]) is None


def test_the_explanation_adds_up_to_the_relevance() -> None:
    found = score(passage(name="jet tag", description="hbb"), [sought("jet"), sought("hbb"), sought("calo")])
    assert found is not None
    assert found.missing == ("calo",)
    assert not found.whole
    assert [part.columns for part in found.parts] == [("name",), ("description",)]
    total = sum(part.rarity * part.strength for part in found.parts)
    assert found.relevance == pytest.approx(found.weight * total)


@given(name=WORDS, description=WORDS, terms=st.lists(st.sampled_from(["jet", "tag", "hbb tag"]), min_size=1))
def test_scores_are_positive_and_know_what_is_missing(name: str, description: str, terms: list[str]) -> None:
    asked = [sought(term) for term in dict.fromkeys(terms)]
    found = score(passage(name=name, description=description), asked)
    held = [term.words for term in asked if any(f" {term.words} " in f" {t} " for t in (name, description))]
    if found is None:
        assert not held
    else:
        assert found.relevance > 0
        assert [part.term for part in found.parts] == held


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(1, 1e6))
def test_a_rarer_word_weighs_more_and_none_weighs_nothing(one: float, other: float, total: float) -> None:
    rare, common = sorted((one, other))
    assert idf(rare, total) >= idf(common, total) > 0
