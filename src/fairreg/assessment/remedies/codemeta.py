# SPDX-License-Identifier: MIT
"""codemeta.json in the terms of CodeMeta 3.0; one that was published is kept and only completed."""

from typing import Any

from fairreg.assessment.content.prose import clean
from fairreg.assessment.remedies.base import Draft, as_json, filled
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.remedies.naming import parts, unsure
from fairreg.schemas.jsonld_terms import ORCID, SPDX, SPDX_ID
from fairreg.schemas.record import Creator

__all__ = ["NAME", "SERVES", "draft"]

NAME = "codemeta.json"
SERVES = ("F3-2", "I2-3", "I2-4", "R1.1-2", "R1.2-3", "R3-1")
_CONTEXT = "https://w3id.org/codemeta/3.0"


def draft(facts: Facts) -> Draft:
    """The file; members that nothing is known of are left out and named for the author."""
    document = filled(facts.published("codemeta"), _known(facts), _renewed(facts))
    return Draft(NAME, as_json(document), SERVES, _remains(facts, document))


def _renewed(facts: Facts) -> dict[str, Any]:
    address = f"https://doi.org/{facts.doi}" if facts.doi else None
    return {
        "@id": address,
        "identifier": address,
        "version": facts.record.version,
        "datePublished": facts.text("date_published"),
    }


def _known(facts: Facts) -> dict[str, Any]:
    return {
        "@context": _CONTEXT,
        "@type": "SoftwareSourceCode",
        "name": facts.record.name,
        "description": clean(facts.text("description")),
        "license": _licence(facts.text("license")),
        "codeRepository": facts.repository,
        "keywords": list(facts.texts("keywords")),
        "softwareRequirements": [f"{name} {number}" for name, number in _engines(facts).items()],
        "referencePublication": [item.url for item in facts.papers],
        "author": [_author(item) for item in facts.creators],
    }


def _engines(facts: Facts) -> dict[str, str]:
    """Versions in which the graph was read here; without a graph nothing is known to be required."""
    return facts.versions if facts.graph else {}


def _licence(stated: str | None) -> str | None:
    return SPDX + stated if stated and SPDX_ID.fullmatch(stated) else stated


def _author(creator: Creator) -> dict[str, Any]:
    known: dict[str, Any] = {"@id": ORCID + creator.orcid} if creator.orcid else {}
    if creator.kind == "organization":
        return known | {"@type": "Organization", "name": creator.name}
    family, given = parts(creator)
    named = {"@type": "Person", "givenName": given, "familyName": family}
    place = {"@type": "Organization", "name": creator.affiliation} if creator.affiliation else None
    return {key: value for key, value in (known | named | {"affiliation": place}).items() if value}


def _remains(facts: Facts, document: dict[str, Any]) -> tuple[str, ...]:
    wanted = ("identifier", "description", "license", "codeRepository", "author", "referencePublication")
    missing = [key for key in wanted if not document.get(key)]
    asked = [f"Add {', '.join(missing)}."] if missing else []
    fields = ("creators", "description", "license", "keywords")
    return (*unsure(facts.creators), *asked, *facts.to_confirm(*fields))
