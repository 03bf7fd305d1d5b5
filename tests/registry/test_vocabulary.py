# SPDX-License-Identifier: MIT
import re
import tomllib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.registry.search.query_expansion import Term, parse_query
from fairreg.registry.text.normalization import indexed, words

QUESTIONS = st.text(alphabet='abH→\\$^_{}"“”«» -jetgν13TV') | st.text()
CITED = re.compile(r"arXiv:\d{4}\.\d{4,5}|doi:10\.\d{4,}/\S+|https://doi\.org/10\.29172/[0-9a-f-]{36}|usage")


def document() -> dict[str, Any]:
    text = files("fairreg.registry.search").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def phrases(term: Term) -> dict[str, float]:
    return {" ".join(phrase): weight for phrase, weight in term.phrases}


def asked(question: str) -> list[str]:
    return [" ".join(term.phrases[0][0]) for term in parse_query(question)]


def test_every_group_says_why_and_from_where() -> None:
    for group in document()["group"]:
        assert group["reason"]
        assert CITED.search(group["source"]), group["source"]
        assert group["relation"] in {"form", "kin"}
        assert all(words(term) for term in group["terms"])
        assert len({tuple(words(term)) for term in group["terms"]}) == len(group["terms"]) > 1


def test_no_group_says_what_another_says() -> None:
    pairs = [
        (group["relation"], frozenset((one, other)))
        for group in document()["group"]
        for one in group["terms"]
        for other in group["terms"]
        if one < other
    ]
    assert len(pairs) == len(set(pairs))


def test_every_term_of_a_group_finds_the_others() -> None:
    for group in document()["group"]:
        for one in group["terms"]:
            (term, *others) = parse_query(one)
            assert not others, one
            found = {spelled.rstrip("s") for spelled in phrases(term)}
            assert {" ".join(words(other)).rstrip("s") for other in group["terms"]} <= found, one


def test_a_form_counts_like_the_word_and_kin_less() -> None:
    assert phrases(parse_query("gnn")[0])["graph neural network"] == 1.0
    assert 0 < phrases(parse_query("unfolding")[0])["deconvolution"] < 1.0


def test_the_kin_of_a_word_is_the_kin_of_its_forms() -> None:
    assert "ligo" in phrases(parse_query("GW")[0])


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("a tagger for gravitational waves", ["tagger", "gravitational waves"]),
        ("the", ["the"]),
        ("", []),
        ("?! --", []),
        ("jets of the jets", ["jets"]),
        ("tracking jets tracking", ["tracking", "jets"]),
        ("a neural network for tracking", ["tracking"]),
        ("machine learning", ["machine learning"]),
        ("√s = 13 TeV jets", ["13 tev", "jets"]),
        ("13.6TeV", ["13 6 tev"]),
        ("150 particles", ["150", "particles"]),
        ("H→bb tagger", ["hbb", "tagger"]),
    ],
)
def test_a_question_has_the_terms_that_tell_something(question: str, terms: list[str]) -> None:
    assert asked(question) == terms


@pytest.mark.parametrize(
    ("question", "also"),
    [
        ("flavor", "flavour"),
        ("hadronization", "hadronisation"),
        ("analyse", "analyze"),
        ("modeling", "modelling"),
        ("centre", "center"),
        ("normalizing flows", "normalising flow"),
        ("Krueger", "kruger"),
        ("MET", "missing transverse energy"),
        ("$E_T^{miss}$", "missing transverse energy"),
        ("tt̄", "top quark pair"),
        ("ttbar", "tt"),
        ("e⁺e⁻", "electron positron"),
        ("Z prime", "zprime"),
        ("J psi", "jpsi"),
        ("Čerenkov", "cherenkov"),
        ("particle-flow", "pflow"),
        ("H→ττ", "xtautau"),
    ],
)
def test_another_spelling_expresses_the_term_as_well(question: str, also: str) -> None:
    (term,) = parse_query(question)
    assert phrases(term).get(also, 0.0) >= 0.7


def test_neighbours_are_also_looked_for_as_one_word() -> None:
    jet, net, number, data = (phrases(term) for term in parse_query("jet net 2 data"))
    assert "jetnet" in jet
    assert "jetnet" in net
    assert list(number) == ["2"]
    assert not any("net" in spelled or "2" in spelled for spelled in data)


def test_each_term_remembers_what_was_typed() -> None:
    question = r"Higgs bosons decaying to bottom quarks, $p_{\mathrm{T}}$ and “Large R” jets"
    terms = parse_query(question)
    assert [term.asked for term in terms] == [
        "Higgs bosons decaying to bottom quarks,",
        r"$p_{\mathrm{T}}$",
        "Large R",
        "jets",
    ]


@pytest.mark.parametrize("question", ['"gan" jets', "“gan” jets", "„gan“ jets", "«gan» jets"])
def test_a_quoted_text_is_required_and_has_no_synonyms(question: str) -> None:
    quoted, free = parse_query(question)
    assert quoted == Term(((("gan",), 1.0),), "gan", required=True)
    assert not free.required


def test_a_quoted_text_is_one_phrase_even_of_little_words() -> None:
    (term,) = parse_query('"the energy of a jet"')
    assert term.phrases == ((("the", "energy", "of", "a", "jet"), 1.0),)


@pytest.mark.parametrize(
    "question", ['a 5" wafer', '"jets', 'jets"', "“jets", '"" jets', r"Schr\"odinger \"x"]
)
def test_a_quote_without_its_partner_is_an_ordinary_character(question: str) -> None:
    assert not any(term.required for term in parse_query(question))


def test_a_long_question_is_cut() -> None:
    assert len(parse_query(" ".join(f"word{number}" for number in range(1000)))) == 40
    assert len(parse_query('"' + "jet " * 1000 + '"')[0].phrases[0][0]) == 40


@given(QUESTIONS)
def test_what_is_indexed_is_found_by_every_term_of_the_same_text(text: str) -> None:
    found = set(indexed(text).split())
    for term in parse_query(text):
        assert any(found.issuperset(phrase) for phrase, _ in term.phrases)


@given(QUESTIONS)
def test_terms_are_well_formed(text: str) -> None:
    terms = parse_query(text)
    assert len({(term.phrases[0][0], term.required) for term in terms}) == len(terms)
    for term in terms:
        assert term.asked
        assert len(dict(term.phrases)) == len(term.phrases)
        assert all(0 < weight <= 1 and phrase for phrase, weight in term.phrases)
        assert all(word.isalnum() for phrase, _ in term.phrases for word in phrase)


@given(st.text(alphabet="abcdeXYZ→-ü 13", min_size=1))
def test_any_text_without_quotes_in_quotes_is_one_required_term(text: str) -> None:
    terms = parse_query(f'"{text}"')
    assert [term.required for term in terms] == ([True] if indexed(text) else [])


def test_every_paraphrase_says_why_and_from_where_and_leads_to_terms_of_a_group() -> None:
    known = {tuple(words(term)) for group in document()["group"] for term in group["terms"]}
    said: list[str] = []
    for item in document()["paraphrase"]:
        assert item["reason"]
        assert CITED.search(item["source"]), item["source"]
        assert all(words(term) for term in item["stands_for"])
        assert all(tuple(words(text)) not in known for text in item["said"]), item["said"]
        said += [" ".join(words(text)) for text in item["said"]]
    assert len(said) == len(set(said))


def test_plain_words_find_the_term_for_them_and_the_term_does_not_search_for_plain_words() -> None:
    for item in document()["paraphrase"]:
        for text in item["said"]:
            found = phrases(parse_query(text)[0])
            for term in item["stands_for"]:
                assert 0 < found[" ".join(words(term)).removesuffix("s")] < 1.0, text
    assert "undo detector effects" not in phrases(parse_query("unfolding")[0])


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("undoing the effects of the detector", None),
        ("undo the detector effects", "unfolding"),
        ("overlapping proton collisions", "pileup"),
        ("new physics without labels", "anomaly detection"),
        ("trajectories of charged particles", "tracking"),
        ("b jets from the light jets", "flavour tagging"),
    ],
)
def test_words_of_grammar_and_endings_in_plain_words_do_not_matter(question: str, term: str | None) -> None:
    found = {phrase for one in parse_query(question) for phrase in phrases(one)}
    assert (term in found) if term else "unfolding" not in found


def test_what_a_paraphrase_begins_in_a_question_does_not_swallow_other_words() -> None:
    assert asked("overlapping collisions at the LHC") == ["overlapping collisions", "lhc"]
    assert asked("quark gluon jet dataset") == ["quark", "gluon", "jet", "dataset"]
