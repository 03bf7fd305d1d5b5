# SPDX-License-Identifier: MIT
"""All drafts for one model: one per file that serves an indicator with points missing."""

import hashlib
from collections.abc import Callable, Collection, Iterable

from fairreg.assessment.base import Verdict
from fairreg.assessment.remedies import (
    citation,
    codemeta,
    fair4ml,
    hyperparameters,
    model_card,
    provenance,
    requirements,
    signature,
    zenodo_json,
)
from fairreg.assessment.remedies.base import Draft
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.report import AssessmentReport, IndicatorResult

__all__ = ["TODO_NAME", "drafts", "drafts_for", "is_unedited", "open_indicators", "todo_list"]

TODO_NAME = "FAIR-TODO.md"
_TITLE = "# What remains for "
_NEW_VERSION = (
    "The files name the version that was assessed. If they go into a new one, reserve its DOI first (Zenodo "
    "does that in its form) and put it in their place, with the new version and date."
)
_WRITERS: tuple[tuple[tuple[str, ...], Callable[[Facts], Draft | None]], ...] = (
    (citation.SERVES, citation.draft),
    (codemeta.SERVES, codemeta.draft),
    (fair4ml.SERVES, fair4ml.draft),
    (zenodo_json.SERVES, zenodo_json.draft),
    (model_card.SERVES, model_card.draft),
    (hyperparameters.SERVES, hyperparameters.draft),
    (signature.HELPS, signature.draft),
    (requirements.SERVES, requirements.draft),
    (provenance.SERVES, provenance.draft),
)


def open_indicators(report: AssessmentReport) -> tuple[IndicatorResult, ...]:
    """Return the indicators with points missing, in the order of the rubric."""
    asked = (item for found in report.principles.values() for item in found.indicators)
    return tuple(item for item in asked if item.verdict in {Verdict.PARTIAL, Verdict.FAIL})


def drafts(report: AssessmentReport, facts: Facts) -> tuple[Draft, ...]:
    """Return the useful drafts, each serving those of its indicators that have points missing."""
    return drafts_for({item.id for item in open_indicators(report)}, facts)


def drafts_for(missing: Collection[str], facts: Facts) -> tuple[Draft, ...]:
    """Return the drafts that serve these indicators, in the order in which they are written."""
    found = []
    for serves, write in _WRITERS:
        draft = write(facts) if any(number in missing for number in serves) else None
        if draft is None:
            continue
        useful = tuple(number for number in draft.serves if number in missing)
        helpful = tuple(number for number in draft.helps if number in missing and number not in useful)
        if useful or helpful:
            found.append(Draft(draft.name, draft.text, useful, draft.remains, helpful))
    return tuple(found)


def todo_list(report: AssessmentReport, written: Iterable[Draft]) -> Draft:
    """Return the author's remaining tasks as a Markdown list: per file, then those that no file can fix."""
    listed = tuple(written)
    served = {number for item in listed for number in item.serves}
    lines = [f"{_TITLE}{' '.join(report.id.split())}", "", _NEW_VERSION, ""]
    for item in listed:
        lines += [f"## {item.name} ({item.purpose})", ""]
        lines += [f"- [ ] {sentence}" for sentence in item.remains] or ["- Nothing."]
        lines.append("")
    others = [item for item in open_indicators(report) if item.id not in served]
    lines += ["## What no file mends", ""] if others else []
    lines += [f"- [ ] {item.id} {item.title}: {item.remedy}" for item in others]
    text = "\n".join(lines).rstrip() + "\n"
    return Draft(TODO_NAME, f"{text}\n{_seal(text)}\n", ())


def is_unedited(text: str) -> bool:
    """Tell whether a list of remaining tasks is as it was written, so that it may be written anew."""
    body, _, seal = text.rstrip("\n").rpartition("\n\n")
    return text.startswith(_TITLE) and seal == _seal(f"{body}\n")


def _seal(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"<!-- Written by fairreg and rewritten until it is edited: {digest} -->"
