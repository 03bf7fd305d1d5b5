# SPDX-License-Identifier: MIT
import json
from pathlib import Path

import compare_facts
import pytest
from compare_facts import Mapped

CHECKOUT = Path(__file__).parents[2]


def mapped(**facts):
    return Mapped("a.json", 0, "a", "zenodo", facts)


@pytest.mark.parametrize(
    ("before", "now", "word"),
    [
        ((2, "x"), (1, "x"), "fell"),
        ((2, "x"), (2, "x"), "same"),
        ((2, "x"), (2, "y"), "changed"),
        ((2, "x"), (3, "y"), "rose"),
    ],
)
def test_a_fact_falls_stays_changes_or_rises(before, now, word):
    assert compare_facts.change(mapped(creators=before), mapped(creators=now), "creators") == word


def test_a_payload_that_is_refused_now_is_a_fall_of_all_its_facts():
    assert compare_facts.change(mapped(records=(1, "x")), mapped(), "records") == "fell"


def test_a_fall_ends_with_1_unless_it_is_meant(monkeypatch, capsys):
    pairs = [(mapped(license=(1, "x"), files=(1, "f")), mapped(license=(0, ""), files=(1, "f")))]
    assert compare_facts.report(pairs) == 1
    assert "FEWER" in capsys.readouterr().out
    monkeypatch.setattr(
        compare_facts, "RIGHT", (("zenodo", "license", "an invalid one is no longer invented"),)
    )
    assert compare_facts.report(pairs) == 0
    assert "no longer invented" in capsys.readouterr().out


def test_a_version_is_compared_with_itself(tmp_path):
    record = {
        "id": 1234,
        "doi": "10.5281/zenodo.1234",
        "metadata": {
            "title": "Tagger",
            "resource_type": {"type": "software"},
            "creators": [{"name": "Rossi, Ada"}],
        },
    }  # fmt: skip
    (tmp_path / "zenodo").mkdir()
    (tmp_path / "zenodo" / "record.json").write_text(json.dumps(record), encoding="utf-8")
    ((before, now),) = compare_facts.compared(CHECKOUT, tmp_path, small=True)
    assert before == now
    assert (now.file, now.source, now.facts["creators"][0]) == ("zenodo/record.json", "zenodo", 1)
