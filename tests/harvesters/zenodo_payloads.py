# SPDX-License-Identifier: MIT
"""Payloads written by hand in the shapes that Zenodo documents; people and numbers are made up."""

import copy

RECORD = {
    "created": "2022-11-09T10:00:00.123456+00:00",
    "modified": "2022-11-10T10:00:00.123456+00:00",
    "id": 1002,
    "recid": "1002",
    "conceptrecid": "1000",
    "doi": "10.5281/zenodo.1002",
    "conceptdoi": "10.5281/zenodo.1000",
    "metadata": {
        "title": "A jet tagger",
        "doi": "10.5281/ZENODO.1002",
        "publication_date": "2022-11-09",
        "description": "<p>First&nbsp;part, p &lt; 0.05.</p>\n\n<p>Second part.</p>",
        "access_right": "open",
        "creators": [
            {"name": "Doe, Jane", "affiliation": "A University", "orcid": "0000-0002-1825-0097"},
            {"name": "Roe, Rick", "affiliation": None, "orcid": "0000-0002-1825-0098"},
            {"name": "Poe, Pat", "affiliation": ["B", "C"]},
        ],
        "keywords": ["jet tagging, PyTorch, trained model"],
        "version": "v1.1",
        "language": "eng",
        "resource_type": {"title": "Software", "type": "software"},
        "license": {"id": "mit-license"},
        "related_identifiers": [
            {
                "identifier": "https://github.com/example/tagger/tree/v1.1",
                "relation": "isSupplementTo",
                "scheme": "url",
            },
            {"identifier": "10.7483/OPENDATA.EXAMPLE", "relation": "isDerivedFrom", "scheme": "doi"},
            {"identifier": "arXiv:2212.05081", "relation": "isNoSuchRelation", "scheme": "arxiv"},
        ],
        "alternate_identifiers": [{"identifier": "10.1000/paper"}, {"identifier": "bare-word"}],
        "references": ["Doe, J. (2020), doi:10.1000/ABC.", "No identifier here."],
        "relations": {"version": [{"index": 1, "is_last": True, "parent": {"pid_value": "1000"}}]},
    },
    "title": "A jet tagger",
    "links": {
        "self": "https://zenodo.org/api/records/1002",
        "self_html": "https://zenodo.org/records/1002",
        "parent_doi": "https://doi.org/10.5281/zenodo.1000",
    },
    "files": [
        {
            "id": "f1",
            "key": "weights/model.onnx",
            "size": 42,
            "checksum": "md5:0123456789ABCDEF0123456789ABCDEF",
            "links": {"self": "https://zenodo.org/api/records/1002/files/weights/model.onnx/content"},
        },
        {
            "id": "f2",
            "key": "code.tar.gz",
            "size": 7,
            "checksum": "0123456789abcdef0123456789abcdef",
            "links": {},
        },
    ],
    "swh": {"swhid": "swh:1:dir:247168dd727c19cef2ce885476d3e4102d2ca7de"},
    "stats": {"downloads": 3},
}

# What the number of a record's concept is more than its own.
CONCEPT = 500_000

NATIVE = {
    "id": "1002",
    "created": "2022-11-09T10:00:00+00:00",
    "updated": "2022-11-10T10:00:00+00:00",
    "parent": {"id": "1000", "pids": {"doi": {"identifier": "10.5281/zenodo.1000"}}},
    "pids": {"doi": {"identifier": "10.5281/zenodo.1002"}},
    "access": {"status": "embargoed", "embargo": {"active": True, "until": "2030-01-01", "reason": "paper"}},
    "links": {
        "self_html": "https://zenodo.org/records/1002",
        "files": "https://zenodo.org/api/records/1002/files",
    },
    "files": {"enabled": True, "entries": {"a b.pt": {"key": "a b.pt", "size": 1, "checksum": "md5:00"}}},
    "metadata": {
        "title": "A jet tagger",
        "resource_type": {"id": "model", "title": {"en": "Model", "de": "Modell"}},
        "creators": [
            {
                "person_or_org": {
                    "name": "Doe, Jane",
                    "type": "personal",
                    "identifiers": [{"scheme": "orcid", "identifier": "0000-0002-1825-0097"}],
                },
                "affiliations": [{"name": "A University"}, {"name": "B Lab"}],
            },
            {"person_or_org": {"name": "The Group", "type": "organizational"}},
        ],
        "rights": [{"id": "cc-by-4.0"}, {"id": "mit"}],
        "subjects": [{"subject": "jets"}],
        "languages": [{"id": "eng"}],
        "publisher": "Zenodo",
        "publication_date": "2022-11",
        "related_identifiers": [
            {"identifier": "10.1000/x", "scheme": "doi", "relation_type": {"id": "iscitedby"}},
        ],
    },
}


def record(number: int, **changes) -> dict:
    """RECORD as record `number`, with identifiers of its own, and with members of its metadata changed."""
    payload = copy.deepcopy(RECORD)
    concept = number + CONCEPT
    payload |= {"id": number, "recid": str(number), "conceptrecid": str(concept)}
    payload |= {"doi": f"10.5281/zenodo.{number}", "conceptdoi": f"10.5281/zenodo.{concept}"}
    payload["swh"] = {"swhid": f"swh:1:dir:{number:040x}"}
    metadata = payload["metadata"]
    metadata["related_identifiers"][0]["identifier"] = f"https://github.com/example/tagger-{number}/tree/v1.1"
    metadata["alternate_identifiers"][0]["identifier"] = f"10.1000/paper.{number}"
    metadata["relations"]["version"][0]["parent"]["pid_value"] = str(concept)
    metadata |= {"doi": payload["doi"], "title": f"Record {number}", **changes}
    payload["links"] = {"self_html": f"https://zenodo.org/records/{number}"}
    return payload


def page(hits: list[dict], total: int) -> dict:
    """A search page."""
    return {"hits": {"hits": hits, "total": total}, "aggregations": {}, "links": {}}
