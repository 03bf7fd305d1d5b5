# SPDX-License-Identifier: MIT
"""Shapes in which the stand-in for Zenodo shows a published record: Zenodo's own, DataCite's, and its page.

Hand-written after the documents of the services; the titles of vocabularies are made up where no reader needs
them.
"""

import hashlib
import html
import json
from typing import Any

__all__ = ["datacite", "legacy", "page", "signposts"]

_RELATIONS = {
    "isderivedfrom": "isDerivedFrom",
    "isdescribedby": "isDescribedBy",
    "isdocumentedby": "isDocumentedBy",
    "issupplementto": "isSupplementTo",
    "issupplementedby": "isSupplementedBy",
    "isidenticalto": "isIdenticalTo",
    "isvariantformof": "isVariantFormOf",
    "issourceof": "isSourceOf",
    "iscompiledby": "isCompiledBy",
    "ispartof": "isPartOf",
    "haspart": "hasPart",
}
_SCHEMES = {"doi": "DOI", "arxiv": "arXiv", "url": "URL", "swh": "SWHID"}


def _name(creator: dict[str, Any]) -> str:
    who = creator["person_or_org"]
    return str(who.get("name") or ", ".join(filter(None, (who.get("family_name"), who.get("given_name")))))


def _orcid(creator: dict[str, Any]) -> str | None:
    listed = creator["person_or_org"].get("identifiers") or []
    return next((item["identifier"] for item in listed if item["scheme"] == "orcid"), None)


def _relation(item: dict[str, Any]) -> str:
    word = item["relation_type"]["id"]
    return _RELATIONS.get(str(word), str(word))


def _notes(meta: dict[str, Any]) -> str | None:
    return "".join(item["description"] for item in meta.get("additional_descriptions", [])) or None


def legacy(draft: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
    """Return a published record as Zenodo's API gives it by default."""
    meta, number, base = draft["metadata"], draft["id"], f"https://zenodo.org/api/records/{draft['id']}"
    rights = [item.get("id") or item["title"]["en"] for item in meta.get("rights", [])]
    doi, concept = draft["pids"]["doi"]["identifier"], draft["parent"]["pids"]["doi"]["identifier"]
    return {
        "id": int(number),
        "recid": number,
        "conceptrecid": draft["parent"]["id"],
        "doi": doi,
        "conceptdoi": concept,
        "created": draft["created"],
        "modified": draft["updated"],
        "title": meta["title"],
        "metadata": {
            "title": meta["title"],
            "doi": doi,
            "publication_date": meta["publication_date"],
            "description": meta.get("description"),
            "notes": _notes(meta),
            "access_right": "open",
            "creators": [
                {
                    "name": _name(item),
                    "orcid": _orcid(item),
                    "affiliation": "; ".join(_affiliations(item)) or None,
                }
                for item in meta["creators"]
            ],
            "keywords": [item["subject"] for item in meta.get("subjects", [])],
            "version": meta.get("version"),
            "resource_type": {
                "title": meta["resource_type"]["id"].title(),
                "type": meta["resource_type"]["id"],
            },
            "license": {"id": rights[0]} if rights else None,
            "related_identifiers": [
                {
                    "identifier": item["identifier"],
                    "relation": _relation(item),
                    "scheme": item["scheme"],
                    **({"resource_type": item["resource_type"]["id"]} if "resource_type" in item else {}),
                }
                for item in meta.get("related_identifiers", [])
            ],
            "relations": {"version": [{"index": 0, "parent": {"pid_value": draft["parent"]["id"]}}]},
        },
        "links": {"self": base, "self_html": f"https://zenodo.org/records/{number}"},
        "files": [
            {
                "id": name,
                "key": name,
                "size": len(content),
                "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
                "links": {"self": f"{base}/files/{name}/content"},
            }
            for name, content in files.items()
        ],
        "status": "published",
        "state": "done",
        "submitted": True,
    }


def datacite(draft: dict[str, Any]) -> dict[str, Any]:
    """Return the registration of a published record, as DataCite's REST API gives it."""
    meta, number = draft["metadata"], draft["id"]
    concept = draft["parent"]["pids"]["doi"]["identifier"]
    related = [
        {
            "relatedIdentifier": item["identifier"],
            "relatedIdentifierType": _SCHEMES.get(item["scheme"], "URL"),
            "relationType": _relation(item)[:1].upper() + _relation(item)[1:],
        }
        for item in meta.get("related_identifiers", [])
    ]
    version = {"relatedIdentifier": concept, "relatedIdentifierType": "DOI", "relationType": "IsVersionOf"}
    doi = draft["pids"]["doi"]["identifier"]
    attributes = {
        "doi": doi,
        "creators": [_datacite_creator(item) for item in meta["creators"]],
        "titles": [{"title": meta["title"]}],
        "publisher": meta.get("publisher", "Zenodo"),
        "publicationYear": int(meta["publication_date"][:4]),
        "dates": [{"date": meta["publication_date"], "dateType": "Issued"}],
        "types": {"resourceTypeGeneral": meta["resource_type"]["id"].title()},
        "descriptions": [{"description": meta.get("description", ""), "descriptionType": "Abstract"}],
        "subjects": [{"subject": item["subject"]} for item in meta.get("subjects", [])],
        "version": meta.get("version"),
        "relatedIdentifiers": [*related, version],
        "rightsList": [
            {"rightsIdentifier": item["id"], "rightsIdentifierScheme": "SPDX"}
            for item in meta.get("rights", [])
            if "id" in item
        ],
        "url": f"https://zenodo.org/records/{number}",
        "state": "findable",
    }
    return {"data": {"id": doi, "type": "dois", "attributes": attributes}}


def _datacite_creator(creator: dict[str, Any]) -> dict[str, Any]:
    personal = creator["person_or_org"]["type"] == "personal"
    orcid = _orcid(creator)
    named = (
        [{"nameIdentifier": f"https://orcid.org/{orcid}", "nameIdentifierScheme": "ORCID"}] if orcid else []
    )
    return {
        "name": _name(creator),
        "nameType": "Personal" if personal else "Organizational",
        "nameIdentifiers": named,
        "affiliation": _affiliations(creator),
    }


def _affiliations(creator: dict[str, Any]) -> list[str]:
    """Return the names of the institutions; there is no vocabulary here that has that of an identifier."""
    return [one["name"] for one in creator.get("affiliations", []) if "name" in one]


def signposts(draft: dict[str, Any]) -> str:
    """Return the Link header of the page of a record (Signposting, level 1)."""
    doi, number = draft["pids"]["doi"]["identifier"], draft["id"]
    return (
        f'<https://doi.org/{doi}>; rel="cite-as", '
        f'<https://zenodo.org/api/records/{number}>; rel="linkset"; type="application/linkset+json"'
    )


def page(draft: dict[str, Any]) -> str:
    """Return the page of a record, with the metadata that Zenodo embeds in it."""
    meta, doi = draft["metadata"], draft["pids"]["doi"]["identifier"]
    embedded = {
        "@context": "http://schema.org",
        "@id": f"https://doi.org/{doi}",
        "@type": "CreativeWork",
        "identifier": f"https://doi.org/{doi}",
        "name": meta["title"],
        "author": [{"@type": "Person", "name": _name(item)} for item in meta["creators"]],
        "datePublished": meta["publication_date"],
        "publisher": {"@type": "Organization", "name": meta.get("publisher", "Zenodo")},
    }
    title = html.escape(meta["title"])
    return (
        f'<html><head><title>{title}</title><meta name="citation_title" content="{title}">'
        f'<script type="application/ld+json">{json.dumps(embedded)}</script></head>'
        f"<body>{title}</body></html>"
    )
