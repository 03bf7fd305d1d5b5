# SPDX-License-Identifier: MIT
"""prov.jsonld: where the model comes from, in PROV-O, as far as its record and files say."""

from typing import Any
from urllib.parse import quote

from fairreg.assessment.remedies.base import Draft, as_json
from fairreg.assessment.remedies.facts import Facts
from fairreg.schemas.jsonld_terms import ORCID
from fairreg.sources import DOI

__all__ = ["NAME", "SERVES", "draft"]

NAME = "prov.jsonld"
SERVES = ("R1.2-4",)
_PROV = "http://www.w3.org/ns/prov#"
_CONTEXT = {
    "prov": _PROV,
    "name": "http://schema.org/name",
    "sha256": "http://schema.org/sha256",
    **{
        term: {"@id": _PROV + term, "@type": "@id"}
        for term in ("wasAttributedTo", "wasGeneratedBy", "used", "wasDerivedFrom", "hadMember")
    },
}


def draft(facts: Facts) -> Draft | None:
    """The file; None where neither training data, code nor a person is known to come from."""
    sources = [item.url for item in facts.training_data if item.url] + ([facts.code] if facts.code else [])
    people = [ORCID + item.orcid for item in facts.creators if item.orcid]
    if not (sources or people):
        return None
    text = as_json({"@context": _CONTEXT, "@graph": _graph(facts, sources, people)})
    asked = [
        "Add prov:startedAtTime and prov:endedAtTime of the training, and its settings.",
        "Confirm that the training used what the file names under used.",
    ]
    missing = [] if facts.training_data else ["Add the training data under used."]
    return Draft(NAME, text, SERVES, (*asked, *missing))


def _graph(facts: Facts, sources: list[str], people: list[str]) -> list[dict[str, Any]]:
    model = f"{DOI.resolver}{facts.doi}" if facts.doi else "urn:fairreg:model"
    training = "#training"
    files = [item for item in facts.model_files if item.format == "onnx"] or list(facts.model_files)
    members = [_file(facts, item.path, item.sha256) for item in files]
    whole: dict[str, Any] = {
        "@id": model,
        "@type": ["prov:Entity", "prov:Collection"],
        "name": facts.record.name,
        "wasAttributedTo": people,
        "wasGeneratedBy": training if sources else None,
        "wasDerivedFrom": [item.url for item in facts.training_data],
        "hadMember": [item["@id"] for item in members],
    }
    activity: dict[str, Any] = {
        "@id": training,
        "@type": "prov:Activity",
        "name": "training",
        "used": sources,
    }
    agents: list[dict[str, Any]] = [
        {"@id": ORCID + item.orcid, "@type": ["prov:Agent", "prov:Person"], "name": item.name}
        for item in facts.creators
        if item.orcid
    ]
    listed = [whole, *([activity] if sources else []), *members, *agents]
    return [{key: value for key, value in item.items() if value} for item in listed]


def _file(facts: Facts, path: str, sha256: str | None) -> dict[str, Any]:
    name = facts.inside(path)
    return {
        "@id": quote(name, errors="surrogatepass"),
        "@type": "prov:Entity",
        "name": name,
        "sha256": sha256,
    }
