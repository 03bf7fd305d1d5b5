# SPDX-License-Identifier: MIT
"""Open to-dos of drafted files: a file does not count for what its to-dos are about until they are done."""

import re
from functools import lru_cache

from msgspec.structs import replace

from fairreg.assessment.base import Finding, Indicator, Verdict
from fairreg.assessment.evidence import Document, Evidence

__all__ = ["TODO", "judged", "task"]

TODO = "TODO (author)"
_OPEN = re.compile(rf"{re.escape(TODO)}(?: for ([A-Z]\d[\d.]*-\d+(?:, [A-Z]\d[\d.]*-\d+)*))?:")


def task(sentence: str, *indicators: str) -> str:
    """Return a to-do for a drafted file, about these indicators.

    >>> task("Say what it is for.", "R1-3")
    'TODO (author) for R1-3: Say what it is for.'
    """
    about = f" for {', '.join(indicators)}" if indicators else ""
    return f"{TODO}{about}: {sentence}"


def judged(indicator: Indicator, evidence: Evidence) -> Finding:
    """Return the finding of an indicator, without the drafts whose open to-dos are about it."""
    drafts = [item for item in evidence.documents if TODO in item.text and indicator.id in _about(item)]
    if not drafts:
        return indicator.assess(evidence)
    others = tuple(item for item in evidence.documents if item not in drafts)
    found = indicator.assess(replace(evidence, documents=others))
    if found.verdict is Verdict.PASS:
        return found
    told = " ".join(f"{item.path} is a draft: {_count(item)} open." for item in drafts)
    return Finding(found.verdict, f"{told} {found.reason}", found.evidence, found.remedy)


@lru_cache(maxsize=64)
def _about(document: Document) -> frozenset[str]:
    named = (hit[1] for hit in _OPEN.finditer(document.text) if hit[1])
    return frozenset(number for numbers in named for number in numbers.split(", "))


def _count(document: Document) -> str:
    number = len(_OPEN.findall(document.text))
    return "1 to-do is" if number == 1 else f"{number} to-dos are"
