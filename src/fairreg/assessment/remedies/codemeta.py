# SPDX-License-Identifier: MIT
"""codemeta.json in the terms of CodeMeta 3.0; a published one is kept and only completed."""

from typing import Any

from fairreg.assessment.remedies.base import Draft, completed, unsure
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats import codemeta

__all__ = ["NAME", "SERVES", "draft"]

NAME = codemeta.FILE_NAME
SERVES = ("F3-2", "I2-3")


def draft(facts: Facts) -> Draft:
    """Draft the file; unknown members are left out and listed for the author."""
    engines = [f"{name} {number}" for name, number in _engines(facts).items()]
    known = codemeta.document(facts.described, requirements=engines)
    document = completed(facts.published("codemeta"), known, renewed=codemeta.OF_THE_VERSION)
    return Draft(NAME, codemeta.text_of(document), SERVES, _remains(facts, document))


def _engines(facts: Facts) -> dict[str, str]:
    """Return the versions that read the graph here; without a graph no requirement is known."""
    return facts.versions if facts.graph else {}


def _remains(facts: Facts, document: dict[str, Any]) -> tuple[str, ...]:
    wanted = ("identifier", "description", "license", "codeRepository", "author", "referencePublication")
    missing = [key for key in wanted if not document.get(key)]
    asked = [f"Add {', '.join(missing)}."] if missing else []
    fields = ("creators", "description", "license", "keywords")
    return (*unsure(facts.creators), *asked, *facts.to_confirm(*fields))
