# SPDX-License-Identifier: MIT
"""What every FAIR indicator keeps, built in or from outside."""

import re
from importlib.metadata import EntryPoint

import pytest

from assessment.samples import BARE, DATASET, HBB
from fairreg import plugins
from fairreg.assessment import rubric
from fairreg.assessment.base import Finding, Verdict
from fairreg.errors import PluginError

INDICATORS = rubric.indicators()
CHECKS = rubric.indicators(rubric.DATASETS)
ALL = (*INDICATORS, *CHECKS)
CHECK_ROW = re.compile(r"^\| ([FAIR]\d(?:\.\d)?[ab]?) \| ([^|]+) \|", re.MULTILINE)
ROW = re.compile(r"^\| ([FAIR]\d(?:\.\d)?-\d+) \| ([123]) \| ([^|]+) \|", re.MULTILINE)


def test_the_rubric_holds_together():
    assert rubric.checked(INDICATORS) == INDICATORS
    assert {item.principle for item in INDICATORS} == set(rubric.PRINCIPLES)
    assert {item.principle for item in CHECKS} == set(rubric.DATASETS.principles)


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)
def test_it_has_an_id_a_weight_a_title_and_its_rule_in_words(item):
    assert re.fullmatch(r"[FAIR]\d(\.\d)?(-\d+|[ab])?", item.id)
    assert item.weight in {1, 2, 3}
    assert item.title
    assert item.rule.passes
    assert item.rule.fails
    assert item.assess.__doc__


@pytest.mark.sliced(5)
@pytest.mark.parametrize("evidence", [BARE, HBB, DATASET], ids=["bare", "model", "dataset"])
@pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)
def test_it_answers_any_evidence_and_always_the_same(item, evidence):
    finding = item.assess(evidence)
    assert isinstance(finding, Finding)
    assert finding == item.assess(evidence)
    assert finding.reason.endswith(".")
    assert bool(finding.remedy) == (finding.verdict in {Verdict.PARTIAL, Verdict.FAIL})
    if finding.verdict is Verdict.PARTIAL:
        assert item.rule.partial


@pytest.mark.shared
def test_ids_and_weights_are_those_of_the_specification(shared):
    text = (shared / "RUBRIC.md").read_text(encoding="utf-8")
    specified = {number: int(weight) for number, weight, _ in ROW.findall(text)}
    assert len(specified) == 50
    assert {item.id: item.weight for item in INDICATORS if item.id in specified} == specified


@pytest.mark.shared
def test_the_dataset_checks_are_those_of_the_specification(shared):
    text = (shared / "RUBRIC.md").read_text(encoding="utf-8")
    specified = [number for number, _ in CHECK_ROW.findall(text.partition("fair-datasets")[2])]
    assert [item.id for item in CHECKS] == specified
    assert len(CHECKS) == 16


def test_a_package_that_takes_the_number_of_an_indicator_is_refused_in_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "taken_number.py").write_text(
        "from fairreg.assessment.base import indicator\n"
        "from fairreg.assessment.findings import unknown\n"
        "@indicator('F2-1', weight=1, title='x', passes='x', fails='x')\n"
        "def again(evidence):\n    return unknown('Not read.')\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    room = rubric.MODELS.room
    point = EntryPoint("taken_number", "taken_number", room)
    monkeypatch.setattr(plugins, "_installed", lambda: {room: (point,)})
    monkeypatch.setattr(plugins, "names", plugins.names.__wrapped__)
    with pytest.raises(PluginError, match=r"taken_number.*already has an indicator F2-1") as caught:
        rubric.indicators.__wrapped__(rubric.MODELS)
    assert "Uninstall taken_number" in caught.value.hint
