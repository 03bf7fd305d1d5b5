# SPDX-License-Identifier: MIT
"""Verdicts of two assessments compared, indicator by indicator.

Only verdicts that rest on evidence are compared: where an indicator is unknown on one side, nothing is known
of a difference.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from fairreg.errors import RecordError
from fairreg.registry import Assessment, Registry

__all__ = ["ScoreState", "VerdictDifference", "compare_verdicts", "stored_scores"]

_UNKNOWN = "unknown"


class ScoreState(NamedTuple):
    """Scores of an assessment, 0 to 1, None where too much is unknown; verdicts and titles by indicator."""

    rubric: str
    rubric_version: str
    overall: float | None
    letters: Mapping[str, float | None]
    verdicts: Mapping[str, str]
    titles: Mapping[str, str]
    assessed_at: str | None = None

    @property
    def rules(self) -> tuple[str, str]:
        """The rubric and its version: verdicts of other rules are of other questions."""
        return self.rubric, self.rubric_version

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form of the scores, without the verdicts."""
        return {
            "rubric": self.rubric,
            "rubric_version": self.rubric_version,
            "overall": self.overall,
            "letters": dict(self.letters),
            "assessed_at": self.assessed_at,
        }


class VerdictDifference(NamedTuple):
    """An indicator with another verdict; None where the rubric of this side has no such indicator."""

    id: str
    title: str
    first: str | None
    second: str | None

    @property
    def is_known(self) -> bool:
        """True where both verdicts rest on evidence."""
        return _UNKNOWN not in (self.first, self.second)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return self._asdict()


def compare_verdicts(first: ScoreState, second: ScoreState) -> tuple[VerdictDifference, ...]:
    """Return the indicators with other verdicts, in the order of the rubric, unknown ones included."""
    ids = dict.fromkeys((*second.verdicts, *first.verdicts))
    titles = {**first.titles, **second.titles}
    found = (
        VerdictDifference(item, titles.get(item, item), first.verdicts.get(item), second.verdicts.get(item))
        for item in ids
    )
    return tuple(item for item in found if item.first != item.second)


class _Judged(msgspec.Struct):
    """Verdict in a stored report; other keys are left out, so that those of earlier releases are read."""

    id: str
    verdict: str
    title: str = ""


class _Part(msgspec.Struct):
    indicators: tuple[_Judged, ...]


class _StoredReport(msgspec.Struct):
    principles: dict[str, _Part]


def stored_scores(registry: Registry, made: Assessment) -> ScoreState | None:
    """Return the scores of a stored assessment, None where its report cannot be read."""
    try:
        report = msgspec.json.decode(registry.assessments.report(made), type=_StoredReport)
    except (RecordError, msgspec.DecodeError, RecursionError):
        return None
    judged = [item for part in report.principles.values() for item in part.indicators]
    return ScoreState(
        rubric=made.rubric,
        rubric_version=made.rubric_version,
        overall=made.overall,
        letters=dict(made.letters),
        verdicts={item.id: item.verdict for item in judged},
        titles={item.id: item.title or item.id for item in judged},
        assessed_at=made.assessed_at,
    )
