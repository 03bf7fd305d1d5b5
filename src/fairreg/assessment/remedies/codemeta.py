# SPDX-License-Identifier: MIT
"""codemeta.json in the terms of CodeMeta 3.0; a published one is kept and only completed.

JSON has no comments. What its author has not stated stands beside a to-do under `comment`, which is no term
of CodeMeta, so other tools pass over it.
"""

from typing import Any

from fairreg.assessment.open_tasks import TODO, task
from fairreg.assessment.remedies.base import Draft, Request, completed, sentences, unsure
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats import codemeta

__all__ = ["NAME", "SERVES", "draft"]

NAME = codemeta.FILE_NAME
SERVES = ("F3-2", "I2-3")
_MEMBERS = {
    "creators": "author",
    "description": "description",
    "keywords": "keywords",
    "papers": "referencePublication",
    "repository": "codeRepository",
}


def draft(facts: Facts) -> Draft:
    """Draft the file; unknown members are left out and listed for the author."""
    engines = [f"{name} {number}" for name, number in _engines(facts).items()]
    known = codemeta.document(facts.described, requirements=engines)
    published = facts.published("codemeta")
    document = completed(published, known, renewed=codemeta.OF_THE_VERSION)
    confirm = facts.to_confirm(**facts.open_members("codemeta", _MEMBERS))
    told = [task(f"{one.sentence} Then delete this line.", *one.about) for one in confirm]
    document["comment"] = [*_listed(published.get("comment")), *told]
    asked = (*_missing(facts, document), *confirm)
    return Draft(NAME, codemeta.text_of(document), SERVES, sentences(asked))


def _listed(stated: object) -> list[object]:
    """Return the comments of a published file but for its to-dos, which are written anew."""
    listed = stated if isinstance(stated, list) else [stated] if stated else []
    return [item for item in listed if TODO not in str(item)]


def _engines(facts: Facts) -> dict[str, str]:
    """Return the versions that read the graph here; without a graph no requirement is known."""
    return facts.versions if facts.graph else {}


def _missing(facts: Facts, document: dict[str, Any]) -> tuple[Request, ...]:
    wanted = ("identifier", "description", "license", "codeRepository", "author", "referencePublication")
    missing = [key for key in wanted if not document.get(key)]
    asked = (Request(f"Add {', '.join(missing)}."),) if missing else ()
    return (*unsure(facts.creators), *asked)
