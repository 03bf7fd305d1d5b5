# SPDX-License-Identifier: MIT
"""The contract of an indicator: one decorated function in the file of its principle.

    @indicator("F1-1", weight=3, title="Persistent identifier scheme",
               passes="a DOI", partial="an https address", fails="none", corresponds_to=("FsF-F1-01MD-1",))
    def persistent_scheme(evidence: Evidence) -> Finding: ...

An indicator is a pure function of `Evidence`: it reads no network, disk, clock or registry. Where the
evidence that it needs was not read it answers `unknown`, which is never a fail.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal

import msgspec

from fairreg.assessment.evidence import Evidence
from fairreg.schemas.record import Origin

__all__ = ["Citation", "Finding", "Indicator", "Rule", "Verdict", "indicator"]


class Verdict(StrEnum):
    """Verdict of an indicator: pass counts 1, partial 0.5, fail 0; the others do not count."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    PARTIAL = "partial"
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"

    @property
    def points(self) -> float | None:
        """Points of the verdict; None for one that leaves the denominator."""
        return {"pass": 1.0, "partial": 0.5, "fail": 0.0}.get(self.value)


class Citation(msgspec.Struct, frozen=True):
    """Evidence read (`source` and `what`: a field, kind or path), its place, excerpt, digest and time."""

    source: Literal[
        "record", "datacite", "probe", "file", "document", "model", "dataset", "policy", "request"
    ]
    what: str
    value: str
    where: str | None = None
    digest: str | None = None
    when: str | None = None
    origin: Origin = "stated"


class Finding(msgspec.Struct, frozen=True):
    """A verdict, its reason in one sentence, its evidence, and the next step where points are missing."""

    verdict: Verdict
    reason: str
    evidence: tuple[Citation, ...] = ()
    remedy: str | None = None


class Rule(msgspec.Struct, frozen=True, rename={"passes": "pass", "fails": "fail"}):
    """The rule in words; None where the rubric has no such verdict."""

    passes: str
    fails: str
    partial: str | None = None


@dataclass(frozen=True)
class Indicator:
    """One row of the rubric; a weight of 3 marks an essential property, 2 an important, 1 a useful one."""

    id: str
    weight: Literal[1, 2, 3]
    title: str
    rule: Rule
    corresponds_to: tuple[str, ...]
    assess: Callable[[Evidence], Finding]

    @cached_property
    def principle(self) -> str:
        """The principle that it tests: ``A1.2`` for ``A1.2-1``, ``F2`` for the dataset check ``F2b``."""
        return re.sub(r"-\d+$|[a-z]$", "", self.id)

    @property
    def essential(self) -> bool:
        """True where a fail forbids the badge."""
        return self.weight == 3  # noqa: PLR2004 - the rubric's number


def indicator(
    number: str,
    *,
    weight: Literal[1, 2, 3],
    title: str,
    passes: str,
    fails: str,
    partial: str | None = None,
    corresponds_to: tuple[str, ...] = (),
) -> Callable[[Callable[[Evidence], Finding]], Indicator]:
    """Make the decorated function an `Indicator` with the identifier `number`, for example ``F1-1``."""
    rule = Rule(passes=passes, fails=fails, partial=partial)
    return lambda assess: Indicator(number, weight, title, rule, corresponds_to, assess)
