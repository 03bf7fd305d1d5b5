# SPDX-License-Identifier: MIT
"""Documents of ``assess``."""

from typing import Annotated, Literal

from msgspec import Meta, field

from fairreg.schemas.documents.base import DocumentPart

__all__ = ["AssessDocument", "AssessManyDocument", "EarlierAssessment"]

# [low, high], 0 to 1: unknown verdicts counted as fails, and as passes.
ScoreInterval = Annotated[list[float], Meta(min_length=2, max_length=2)]
VerdictName = Literal["pass", "partial", "fail", "not_applicable", "unknown"]


class EvidenceItem(DocumentPart, frozen=True):
    """Piece of evidence that was read."""

    source: str
    """Kind of its source, such as record, probe, file, policy, or request: the identifier asked for."""
    what: str
    """Field of the record, kind of probe, or path of the file."""
    value: str
    """Value, or an excerpt."""
    where: str | None
    """Place in it, or the page that states it; null where there is none to give."""
    digest: str | None
    """Digest of the file; null where it is no file."""
    when: str | None
    """Time of the reading (ISO 8601); null where it is that of the assessment."""
    origin: Literal["stated", "inferred", "computed"]
    """How the value was obtained."""


class RuleInWords(DocumentPart, frozen=True):
    """Rule of an indicator, in words."""

    passes: str = field(name="pass")
    """Condition of a pass."""
    fails: str = field(name="fail")
    """Condition of a fail."""
    partial: str | None
    """Condition of a partial verdict; null where the rubric has none."""


class IndicatorVerdict(DocumentPart, frozen=True):
    """Verdict of one indicator."""

    id: str
    """Number of the indicator, such as R1.1-1."""
    weight: int
    """Weight: 3 essential, 2 important, 1 useful."""
    verdict: VerdictName
    """Verdict: a pass counts 1, partial 0.5, fail 0."""
    reason: str
    """Reason in a sentence."""
    evidence: list[EvidenceItem]
    """Evidence."""
    remedy: str | None
    """Next step; null where no points are missing."""
    title: str
    """Indicator in words."""
    rule: RuleInWords
    """Rule."""
    corresponds_to: list[str]
    """Metrics of other tools that ask the same."""


class PrincipleScore(DocumentPart, frozen=True):
    """Score of one principle."""

    score: float | None
    """Score, 0 to 1; null below a coverage of 0.8, or where no indicator applies."""
    interval: ScoreInterval | None
    """[low, high], 0 to 1: unknown counted as fail, and as pass; null where no indicator applies."""
    coverage: float
    """Weight of the indicators with a verdict over that of all that apply, 0 to 1."""
    maturity: int | None
    """Maturity, 0 to 3; null without a score."""
    indicators: list[IndicatorVerdict]
    """Indicators."""


class BadgeOfReport(DocumentPart, frozen=True):
    """Badge."""

    awarded: bool
    """True if it is awarded."""
    label: str
    """Overall score in words, awarded or not ("FAIR 57 %"); the file of --badge says "not awarded" then."""
    reason: str
    """Why it is awarded, or by which indicators, with their titles, it would be."""


class ChangedVerdict(DocumentPart, frozen=True):
    """Indicator whose verdict changes with the additions of fairreg's catalogue."""

    id: str
    """Number of the indicator."""
    published: VerdictName
    """Verdict of what the author published."""
    with_fairreg: VerdictName
    """Verdict with the additions."""


class ScoresWithFairreg(DocumentPart, frozen=True):
    """Scores with the additions of fairreg's catalogue."""

    overall: float | None
    """Overall score, 0 to 1; null where a letter lacks evidence, or no indicator applies."""
    interval: ScoreInterval | None
    """[low, high], 0 to 1: unknown counted as fail, and as pass; null where no indicator applies."""
    coverage: float
    """Weight of the indicators with a verdict over that of all that apply, 0 to 1."""
    letters: dict[str, float | None]
    """Score by letter (F, A, I, R), 0 to 1; null below a coverage of 0.8, or where no indicator applies."""
    letter_intervals: dict[str, ScoreInterval | None]
    """[low, high] by letter, 0 to 1; null where no indicator applies."""
    letter_coverage: dict[str, float]
    """Coverage by letter, 0 to 1."""
    added: list[str]
    """Fields that are added."""
    changed: list[ChangedVerdict]
    """Verdicts that change."""


class RemedyToDoFirst(DocumentPart, frozen=True):
    """Remedy with a large gain for little work."""

    id: str
    """Number of the indicator."""
    title: str
    """Indicator in words."""
    verdict: VerdictName
    """Verdict now."""
    gain: float
    """Rise of the score if the indicator passes, 0 to 1."""
    reaches: float
    """Score after it, 0 to 1."""
    of: Literal["overall", "least"]
    """Score that rises: the overall one, or the least possible one where too much is unknown."""
    effort: Literal["file", "field", "work"]
    """What it needs: a file that --fix drafts, a field to fill in where it is published, or other work."""
    file: str | None
    """Name of the file that --fix drafts for it; null where it drafts none."""
    remedy: str
    """Next step."""


class UndecidedIndicators(DocumentPart, frozen=True):
    """Indicators without a verdict."""

    ids: list[str]
    """Their numbers."""
    how: str
    """What makes it known, in a sentence."""


class AssessDocument(DocumentPart, frozen=True):
    """FAIR scores of a model or dataset, with the evidence for each verdict."""

    id: str
    """Identifier of the record."""
    rubric: str
    """Rubric."""
    rubric_version: str
    """Version of the rubric."""
    overall: float | None
    """Overall score, 0 to 1; null where a letter lacks evidence, or no indicator applies."""
    interval: ScoreInterval | None
    """[low, high], 0 to 1: unknown counted as fail, and as pass; null where no indicator applies."""
    coverage: float
    """Weight of the indicators with a verdict over that of all that apply, 0 to 1."""
    letters: dict[str, float | None]
    """Score by letter (F, A, I, R), 0 to 1; null below a coverage of 0.8, or where no indicator applies."""
    letter_intervals: dict[str, ScoreInterval | None]
    """[low, high] by letter, 0 to 1; null where no indicator applies."""
    letter_coverage: dict[str, float]
    """Coverage by letter, 0 to 1."""
    principles: dict[str, PrincipleScore]
    """Score by principle, such as F1."""
    badge: BadgeOfReport | None
    """Badge; null without an overall score."""
    assessed_at: str
    """Time at which the evidence was gathered (ISO 8601)."""
    evidence_digest: str
    """Digest of the evidence, from which the same report can be computed again."""
    equal_weights: float | None
    """Score of a dataset with equal weights, 0 to 1; null without an overall score, and for models."""
    with_fairreg: ScoresWithFairreg | None
    """Scores with the additions of fairreg's catalogue; null where it adds nothing."""
    do_first: list[RemedyToDoFirst]
    """Remedies with the largest gain for the least work."""
    undecided: list[UndecidedIndicators]
    """Indicators without a verdict, and what makes them known."""
    notice: str | None
    """Sentence that only fairreg's catalogue was read, and no record of the author; null where one was."""


class AssessedRow(DocumentPart, frozen=True):
    """Scores of one record."""

    id: str
    """Identifier of the record."""
    name: str
    """Title."""
    source: str
    """Source of the record."""
    rubric: str
    """Rubric."""
    overall: float | None
    """Overall score, 0 to 1; null where a letter lacks evidence, or no indicator applies."""
    interval: ScoreInterval | None
    """[low, high], 0 to 1: unknown counted as fail, and as pass; null where no indicator applies."""
    coverage: float
    """Weight of the indicators with a verdict over that of all that apply, 0 to 1."""
    letters: dict[str, float | None]
    """Score by letter (F, A, I, R), 0 to 1; null below a coverage of 0.8, or where no indicator applies."""
    letter_coverage: dict[str, float]
    """Coverage by letter, 0 to 1."""
    failed: list[str]
    """Indicators that fail."""


class AssessFailure(DocumentPart, frozen=True):
    """Record that could not be assessed."""

    id: str
    """Identifier of the record."""
    reason: str
    """Reason in a sentence."""


class MeansOfSource(DocumentPart, frozen=True):
    """Means over the records of a source."""

    count: int
    """Number of records."""
    overall: float | None
    """Mean overall score, 0 to 1; null where none has one."""
    coverage: float | None
    """Mean coverage, 0 to 1; null where none has one."""
    letters: dict[str, float | None]
    """Mean score by letter, 0 to 1; null where none has one."""


class MeansByRubric(MeansOfSource, frozen=True):
    """Means over the records of a source that were scored by one rubric."""

    source: str
    """Source."""
    rubric: str
    """Rubric."""
    scored: int
    """Number of records behind the mean overall score."""
    letters_scored: dict[str, int]
    """Number of records behind the mean of each letter."""


class CommonFailure(DocumentPart, frozen=True):
    """Indicator that fails often."""

    rubric: str
    """Rubric."""
    id: str
    """Number of the indicator."""
    count: int
    """Number of records on which it fails."""


class AssessManyDocument(DocumentPart, frozen=True):
    """FAIR scores of many records."""

    query: str
    """Query; empty for all records."""
    offline: bool
    """True if no service was asked."""
    chosen: int
    """Number of records that were chosen."""
    skipped: int
    """Number of records that were assessed before."""
    resumed: bool
    """True if it continued an earlier run that was stopped."""
    rows: list[AssessedRow]
    """Scores of each record."""
    failures: list[AssessFailure]
    """Records that could not be assessed."""
    seconds: float
    """Duration in seconds."""
    assessed: int
    """Number of records that were assessed."""
    compared: int
    """Number of records whose score is shown by search."""
    unchanged: int
    """Number of assessed records whose assessment was stored before; nothing new is stored of them."""
    by_source: dict[str, MeansOfSource]
    """Means by source."""
    by_rubric: list[MeansByRubric]
    """Means by source and rubric: scores of models and of datasets do not compare."""
    commonest_failures: list[CommonFailure]
    """Indicators that fail most often."""


class EarlierAssessment(DocumentPart, frozen=True):
    """One assessment of an object."""

    id: str
    """Identifier of the record."""
    rubric: str
    """Rubric."""
    rubric_version: str
    """Version of the rubric."""
    assessed_at: str
    """Time at which the evidence was gathered (ISO 8601)."""
    judged_at: str
    """Time of the assessment (ISO 8601), kept where a newer rubric scores its evidence again."""
    offline: bool
    """True if no service was asked."""
    overall: float | None
    """Overall score by the rules of `rubric_version`, 0 to 1; null without one."""
    coverage: float
    """Weight of the indicators with a verdict over that of all that apply, 0 to 1."""
    letters: dict[str, float | None]
    """Score by letter (F, A, I, R), 0 to 1; null without one."""
    evidence_digest: str
    """Digest of the evidence."""
