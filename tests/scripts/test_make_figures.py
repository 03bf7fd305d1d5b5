# SPDX-License-Identifier: MIT
"""docs/hbb-explanations.md quotes docs/figures.json, which `make figures` makes again."""

import copy
import json
import re

import figure_pages as pages
import make_figures
import package_reference
import pytest

from fairreg.models import hbb_in
from fairreg.registry import catalogue

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

FIGURES = json.loads(pages.FIGURES.read_text("utf-8"))
PAGE = pages.PAGE.read_text("utf-8")
PACKAGED = [name for name, study in pages.STUDIES.items() if not study.inputs]
# On another machine float32 differs in last digits, and few jets change places.
TOLERANCE = 1e-3


def test_the_tables_and_sentences_of_the_page_are_those_of_the_figures():
    assert pages.page(FIGURES) == PAGE
    assert pages.missing_sentences(FIGURES) == []


def test_every_table_with_numbers_of_fairreg_is_made_of_the_figures():
    made = re.sub(r"<!-- table ([\w-]+): make figures -->\n.*?<!-- end of \1 -->", "", PAGE, flags=re.DOTALL)
    rows = [line for line in made.splitlines() if line.startswith("|")]
    assert all("make figures" in line or line in {"| make | jets | figures and tables | takes |"}
               or set(line) <= set("|-") for line in rows)  # fmt: skip


@pytest.mark.parametrize("name", pages.STUDIES)
def test_every_study_has_its_command_jets_and_seed_and_says_whether_it_was_made_again(name):
    study = FIGURES["studies"][name]
    assert study["command"].startswith(("fairreg hbb ", "python scripts/"))
    assert "seed" in study["sample"]
    assert ("versions" in study) != ("transcribed" in study)
    assert {key: study[key] for key in ("command", "sample", "needs")} == pages.STUDIES[name].to_json()


def test_what_is_not_made_says_why_and_how():
    assert FIGURES["elsewhere"] == pages.ELSEWHERE
    assert all(item["why"] and item["command"] for item in pages.ELSEWHERE)


def test_a_number_that_changes_is_noticed_in_tables_and_in_sentences():
    changed = copy.deepcopy(FIGURES)
    features = changed["studies"]["mask reference packaged"]["numbers"]["features"]
    features["sv_pt"][0] += 2
    assert pages.page(changed) != PAGE
    (sentence,) = pages.missing_sentences(changed)
    assert sentence.startswith("Masking `sv_pt` alone costs")


def test_without_their_inputs_studies_keep_their_numbers(monkeypatch, tmp_path):
    monkeypatch.setattr(make_figures, "ANALYSES", dict.fromkeys(make_figures.ANALYSES, lambda *_: {"new": 1}))
    found = make_figures.measured(make_figures.Inputs(tmp_path), FIGURES["studies"])["studies"]
    assert [name for name, study in found.items() if study["numbers"] == {"new": 1}] == PACKAGED
    assert found["mask reference test"] == FIGURES["studies"]["mask reference test"]
    more = make_figures.Inputs(tmp_path, test=tmp_path, published=tmp_path)
    made = make_figures.measured(more, FIGURES["studies"])["studies"]
    kept = [name for name, study in made.items() if study["numbers"] != {"new": 1}]
    assert kept == ["reoptimise reference test"]


def test_the_document_has_short_lists_on_one_line_and_six_digits():
    text = make_figures._json({"a": [1 / 3, 2], "b": {"c": [1e-20, None]}, "d": "[ x ]"})
    assert text == '{\n "a": [0.333333, 2],\n "b": {\n  "c": [1e-20, null]\n },\n "d": "[ x ]"\n}\n'


def test_the_model_card_is_made_of_its_figures_and_names_seeds_and_commands():
    folder = hbb_in.REFERENCE.parent
    figures = json.loads((folder / "figures.json").read_text("utf-8"))
    own = {record.provenance.source_id: record for record in catalogue.records()}
    said = {item.type: item.target.value for item in own["fairreg-hbb-reference-1"].relations}
    card = package_reference.card(figures, own[said["trained_on"]], own[said["tested_on"]])
    assert card == (folder / "MODEL_CARD.md").read_text("utf-8")
    for words in ("--seed 1 ", "--seed 2", "QCD jets are weighted in pT", "of one family only", "--check"):
        assert words in card
    assert "byte for byte" not in card
    assert all("of one family only" in own[said[kind]].notes for kind in ("trained_on", "tested_on"))


def test_the_figures_of_the_card_and_of_the_page_are_the_same():
    card = json.loads(hbb_in.REFERENCE.with_name("figures.json").read_text("utf-8"))
    for name, study in (("packaged", "evaluate"), ("packaged_weighted", "evaluate-weighted")):
        numbers = FIGURES["studies"][f"{study} reference packaged"]["numbers"]
        assert_alike(card[name], numbers, 1e-4)


@pytest.mark.long
def test_the_test_sample_is_simulated_prepared_and_measured_and_made_once(tmp_path):
    pytest.importorskip("pythia8mc", reason="the extra simulate is not installed")
    pytest.importorskip("fastjet", reason="the extra simulate is not installed")
    test = make_figures.simulated(tmp_path, jets=8)
    inputs = make_figures.Inputs(tmp_path, test=test)
    found = make_figures._made(pages.STUDIES["activity reference test"], inputs)
    assert (found["jets"], found["nodes"]) == (8, 424)
    before = test.stat().st_mtime_ns
    assert make_figures.simulated(tmp_path, jets=8).stat().st_mtime_ns == before


@pytest.mark.long
@pytest.mark.parametrize("name", PACKAGED)
def test_the_figures_of_the_packaged_jets_are_made_again(tmp_path, name):
    found = make_figures._made(pages.STUDIES[name], make_figures.Inputs(tmp_path))
    known = dict(FIGURES["studies"][name]["numbers"])
    # Which features are below a threshold of a thousandth of a per cent may depend on last digits.
    thresholds = [dict(numbers.pop("thresholds", {})) for numbers in (found, known)]
    assert thresholds[0].keys() == thresholds[1].keys()
    assert_alike(found, known, TOLERANCE)
    study = pages.STUDIES[name].analysis
    drawn = {"mask": "mask-features", "lrp": "lrp-objects", "activity": "activity-pattern"}
    assert study not in drawn or (tmp_path / f"reference-packaged/{drawn[study]}.png").stat().st_size > 10_000


def assert_alike(found, known, tolerance):
    """Equal keys; numbers within `tolerance`, relative or absolute."""
    if isinstance(known, dict):
        assert found.keys() == known.keys()
        for key, value in known.items():
            assert_alike(found[key], value, tolerance)
    elif isinstance(known, list):
        for one, other in zip(found, known, strict=True):
            assert_alike(one, other, tolerance)
    elif known is None:
        assert found is None
    else:
        assert found == pytest.approx(known, rel=tolerance, abs=tolerance)
