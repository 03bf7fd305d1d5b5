# SPDX-License-Identifier: MIT
"""Compare fairreg's scores of the judged records with those that were given by hand, from the rubric alone.

    python scripts/compare_hand_scores.py [--check]

Every folder of tests/assessment/judged is served on this machine and assessed as by ``fairreg assess``.
Printed are letters, differences, coverage, the rank correlation, and each indicator whose verdict differs,
with both reasons. docs/hand-scores.md is written; with `--check` it is not, and an old one gives exit code 1.
"""

import argparse
import csv
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from statistics import correlation
from typing import Any, NamedTuple

from fairreg.assessment.report import AssessmentReport, IndicatorResult, coverage_text
from fairreg.services.assess.assess import assess
from fairreg.settings import Settings

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
PAGE = ROOT / "docs" / "hand-scores.md"
JUDGED = ROOT / "tests" / "assessment" / "judged"
EXPLANATIONS = JUDGED.parent / "judged_differences.toml"
LETTERS = "FAIR"
CLOSE = 8.0  # points between two scores of a letter
MARK = "<!-- From here on written by scripts/compare_hand_scores.py. -->\n"


class Score(NamedTuple):
    """A score in percent: None where too little is known, its interval, and its coverage (0..1)."""

    value: float | None
    low: float
    high: float
    coverage: float

    @property
    def middle(self) -> float:
        """The score, or the middle of the interval: what the order goes by."""
        return (self.low + self.high) / 2 if self.value is None else self.value

    def __str__(self) -> str:
        return f"{self.low:.0f}-{self.high:.0f} ?" if self.value is None else f"{self.value:.0f}"


class Judgement(NamedTuple):
    """Scores of one record: by letter, with the overall one under "all"."""

    scores: Mapping[str, Score]
    verdicts: Mapping[str, tuple[str, str]]  # by indicator: verdict and reason
    profile: str = ""


class Difference(NamedTuple):
    """An indicator on which hand and program differ, each with its reason."""

    indicator: str
    hand: tuple[str, str]
    fairreg: tuple[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 for an old page")
    check = parser.parse_args().check
    by_hand, by_fairreg = hand(), measured()
    sys.stdout.writelines(f"{line}\n" for line in printed(by_hand, by_fairreg))
    if check:
        return int(PAGE.read_text(encoding="utf-8") != page(by_hand, by_fairreg))
    PAGE.write_text(page(by_hand, by_fairreg), encoding="utf-8", newline="\n")
    return 0


def hand() -> dict[str, Judgement]:
    """The hand scores by the name of the record."""
    verdicts: dict[str, dict[str, tuple[str, str]]] = {}
    for row in rows("hand_verdicts.csv"):
        verdicts.setdefault(row["record"], {})[row["indicator"]] = (row["verdict"], row["reason"])
    return {
        row["record"]: Judgement(
            {name: _by_hand(row, name) for name in (*LETTERS, "all")}, verdicts[row["record"]], row["profile"]
        )
        for row in rows("hand_scores.csv")
    }


def rows(name: str) -> list[dict[str, str]]:
    with (JUDGED / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _by_hand(row: Mapping[str, str], name: str) -> Score:
    word = "overall" if name == "all" else name
    value = row[word]
    low, high, coverage = (float(row[f"{word}_{part}"]) for part in ("low", "high", "coverage"))
    return Score(float(value) if value else None, low, high, coverage / 100)


def measured() -> dict[str, Judgement]:
    """The scores by fairreg, each record in a world and a registry of its own."""
    return {
        folder.name: judged(assessed(folder)) for folder in import_module("support.judged_world").folders()
    }


def assessed(folder: Any) -> AssessmentReport:
    """The report of `fairreg assess` for a folder (`support.judged_world.JudgedFolder`), on local servers."""
    world, servers = import_module("support.judged_world"), import_module("pytest_httpserver")
    with servers.HTTPServer(host="127.0.0.1") as server, tempfile.TemporaryDirectory() as home:
        world.serve(server, folder)
        settings = Settings.from_environment({"FAIRREG_HOME": home, **world.environment(server)})
        return assess(settings, folder.identifier)


def judged(report: AssessmentReport) -> Judgement:
    """The scores of a report in percent."""
    letters = {
        name: _score(report.letters[name], report.letter_intervals[name], report.letter_coverage[name])
        for name in LETTERS
    }
    whole = _score(report.overall, report.interval, report.coverage)
    results = (item for part in report.principles.values() for item in part.indicators)
    return Judgement({**letters, "all": whole}, {item.id: _told(item) for item in results})


def _score(value: float | None, interval: tuple[float, float] | None, coverage: float) -> Score:
    low, high = interval or (0.0, 1.0)
    return Score(None if value is None else 100 * value, 100 * low, 100 * high, coverage)


def _told(item: IndicatorResult) -> tuple[str, str]:
    return item.verdict.value, item.reason


def agrees(one: Score, other: Score) -> bool:
    """Whether two scores of a letter are as close as they should be.

    Without a number on one side, the number of the other lies in the interval.
    """
    if one.value is not None and other.value is not None:
        return abs(one.value - other.value) <= CLOSE
    if one.value is None and other.value is None:
        return True
    unknown, known = (one, other) if one.value is None else (other, one)
    return unknown.low - CLOSE / 16 <= known.middle <= unknown.high + CLOSE / 16  # hand scores are rounded


def spearman(by_hand: Mapping[str, Judgement], by_fairreg: Mapping[str, Judgement]) -> float:
    """Spearman's rank correlation of the orders; equal scores share the mean of their ranks."""
    middles = [[side[name].scores["all"].middle for name in by_hand] for side in (by_hand, by_fairreg)]
    return correlation(*map(_ranks, middles))


def _ranks(values: list[float]) -> list[float]:
    """The rank of each value, from 1; equal values share the mean of theirs."""
    ordered = sorted(values)
    return [ordered.index(value) + (ordered.count(value) + 1) / 2 for value in values]


def differences(by_hand: Judgement, by_fairreg: Judgement) -> list[Difference]:
    """The indicators whose verdicts differ."""
    assert set(by_hand.verdicts) == set(by_fairreg.verdicts)
    pairs = ((name, told, by_fairreg.verdicts[name]) for name, told in by_hand.verdicts.items())
    return [Difference(*item) for item in pairs if item[1][0] != item[2][0]]


def explanations() -> tuple[list[dict[str, str]], dict[tuple[str, str], str]]:
    """Why verdicts differ, a group an entry, and why a letter (record, letter) is too far off."""
    told = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))
    letters = {(item["record"], item["letter"]): item["why"] for item in told.get("letter", [])}
    return told.get("difference", []), letters


def printed(by_hand: Mapping[str, Judgement], by_fairreg: Mapping[str, Judgement]) -> Iterator[str]:
    """Yield the lines of the comparison for people."""
    for name, judgement in by_hand.items():
        yield name
        for letter in (*LETTERS, "all"):
            one, other = judgement.scores[letter], by_fairreg[name].scores[letter]
            far = "" if agrees(one, other) else "  << off"
            yield (
                f"  {letter:3}  hand {one!s:>10}  fairreg {other!s:>10}  difference "
                f"{other.middle - one.middle:+5.1f}  coverage {coverage_text(other.coverage)}{far}"
            )
    count = 0
    for name, judgement in by_hand.items():
        for item in differences(judgement, by_fairreg[name]):
            count += 1
            yield f"{name} {item.indicator}"
            yield f"  hand    {item.hand[0]}: {item.hand[1]}"
            yield f"  fairreg {item.fairreg[0]}: {item.fairreg[1]}"
    total = sum(len(item.verdicts) for item in by_hand.values())
    yield f"{count} of {total} verdicts differ; rank correlation {spearman(by_hand, by_fairreg):.3f}"


def page(by_hand: Mapping[str, Judgement], by_fairreg: Mapping[str, Judgement]) -> str:
    """The text of docs/hand-scores.md: what is written by hand, and the tables behind the mark."""
    start = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    lines = (
        *_scores(by_hand, by_fairreg),
        "",
        *_figures(by_hand, by_fairreg),
        "",
        *_reasons(by_hand, by_fairreg),
    )
    return "\n".join((f"{start}{MARK}", *lines)) + "\n"


def _scores(by_hand: Mapping[str, Judgement], by_fairreg: Mapping[str, Judgement]) -> Iterator[str]:
    yield "| record | F | A | I | R | overall | coverage | profile |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, judgement in by_hand.items():
        own = by_fairreg[name].scores
        cells = (f"{judgement.scores[letter]} / {own[letter]}" for letter in (*LETTERS, "all"))
        yield f"| {name} | {' | '.join(cells)} | {coverage_text(own['all'].coverage)} | {judgement.profile} |"


def _figures(by_hand: Mapping[str, Judgement], by_fairreg: Mapping[str, Judgement]) -> Iterator[str]:
    total = sum(len(item.verdicts) for item in by_hand.values())
    differ = sum(len(differences(item, by_fairreg[name])) for name, item in by_hand.items())
    yield (
        f"Spearman's rank correlation of the two orders is {spearman(by_hand, by_fairreg):.2f}. "
        f"Of {total} verdicts {total - differ} are the same."
    )


def _reasons(by_hand: Mapping[str, Judgement], by_fairreg: Mapping[str, Judgement]) -> Iterator[str]:
    groups, letters = explanations()
    if letters:
        yield "## Letters that are further apart\n"
        yield "| record | letter | why |"
        yield "|---|---|---|"
        yield from (f"| {record} | {letter} | {why} |" for (record, letter), why in letters.items())
        yield ""
    yield "## Where hand and program differ, and why\n"
    yield "| indicator | records | by hand | by fairreg | why |"
    yield "|---|---|---|---|---|"
    for group in groups:
        names = [name for name in by_hand if name[:2] in group["records"]]
        one = {by_hand[name].verdicts[group["indicator"]][0] for name in names}
        other = {by_fairreg[name].verdicts[group["indicator"]][0] for name in names}
        shown = (
            group["indicator"],
            ", ".join(group["records"]),
            ", ".join(sorted(one)),
            ", ".join(sorted(other)),
        )
        yield f"| {' | '.join(shown)} | {group['why']} |"


if __name__ == "__main__":
    raise SystemExit(main())
