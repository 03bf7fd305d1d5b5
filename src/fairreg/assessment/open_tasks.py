# SPDX-License-Identifier: MIT
"""Open to-dos of drafted files: a file does not count for what its to-dos are about until they are done.

A FAIR4ML file marks what nobody has confirmed in its own terms, as ``inferred`` under ``fieldOrigin``. The
readers leave such fields out; here the reason says so.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from msgspec.structs import replace

from fairreg.assessment.base import Finding, Indicator, Verdict
from fairreg.assessment.content.packaged_metadata import inferred_fields
from fairreg.assessment.evidence import Document, Evidence
from fairreg.assessment.findings import HOLD_NOTHING
from fairreg.assessment.training import training_sets
from fairreg.schemas.text import shortened

__all__ = ["TODO", "is_open", "judged", "task"]

TODO = "TODO (author)"
_OPEN = re.compile(rf"{re.escape(TODO)}(?: for ([A-Z]\d[\d.]*-\d+(?:, [A-Z]\d[\d.]*-\d+)*))?:([^\n]*)")
# Ends of a comment in Markdown, and of a text in JSON.
_END = re.compile(r'\s*(?:-->.*|"[,\s\]}]*)$')
_SHOWN, _LONGEST = 2, 120
# Fields of FAIR4ML, of which an inferred one says nothing for the indicator.
_OF_MODELS = ("ml_task", "model_category", "frameworks", "intended_use")
_FIELDS = {
    "F2-3": _OF_MODELS,
    "I2-1": ("relations",),
    "I2-2": ("relations",),
    "R1-3": ("intended_use", "limitations"),
    "R3-1": (*_OF_MODELS, "relations", "limitations"),
}
_SEVERAL = frozenset({"F2-3", "R1-3"})  # one confirmed field need not be enough
_OF_DATA = "I2-2"


class _Task(NamedTuple):
    line: int
    about: frozenset[str]
    sentence: str


def task(sentence: str, *indicators: str) -> str:
    """Return a to-do for a drafted file, about these indicators.

    >>> task("Say what it is for.", "R1-3")
    'TODO (author) for R1-3: Say what it is for.'
    """
    about = f" for {', '.join(indicators)}" if indicators else ""
    return f"{TODO}{about}: {sentence}"


def is_open(number: str, evidence: Evidence) -> bool:
    """Tell whether a published file waits for its author in what this indicator asks."""
    return bool(_drafts(number, evidence) or _inferred(number, evidence))


def judged(indicator: Indicator, evidence: Evidence) -> Finding:
    """Return the finding of an indicator, without the drafts whose open to-dos are about it."""
    drafts, inferred = _drafts(indicator.id, evidence), _inferred(indicator.id, evidence)
    if not (drafts or inferred):
        return indicator.assess(evidence)
    found = indicator.assess(_without(drafts, evidence, indicator.id))
    if found.verdict is Verdict.PASS:
        return found
    told = [_told(document, indicator.id) for document in drafts]
    told += [
        f"{document.path} {_named(document, fields)}, so {_it(fields)} not count."
        for document, fields in inferred
    ]
    reason = found.reason.replace(HOLD_NOTHING, "Nothing else that is published holds")
    remedy = found.remedy and _remedy(indicator.id, drafts, inferred, found.remedy)
    return Finding(found.verdict, f"{' '.join(told)} {reason}", found.evidence, remedy)


def _drafts(number: str, evidence: Evidence) -> list[Document]:
    """Return the documents with an open to-do about an indicator."""
    marked = (item for item in evidence.documents if TODO in item.text)
    return [item for item in marked if any(number in one.about for one in _tasks(item))]


def _inferred(number: str, evidence: Evidence) -> list[tuple[Document, tuple[str, ...]]]:
    """Return the FAIR4ML files that mark fields as inferred of which an indicator asks."""
    asked = _FIELDS.get(number)
    if asked is None:
        return []
    marked = ((document, inferred_fields(document)) for document in evidence.of_role("standard"))
    held = ((document, tuple(name for name in asked if name in fields)) for document, fields in marked)
    return [(document, fields) for document, fields in held if fields]


def _without(drafts: list[Document], evidence: Evidence, number: str) -> Evidence:
    """Return the evidence without the drafts, and without data that nothing else names as training data."""
    others = replace(evidence, documents=tuple(item for item in evidence.documents if item not in drafts))
    if number != _OF_DATA or not drafts:
        return others
    lost = {item.key for item in training_sets(evidence)} - {item.key for item in training_sets(others)}
    return replace(
        others, datasets=tuple(item for item in evidence.datasets if item.identifier.key not in lost)
    )


@lru_cache(maxsize=64)
def _tasks(document: Document) -> tuple[_Task, ...]:
    """Return the to-dos of a document with the numbers of their lines."""
    lines = enumerate(document.text.splitlines(), start=1)
    hits = ((number, hit) for number, line in lines if TODO in line for hit in _OPEN.finditer(line))
    return tuple(
        _Task(number, frozenset((hit[1] or "").split(", ")), _END.sub("", hit[2]).strip())
        for number, hit in hits
    )


def _told(document: Document, number: str) -> str:
    """Return how many of the to-dos of a draft are about an indicator, and which."""
    every = _tasks(document)
    own = [item for item in every if number in item.about]
    said = [f"line {one.line}: {shortened(one.sentence, _LONGEST).rstrip('.')}" for one in own[:_SHOWN]]
    more = f"; and {len(own) - _SHOWN} more" if len(own) > _SHOWN else ""
    noun, verb = "to-do" if len(every) == 1 else "to-dos", "concerns" if len(own) == 1 else "concern"
    return (
        f"{document.path}: {len(own)} of {len(every)} open {noun} {verb} {number} ({'; '.join(said)}{more})."
    )


def _named(document: Document, fields: tuple[str, ...]) -> str:
    names = ", ".join(f"`{name}`" for name in fields)
    data = inferred_fields(document).get("relations") if fields == ("relations",) else None
    return (
        f"names {data}, but marks {names} as inferred (fieldOrigin)"
        if data
        else (f"marks {names} as inferred (fieldOrigin)")
    )


def _it(fields: tuple[str, ...]) -> str:
    return "it does" if len(fields) == 1 else "they do"


def _remedy(
    number: str,
    drafts: list[Document],
    inferred: list[tuple[Document, tuple[str, ...]]],
    others: str,
) -> str:
    """Return the next step with what is published already; a draft is not to be made a second time."""
    steps = []
    for document in drafts:
        own = [str(one.line) for one in _tasks(document) if number in one.about]
        what = f"line {own[0]}" if len(own) == 1 else f"lines {', '.join(own)}"
        steps.append(f"Do the open to-do of {document.path} in {what} and delete it.")
    for document, fields in inferred:
        names = ", ".join(f"`{name}`" for name in fields)
        entry = "that entry" if len(fields) == 1 else "those entries"
        steps.append(f"Confirm {names} in {document.path} and delete {entry} of fieldOrigin.")
    return " ".join([*steps, others] if number in _SEVERAL and not drafts else steps)
