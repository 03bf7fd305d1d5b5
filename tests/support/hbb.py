# SPDX-License-Identifier: MIT
"""A local stand-in for the services that know the published Hbb network.

Everything served is hand-written after the documented shapes; the facts (numbers, names, DOIs)
are those of record 10.5281/zenodo.7305227. The weights are what the test puts into the archive.
"""

import hashlib
import io
import zipfile
from pathlib import Path

from werkzeug import Request, Response

TOP = "FAIR4HEP-hbb_interaction_network-7c36f46/"
NAME = "FAIR4HEP/hbb_interaction_network-v0.1.1.zip"
DOI = "10.5281/zenodo.7305227"
CONCEPT = "10.5281/zenodo.7305173"
ABSTRACT = "A FAIR AI model for identifying Higgs bosons decaying to bottom quarks."
CREATORS = [
    ("Duarte, Javier", "0000-0002-5076-7096"),
    ("Li, Haoyang", "0000-0003-1642-5794"),
    ("Roy, Avik", "0000-0002-0116-1012"),
    ("Zhu, Ruike", "0000-0002-4265-2352"),
]


def archive(members: dict[str, bytes]) -> bytes:
    """A zip as GitHub's release archive: every member under one top folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(TOP + name, content)
    return out.getvalue()


def published_members(shared: Path) -> dict[str, bytes]:
    """The published weights, metadata, ONNX file, LICENSE and CITATION.cff under their paths."""
    folder = shared / "published/hbb_interaction_network-v0.1.1"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def record(content: bytes, *, number: int = 7305227) -> dict:
    """Zenodo's answer for one record, in the shape of 2026; its links name the public host."""
    base = f"https://zenodo.org/api/records/{number}"
    return {
        "created": "2022-11-09T05:38:35.000000+00:00",
        "modified": "2024-07-18T00:00:00.000000+00:00",
        "id": number,
        "conceptrecid": "7305173",
        "doi": f"10.5281/zenodo.{number}",
        "conceptdoi": CONCEPT,
        "doi_url": f"https://doi.org/10.5281/zenodo.{number}",
        "metadata": {
            "title": "FAIR4HEP/hbb_interaction_network: v0.1.1",
            "doi": f"10.5281/zenodo.{number}",
            "publication_date": "2022-11-09",
            "description": f"<p>{ABSTRACT}</p>",
            "access_right": "open",
            "creators": [{"name": name, "affiliation": None, "orcid": orcid} for name, orcid in CREATORS],
            "version": "v0.1.1",
            "resource_type": {"title": "Software", "type": "software"},
            "license": {"id": "mit-license"},
            "related_identifiers": [
                {
                    "identifier": "https://github.com/FAIR4HEP/hbb_interaction_network/tree/v0.1.1",
                    "relation": "isSupplementTo",
                    "scheme": "url",
                }
            ],
            "relations": {
                "version": [
                    {"index": 1, "is_last": True, "parent": {"pid_type": "recid", "pid_value": "7305173"}}
                ]
            },
        },
        "title": "FAIR4HEP/hbb_interaction_network: v0.1.1",
        "links": {
            "self": base,
            "self_html": f"https://zenodo.org/records/{number}",
            "files": f"{base}/files",
        },
        "recid": str(number),
        "files": [
            {
                "id": "7f2c0a6e-0000-4000-8000-000000000000",
                "key": NAME,
                "size": len(content),
                "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
                "links": {"self": f"{base}/files/{NAME}/content"},
            }
        ],
        "status": "published",
        "state": "done",
        "submitted": True,
    }


def another(number: int) -> dict:
    """A record like it of a model of its own: no identifier is shared with any other's."""
    concept = number + 500_000
    document = record(b"content", number=number)
    document |= {"conceptrecid": str(concept), "conceptdoi": f"10.5281/zenodo.{concept}"}
    metadata = document["metadata"]
    metadata["related_identifiers"][0]["identifier"] = f"https://github.com/lab/network-{number}/tree/v0.1.1"
    metadata["relations"]["version"][0]["parent"]["pid_value"] = str(concept)
    return document


def registration(doi: str, *, relations: list[dict] | None = None) -> dict:
    """DataCite's JSON:API document of a DOI of this lineage."""
    number = doi.rpartition(".")[2]
    return {
        "data": {
            "id": doi,
            "type": "dois",
            "attributes": {
                "doi": doi,
                "prefix": "10.5281",
                "creators": [
                    {
                        "name": name,
                        "nameIdentifiers": [
                            {"nameIdentifier": f"https://orcid.org/{orcid}", "nameIdentifierScheme": "ORCID"}
                        ],
                        "affiliation": [],
                    }
                    for name, orcid in CREATORS
                ],
                "titles": [{"title": "FAIR4HEP/hbb_interaction_network: v0.1.1"}],
                "publisher": "Zenodo",
                "publicationYear": 2022,
                "subjects": [],
                "dates": [{"date": "2022-11-09", "dateType": "Issued"}],
                "types": {"resourceTypeGeneral": "Software", "schemaOrg": "SoftwareSourceCode"},
                "relatedIdentifiers": relations
                or [
                    {
                        "relationType": "IsVersionOf",
                        "relatedIdentifier": CONCEPT,
                        "relatedIdentifierType": "DOI",
                    }
                ],
                "version": "v0.1.1",
                "rightsList": [
                    {"rights": "MIT License", "rightsIdentifier": "mit", "rightsIdentifierScheme": "SPDX"}
                ],
                "descriptions": [{"description": ABSTRACT, "descriptionType": "Abstract"}],
                "url": f"https://zenodo.org/record/{number}",
                "state": "findable",
            },
        }
    }


def serve(httpserver, content: bytes) -> None:
    """Zenodo, DataCite and doi.org for this lineage, under /zenodo, /datacite and /doi."""
    document = record(content)
    httpserver.expect_request("/zenodo/api/records/7305227").respond_with_json(document)
    # Zenodo redirects the number of a concept to that of its newest version.
    httpserver.expect_request("/zenodo/api/records/7305173").respond_with_response(
        Response(status=302, headers={"Location": "https://zenodo.org/api/records/7305227"})
    )
    httpserver.expect_request(f"/zenodo/api/records/7305227/files/{NAME}/content").respond_with_handler(
        lambda request: _ranged(request, content)
    )
    hits = {"hits": {"hits": [document], "total": 1}}
    httpserver.expect_request("/zenodo/api/records").respond_with_json(hits)
    httpserver.expect_request("/zenodo/records/7305227").respond_with_data(
        '<html><script type="application/ld+json">{}</script></html>', content_type="text/html"
    )
    httpserver.expect_request("/zenodo/oai2d").respond_with_data("<OAI-PMH><Identify></Identify></OAI-PMH>")
    versions = [{"relationType": "HasVersion", "relatedIdentifier": DOI, "relatedIdentifierType": "DOI"}]
    httpserver.expect_request(f"/datacite/dois/{DOI}").respond_with_json(registration(DOI))
    httpserver.expect_request(f"/datacite/dois/{CONCEPT}").respond_with_json(
        registration(CONCEPT, relations=versions)
    )
    httpserver.expect_request("/doi/ra/10.5281").respond_with_json([{"DOI": "10.5281", "RA": "DataCite"}])
    httpserver.expect_request(f"/doi/{DOI}").respond_with_response(
        Response(status=302, headers={"Location": "https://zenodo.org/records/7305227"})
    )


def _ranged(request: Request, content: bytes) -> Response:
    stated = request.headers.get("Range", "")
    if not stated.startswith("bytes="):
        return Response(content, mimetype="application/octet-stream")
    first, _, last = stated.removeprefix("bytes=").partition("-")
    start, stop = int(first), int(last) + 1 if last else len(content)
    headers = {"Content-Range": f"bytes {start}-{min(stop, len(content)) - 1}/{len(content)}"}
    return Response(content[start:stop], status=206, headers=headers)
