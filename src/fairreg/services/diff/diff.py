# SPDX-License-Identifier: MIT
"""Two records or files compared: metadata, files, weights and scores."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from fairreg.services.diff.files import FileDifference, compare_files
from fairreg.services.diff.metadata import FieldDifference, compare_fields
from fairreg.services.diff.scores import VerdictDifference, compare_verdicts
from fairreg.services.diff.sides import PARTS, Side, side_of
from fairreg.services.diff.weights import WeightsDifference, compare_weights
from fairreg.services.fetch.download import Progress
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["DiffReport", "diff"]


@dataclass(frozen=True)
class DiffReport:
    """Differences between `first` and `second`; a part that could not be compared is None.

    `fields` is the number of fields that either states, `verdicts` that of the indicators with a verdict on
    both sides. `metadata` and `scores` hold only what differs; `files` and `weights` hold each file.
    `not_compared` says of each missing part why.
    """

    first: Side
    second: Side
    fields: int
    verdicts: int
    metadata: tuple[FieldDifference, ...] | None
    files: tuple[FileDifference, ...] | None
    weights: tuple[WeightsDifference, ...] | None
    scores: tuple[VerdictDifference, ...] | None
    not_compared: dict[str, str]

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented

        return represented(
            self,
            brief(self.first.requested, 30),
            "and",
            f"{brief(self.second.requested, 30)}:",
            _result(self),
        )

    def _repr_html_(self) -> str:
        """View in a notebook."""
        from fairreg.services.diff.notebook import diff_view

        return diff_view(self)

    @property
    def differs(self) -> bool:
        """True if a difference was found in any part that was compared."""
        statuses = {item.status for item in self.files or ()} | {item.status for item in self.weights or ()}
        return bool(self.metadata or self.scores or statuses - {"same", "not compared", "not readable"})

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg diff --json`` prints."""
        return {
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "differs": self.differs,
            "metadata": _listed(self.metadata),
            "files": _listed(self.files),
            "weights": _listed(self.weights),
            "scores": _listed(self.scores),
            "not_compared": dict(self.not_compared),
        }


def _result(report: DiffReport) -> str:
    if report.differs:
        return "differ"
    return "no difference, not all compared" if report.not_compared else "no difference"


def _listed(items: Iterable[Any] | None) -> list[Any] | None:
    return None if items is None else [item.to_json() for item in items]


def diff(
    settings: Settings,
    first: str,
    second: str,
    *,
    log: Log = no_log,
    progress: Progress | None = None,
    registry: LazyRegistry | None = None,
) -> DiffReport:
    """Compare two records or files; the files of records are fetched first.

    Scores are those of stored assessments: nothing is assessed. `registry` is used instead of that of
    `settings`. Raises as `side_of`.
    """
    said = _once(log)
    with nullcontext(registry) if registry else LazyRegistry.of(settings) as known:
        sides = [side_of(settings, text, known, log=said, progress=progress) for text in (first, second)]
    return _compared(*sides)


def _once(log: Log) -> Log:
    """The log without lines that were there: a record is read for the list of its files, then for these."""
    said: set[str] = set()

    def told(line: str) -> None:
        if line not in said:
            said.add(line)
            log(line)

    return told


def _compared(first: Side, second: Side) -> DiffReport:
    why = {name: reason for name in PARTS if (reason := _why_not(name, first, second)) is not None}
    metadata = files = weights = None
    if first.fields is not None and second.fields is not None:
        metadata = compare_fields(first.fields, second.fields)
    if first.files is not None and second.files is not None and "files" not in why:
        files = _files(first, second)
    if first.weights is not None and second.weights is not None:
        weights = compare_weights(first.weights, second.weights)
    scores, verdicts = _scores(first, second) if "scores" not in why else (None, 0)
    fields = len({*(first.fields or ()), *(second.fields or ())}) if metadata is not None else 0
    return DiffReport(first, second, fields, verdicts, metadata, files, weights, scores, why)


def _files(first: Side, second: Side) -> tuple[FileDifference, ...]:
    if not first.is_single_file:
        return compare_files(first.files or (), second.files or ())
    # Two files that a person names are compared whatever they are called.
    (mine,), (other,) = first.files or (), second.files or ()
    (found,) = compare_files([mine], [other._replace(name=mine.name)])
    return (found._replace(second=other),)


def _scores(first: Side, second: Side) -> tuple[tuple[VerdictDifference, ...] | None, int]:
    if first.scores is None or second.scores is None:
        return None, 0
    mine, others = first.scores.verdicts, second.scores.verdicts
    known = [item for item in mine.keys() & others.keys() if "unknown" not in (mine[item], others[item])]
    found = compare_verdicts(first.scores, second.scores)
    return tuple(item for item in found if item.is_known), len(known)


def _why_not(part: str, first: Side, second: Side) -> str | None:
    """The reason why a part is not compared, None where it is."""
    reasons = [side.missing[part] for side in (first, second) if part in side.missing]
    if reasons:
        return "; ".join(dict.fromkeys(reasons))
    if part == "files" and first.is_single_file != second.is_single_file:
        single = first if first.is_single_file else second
        return f"{single.name} is one file, and the other a record of files; their weights are compared"
    if part == "scores" and first.scores and second.scores and first.scores.rules != second.scores.rules:
        named = " and ".join(" ".join(side.scores.rules) for side in (first, second) if side.scores)
        return f"they were scored by different rules: {named}; fairreg assess scores them again"
    return None
