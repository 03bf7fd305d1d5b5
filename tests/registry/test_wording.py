# SPDX-License-Identifier: MIT
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fairreg.registry.text.normalization import fold, indexed, name_variant, words, written
from fairreg.registry.text.notation import plain

# Text as physicists write it: letters, Greek, signs of notation, and what else Unicode has.
PHYSICS = st.text(alphabet="hHzZwWxXbBtTeEμτγψνÖüßøŁaeo→-−=>()[]{}$\\^_'′\"+ ./√√sqrt120TeV") | st.text()


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
        "H_to_bb",
        "H_bb",
        r"$H\to b\bar{b}$",
        r"$H \rightarrow b \bar b$",
        r"\mathrm{H} \to \mathrm{b\overline{b}}",
        r"$H^0 \to bb$ or H→bb",
        "HiggsToBB",
        "MyHToBB",
        "HToBB",
        "htobb",
        "h2bb",
        "ℋ→bb",
        "H→b b̅",
    ],
)
def test_every_spelling_of_the_decay_is_one_word(text: str) -> None:
    assert "hbb" in words(text)
    assert "hbb" in indexed(text).split()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("H→ττ", ["htautau"]),
        ("H→τ⁺τ⁻", ["htautau"]),
        (r"$H \to \tau^+\tau^-$", ["htautau"]),
        ("Higgs to tau leptons", ["htautau"]),
        ("Higgs to bottom quarks tagger", ["hbb", "tagger"]),
        ("H→γγ", ["hgammagamma"]),
        ("Z->mumu", ["zmumu"]),
        ("Z → μ+μ−", ["zmumu"]),
        ("W → qq", ["wqq"]),
        ("X→cc", ["xcc"]),
    ],
)
def test_other_decays_have_their_word(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize("text", ["tt̄ and bb events", "the higgs", "h5 files", "bottom quarks", "HBB0"])
def test_no_decay_is_invented(text: str) -> None:
    assert "hbb" not in words(text)


@pytest.mark.parametrize(
    ("text", "notation_free"),
    [
        ("p_T", "pT"),
        ("$p_{\\mathrm{T}}$", "pT"),
        ("E_T^miss", "ETmiss"),
        (r"$E_{\mathrm{T}}^{\mathrm{miss}}$", "ETmiss"),
        ("anti-$k_t$", "anti-kt"),
        ("ΔR", "deltaR"),
        ("∆R", "DeltaR"),
        ("Z'", "Zprime"),
        ("Z′→ττ", "Zprime to tautau"),
        (r"$W^\prime$", "Wprime"),
        ("b's", "b's"),
        ("J/ψ", "Jpsi"),
        ("B⁰", "B0"),
        ("$B^{0}$", "B0"),
        ("τ⁺τ⁻", "tautau"),
        ("e+e− and e^+e^-", "ee and ee"),
        ("√s = 13 TeV", "sqrts = 13 TeV"),
        (r"\sqrt{s}", " sqrts"),
        ("sqrt(s)", "sqrts"),
        ("µm", "mum"),
        ("x_train", "x_train"),
        (r"Schr\"odinger", "Schrödinger"),
        (r"M{\"u}ller", "Müller"),
        (r"S{\o}gaard", "Søgaard"),
        (r"\v{S}imko", "Šimko"),
        (r"Dom\'{\i}nguez", "Domínguez"),
        ("a plain text", "a plain text"),
    ],
)
def test_notation_becomes_text(text: str, notation_free: str) -> None:
    stripped = " ".join(plain(text).replace("$", "").split())
    assert stripped == notation_free.strip()


def test_greek_diacritics_and_humps() -> None:
    assert words("OmniJet-α ν²-Flows Müller τ") == ["omnijet", "alpha", "nu2", "flows", "muller", "tau"]
    assert indexed("CaloDiffusion") == "calodiffusion calo diffusion"
    assert fold("  PyTorch—Lightning ") == "pytorch lightning"


@pytest.mark.parametrize(
    ("record", "question"),
    [
        ("Müller", "Mueller"),
        ("Müller", "Muller"),
        ("Mueller", "Müller"),
        ("Mueller", "Muller"),
        ("Michael Krämer", "kraemer"),
        ("Andreas Søgaard", "Sogaard"),
        ("Andreas Søgaard", "Soegaard"),
        ("Aarrestad", "Årrestad"),
        ("Łukasz", "lukasz"),
        ("Weiß", "Weiss"),
        ("Bresó", "Breso"),
        ("anti-kt", "antikt"),
        ("b-tagging,", "btagging"),
        ("(pre-trained)", "pretrained"),
        ("Hyper\u2010Kamiokande", "HyperKamiokande"),
        ("GPT-2", "gpt2"),
        ("8TeV", "8 TeV"),
    ],
)
def test_what_is_written_one_way_is_found_the_other(record: str, question: str) -> None:
    assert set(words(question)) <= set(indexed(record).split())


def test_only_names_lose_the_second_of_two_letters() -> None:
    assert name_variant("mueller") == "muller"
    assert [name_variant(word) for word in ("value", "question", "plain", "")] == [None] * 4
    assert indexed("true values of the queue") == "true values of the queue"


def test_other_spellings_come_after_the_text_and_only_once() -> None:
    assert indexed("JetNet and JetNet data") == "jetnet and jetnet data jet net"
    assert indexed("one", "", "two three") == "one\ntwo three"


@given(PHYSICS)
def test_any_text_becomes_words_of_letters_and_digits(text: str) -> None:
    for word in [*words(text), *written(text), *indexed(text).split(), *fold(text).split()]:
        assert word.isalnum()


@given(PHYSICS)
@example("X BbHToBB")
@example("H W WToQQ")
def test_what_is_indexed_is_found_by_the_same_text(text: str) -> None:
    found = indexed(text)
    assert set(words(text)) <= set(found.split())
    assert f" {found} ".startswith(f" {' '.join(written(text))} ")


@given(PHYSICS)
def test_putting_words_into_one_spelling_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words(" ".join(words(text))) == words(text)


@given(st.text(alphabet="abcdefghij ÄÖÜéèñçÅ"))
def test_composed_and_decomposed_letters_are_the_same(text: str) -> None:
    assert indexed(unicodedata.normalize("NFD", text)) == indexed(unicodedata.normalize("NFC", text))


@given(PHYSICS)
def test_case_never_matters_to_filters(text: str) -> None:
    assert fold(text.swapcase().casefold()) == fold(text.casefold())
