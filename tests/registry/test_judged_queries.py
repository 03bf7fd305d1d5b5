# SPDX-License-Identifier: MIT
"""How well the search answers the judged queries of `tests/data`, and that they are measured as docs say."""

import json
import sys
from pathlib import Path

import evaluate_search
import pytest

from fairreg.registry import Registry, catalogue
from support.databases import Databases

PARTS = evaluate_search.own_parts()
# The floors lie a little under what is reached, so that a change that costs answers shows.
FLOORS = {"own queries": (0.92, 0.88, 0.92), "plain words": (0.80, 0.70, 0.65)}


@pytest.mark.sliced(2)
@pytest.mark.parametrize("part", PARTS)
def test_the_projects_own_queries_are_answered_well(read_only_registry: Registry, part: str) -> None:
    judged = PARTS[part]
    found = evaluate_search.answers(read_only_registry, list(judged))
    reached = evaluate_search.quality(part, judged, found)
    ndcg, recall, success = FLOORS[part.partition(",")[0]]
    assert reached.ndcg >= ndcg
    assert reached.recall >= recall
    assert reached.success >= success


@pytest.mark.shared
def test_queries_judged_by_others_are_answered_well(read_only_registry: Registry, shared: Path) -> None:
    judged = evaluate_search.read(shared / "catalogue" / "queries.json")
    found = evaluate_search.answers(read_only_registry, list(judged))
    reached = evaluate_search.quality("shared", judged, found)
    assert reached.ndcg >= 0.85
    assert reached.success >= 0.9


def test_judgements_are_of_records_that_exist() -> None:
    names = {record.name for record in catalogue.records()}
    for judged in PARTS.values():
        for query, grades in judged.items():
            assert set(grades) <= names, query
            assert set(grades.values()) <= {1, 2, 3}, query
            assert 3 in grades.values(), query


@pytest.mark.parametrize(("name", "fewest"), [("own queries", 75), ("plain words", 30)])
def test_about_a_third_of_the_queries_is_held_out(name: str, fewest: int) -> None:
    tuning, held_out = PARTS[f"{name}, tuning"], PARTS[f"{name}, held out"]
    assert len(tuning) >= fewest
    assert 0.25 < len(held_out) / (len(tuning) + len(held_out)) < 0.42
    assert all(map(evaluate_search.held_out, held_out))
    assert not any(map(evaluate_search.held_out, tuning))


def test_the_measures_are_those_of_the_literature() -> None:
    grades = {"a": 3, "b": 2, "c": 1}
    assert evaluate_search.ndcg(["a", "b", "c"], grades) == 1.0
    assert evaluate_search.ndcg(["x", "y"], grades) == 0.0
    # (7 / log2 3) over (7 + 3 / log2 3 + 1 / log2 4)
    assert evaluate_search.ndcg(["x", "a"], grades) == pytest.approx(0.470202, abs=1e-6)
    assert evaluate_search.recall(["x", "a"], grades) == pytest.approx(1 / 3)
    assert evaluate_search.recall([f"x{number}" for number in range(10)] + ["a"], grades) == 0.0
    assert evaluate_search.succeeds(["a", "x"], grades)
    assert not evaluate_search.succeeds(["b", "a"], grades)
    assert not evaluate_search.succeeds([], grades)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate_search.py", *map(str, arguments)])
    evaluate_search.main()


@pytest.mark.long("postgresql")
def test_the_script_measures_each_database_and_shows_no_held_out_query(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    databases: Databases,
    tmp_path: Path,
) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text('{"ParticleNet": {"ParticleNet": 3}}', encoding="utf-8")
    run(
        monkeypatch,
        mine,
        "--database",
        databases.url(tmp_path / "registry.sqlite", "catalogue"),
        "--json",
        "--verbose",
    )
    printed = capsys.readouterr()
    (figures,) = json.loads(printed.out).values()
    assert [part["part"] for part in figures] == [*PARTS, str(mine)]
    assert figures[-1] | {"part": ""} == {"part": "", "queries": 1, "ndcg": 1, "recall": 1, "success": 1}
    shown = set(printed.err.splitlines())
    for part, judged in PARTS.items():
        for query in judged:
            seen = any(line.endswith((f"hit  {query}", f"MISS {query}")) for line in shown)
            assert seen is part.endswith("tuning"), query


@pytest.mark.parametrize("content", ["[]", '{"query": {}}', "no json"])
def test_the_script_refuses_what_is_no_judged_queries(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, broken)
    assert ended.value.code != 0
