# SPDX-License-Identifier: MIT
"""CITATION.cff (Citation File Format 1.2.0) with this version's DOI.

A CITATION.cff among the published files is kept in all that it says; only what names the version is renewed.
"""

import re
from typing import Any

from fairreg.assessment.content.prose import clean
from fairreg.assessment.remedies.base import Draft, as_yaml, commented, filled
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.remedies.naming import parts, unsure
from fairreg.schemas.record import Creator

__all__ = ["NAME", "SERVES", "draft"]

NAME = "CITATION.cff"
SERVES = ("F3-2", "I2-3", "I2-4", "R1.1-2", "R1.2-3", "R3-1")
# The schema's own patterns (citation-file-format 1.2.0, schema.json: definitions doi and date).
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MESSAGE = "If you use this model, please cite it by the DOI of the version that you used."
_FIRST = ("cff-version", "message", "title", "type", "authors", "abstract", "version", "doi")


def draft(facts: Facts) -> Draft | None:
    """The file; None where there is neither a title nor an author to write."""
    published = facts.published("citation")
    stated = filled(published, _known(facts), _renewed(facts))
    if not stated.get("authors"):
        return None
    remains = _remains(facts, stated, kept=bool(published.get("authors")))
    ordered = {key: stated[key] for key in _FIRST if key in stated} | stated
    return Draft(NAME, as_yaml(ordered) + commented(*remains), SERVES, remains)


def _renewed(facts: Facts) -> dict[str, Any]:
    """What names this version, and so must not come from another one's file."""
    day = facts.text("date_published") or ""
    return {
        "cff-version": "1.2.0",
        "doi": facts.doi if facts.doi and _DOI.fullmatch(facts.doi) else None,
        "version": facts.record.version,
        "date-released": day if _DAY.fullmatch(day) else None,
    }


def _known(facts: Facts) -> dict[str, Any]:
    repository = facts.repository
    return {
        "message": _MESSAGE,
        "title": facts.record.name,
        "type": "dataset" if facts.record.kind == "dataset" else "software",
        "authors": [_author(item) for item in facts.creators],
        "abstract": clean(facts.text("description")),
        "license": facts.text("license") if re.fullmatch(r"[\w.+-]+", facts.text("license") or "") else None,
        "keywords": list(dict.fromkeys(facts.texts("keywords"))),
        "repository-code": repository,
    }


def _author(creator: Creator) -> dict[str, str]:
    orcid = f"https://orcid.org/{creator.orcid}" if creator.orcid else ""
    if creator.kind == "organization":
        named = {"name": creator.name, "orcid": orcid}
    else:
        family, given = parts(creator)
        named = {"family-names": family, "given-names": given, "orcid": orcid}
        named["affiliation"] = creator.affiliation or ""
    return {key: value for key, value in named.items() if value}


def _remains(facts: Facts, stated: dict[str, Any], *, kept: bool) -> tuple[str, ...]:
    missing = [
        ("doi", "Reserve a DOI for this version at the archive and add it as doi."),
        ("license", "Add the licence's SPDX identifier as license."),
        ("date-released", "Add the day of the release as date-released (YYYY-MM-DD)."),
    ]
    asked = [sentence for key, sentence in missing if not stated.get(key)]
    if not stated.get("preferred-citation"):
        known = f" of {facts.papers[0].value}" if facts.papers else ""
        asked.append(
            f"Add preferred-citation with type, title, authors and doi{known}, if there is a publication."
        )
    fields = ("creators", "description", "license", "keywords")
    return (*(() if kept else unsure(facts.creators)), *asked, *facts.to_confirm(*fields))
