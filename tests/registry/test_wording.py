# SPDX-License-Identifier: MIT
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.registry.vocabulary import _vocabulary, understand
from fairreg.registry.wording import fold, indexed, words


@pytest.mark.parametrize(
    "text",
    [
        "Hbb",
        "H→bb",
        "H → bb̄",
        "H->bb",
        "H --> b b",
        "H(bb)",
        "h bb",
        "H to bb",
        "higgs to bb",
        "Higgs to bottom quarks",
        "Higgs bosons decaying to a pair of b quarks",
        "Higgs → bb",
        r"$H\to b\bar{b}$",
        r"$H \rightarrow b \bar b$",
        r"\mathrm{H} \to \mathrm{b\overline{b}}",
        "HiggsToBB",
        "HToBB",
        "htobb",
        "h2bb",
        "ℋ→bb",
    ],
)
def test_every_spelling_of_the_decay_is_one_word(text: str) -> None:
    assert "hbb" in words(text)
    assert "hbb" in indexed(text).split()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("H→ττ", "htautau"),
        ("Higgs to tau leptons", "htautau"),
        ("H→γγ", "hgammagamma"),
        ("Z->mumu", "zmumu"),
        ("W → qq", "wqq"),
        ("X→cc", "xcc"),
    ],
)
def test_other_decays_have_their_word(text: str, word: str) -> None:
    assert word in words(text)


@pytest.mark.parametrize("text", ["tt̄ and bb events", "the higgs", "h5 files", "bottom quarks", "HBB0"])
def test_no_decay_is_invented(text: str) -> None:
    assert "hbb" not in words(text)


def test_greek_diacritics_and_humps() -> None:
    assert words("OmniJet-α ν²-Flows Müller τ") == ["omnijet", "alpha", "nu2", "flows", "muller", "tau"]
    assert indexed("CaloDiffusion") == "calodiffusion calo diffusion"
    assert fold("  PyTorch—Lightning ") == "pytorch lightning"


@given(st.text())
def test_any_text_becomes_words_of_letters_and_digits(text: str) -> None:
    for word in words(text):
        assert word.isalnum()
    indexed(text)
    fold(text)


def test_the_vocabulary_is_well_formed() -> None:
    import tomllib
    from importlib.resources import files

    document = tomllib.loads(
        files("fairreg.registry").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    )
    for group in [*document["group"], {"relation": "form", **document["everywhere"]}]:
        assert group["reason"]
        assert group["relation"] in {"form", "kin"}
        assert len(group["terms"]) == len(set(group["terms"])) > 1
    assert ("gan",) in _vocabulary().groups


def test_a_known_phrase_is_one_term_and_little_words_are_none() -> None:
    assert [term.phrases[0][0] for term in understand("a tagger for gravitational waves")] == [
        ("tagger",),
        ("gravitational", "waves"),
    ]
    assert [term.phrases[0][0] for term in understand("the")] == [("the",)]
    assert understand("") == ()
