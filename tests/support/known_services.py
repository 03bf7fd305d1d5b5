# SPDX-License-Identifier: MIT
"""Local servers that answer as the known answers say, with each of their documents open to change.

The documents are made of the packaged shapes: a value of the right type at every path, and the stated facts.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from fairreg import harvesters
from fairreg.harvesters.dlhub import PATH
from fairreg.services.check.known_answer import KnownAnswer, known_answer, landing_answer

__all__ = ["HEADERS", "SOURCES", "example", "payloads", "put", "serve"]

SOURCES = tuple(item.name for item in harvesters.all_harvesters() if known_answer(item) is not None)
_EMPTY: dict[str, Any] = {"text": "words", "number": 1, "boolean": False, "null": None}
# What no type tells: values that are written in a certain way.
_WRITTEN: dict[str, dict[str, Any]] = {
    "zenodo": {"$.files[*].checksum": "md5:" + 32 * "0"},
    "huggingface": {"$.info.siblings[*].lfs.sha256": 64 * "0", "$.info.sha": 40 * "0"},
    "github": {"$.commit.sha": 40 * "0", "$.release.tag_name": "v1.6.0", "$.commit.date": "2022-06-30"},
    "cernopendata": {"$.metadata.files[*].checksum": "adler32:f71e044f"},
}
HEADERS = {"zenodo": {"X-RateLimit-Limit": "133"}, "github": {"X-RateLimit-Limit": "60"}}


def example(name: str, known: KnownAnswer) -> Any:
    """A document of the expected shape with the expected facts."""
    whole: dict[str, Any] = {}
    for path, types in known.shape.items():
        kind = types.removesuffix("?").split("|")[-1]
        put(whole, path, {} if kind == "object" else [] if kind == "list" else _EMPTY[kind])
    for path, value in {**_WRITTEN.get(name, {}), **known.facts}.items():
        put(whole, path, value)
    return whole


def put(document: Any, path: str, value: Any) -> None:
    """Set the value at a path of plain names; ``[*]`` is the first element of a list, made where it lacks."""
    steps = path.replace("[*]", ".[*]").split(".")[1:]
    for number, step in enumerate(steps, 1):
        last = number == len(steps)
        if step == "[*]":
            if not document:
                document.append(value if last else {})
            elif last:
                document[0] = value
            document = document[0]
        elif last:
            document[step] = value
        else:
            document = document[step]


def payloads() -> dict[str, Any]:
    """The expected payload of every source but zenodo_oai, whose answers are XML."""
    made = {}
    for name in SOURCES:
        known = known_answer(harvesters.get(name))
        assert known is not None
        if name != "zenodo_oai":
            made[name] = example(name, known)
    made["huggingface"]["info"]["siblings"].append({"rfilename": "README.md", "size": 1, "blobId": "0"})
    made["zenodo_oai"] = OAI
    made["doi"] = "https://zenodo.org/records/8347772"
    return made


def serve(server: HTTPServer, made: dict[str, Any], headers: dict[str, dict[str, str]] | None = None) -> None:
    """Answer for every service, each below a path of its name, as `made` has it at the time of asking."""
    server.no_handler_status_code = 404
    for name, paths in _PATHS.items():
        for path, part in paths.items():
            server.expect_request(f"/{path}").respond_with_handler(_handler(made, name, part, headers or {}))


def _handler(
    made: dict[str, Any], name: str, part: Callable[[Any], Any], headers: dict[str, dict[str, str]]
) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        if made[name] is None:
            return Response("down", 503)
        document = part(copy.deepcopy(made[name]))
        if isinstance(document, Response):
            return document
        more = {**HEADERS.get(name, {}), **headers.get(name, {})}
        if isinstance(document, str):
            return Response(document, 200, {"Content-Type": "text/xml; charset=utf-8", **more})
        return Response(json.dumps(document), 200, {"Content-Type": "application/json", **more})

    return answer


def _hits(payload: Any) -> Any:
    return {"hits": {"hits": [payload], "total": 1}}


def _redirect(target: str) -> Response:
    return Response("", 302, {"Location": target})


_GITHUB = "github/repos/caltechlibrary/handprint"
_HUB = "huggingface/google-bert/bert-base-uncased/resolve"
_LANDING = landing_answer()
assert _LANDING is not None
# By service: what it answers at each path, from its payload.
_PATHS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "zenodo": {"zenodo/api/records/7834392": lambda made: made, "zenodo/api/records": _hits},
    "zenodo_oai": {"zenodo/oai2d": lambda made: made},
    "datacite": {
        "datacite/dois/10.5281/zenodo.1196821": lambda made: made,
        "datacite/dois": lambda made: {"data": [made["data"]], "meta": {"total": 1}, "links": {}},
    },
    "doi": {f"doi/{_LANDING.ask}": _redirect},
    "huggingface": {
        "huggingface/api/models/google-bert/bert-base-uncased": lambda made: made["info"],
        "huggingface/api/models": lambda made: [made["info"]],
        f"{_HUB}/{40 * '0'}/README.md": lambda made: made["card"],
    },
    "github": {
        _GITHUB: lambda made: made["repository"],
        f"{_GITHUB}/releases/latest": lambda made: made["release"],
        f"{_GITHUB}/commits/tags/v1.6.0": lambda made: {
            "sha": made["commit"]["sha"],
            "commit": {"committer": {"date": made["commit"]["date"]}},
        },
        f"{_GITHUB}/git/trees/{40 * '0'}": lambda made: {
            **made["tree"],
            "tree": [{**made["tree"]["tree"][0], "path": "README.md", "type": "blob"}],
        },
        f"github/caltechlibrary/handprint/{40 * '0'}/README.md": lambda _made: "# Handprint",
        "github/search/repositories": lambda made: {"total_count": 1, "items": [made["repository"]]},
    },
    "dlhub": {f"globus{PATH}": lambda made: {"total": 1, "gmeta": [{"content": [made]}]}},
    "cernopendata": {"cernopendata/api/records/12102": lambda made: made, "cernopendata/api/records": _hits},
    "openml": {"openml/api/v1/json/flow/1": lambda made: made},
}
OAI = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord><record>
<header><identifier>oai:zenodo.org:7901584</identifier><datestamp>2023-05-23T08:12:44Z</datestamp></header>
<metadata><oai_datacite><payload><resource xmlns="http://datacite.org/schema/kernel-4">
<identifier identifierType="DOI">10.5281/zenodo.7901584</identifier>
<creators><creator><creatorName nameType="Personal">Doe</creatorName><familyName>Doe</familyName></creator></creators>
<titles><title>A coupled model</title></titles>
<publisher>Zenodo</publisher><publicationYear>2023</publicationYear>
<subjects><subject>models</subject></subjects>
<dates><date dateType="Issued">2023-05-05</date></dates>
<language>eng</language>
<resourceType resourceTypeGeneral="Software"/>
<alternateIdentifiers><alternateIdentifier alternateIdentifierType="oai">oai:zenodo.org:7901584</alternateIdentifier></alternateIdentifiers>
<relatedIdentifiers><relatedIdentifier relatedIdentifierType="DOI" relationType="IsVersionOf">10.5281/zenodo.7901583</relatedIdentifier></relatedIdentifiers>
<version>0.0.1</version>
<rightsList><rights rightsURI="https://creativecommons.org/licenses/by/4.0/legalcode" rightsIdentifierScheme="spdx" rightsIdentifier="cc-by-4.0">Creative Commons Attribution 4.0 International</rights></rightsList>
<descriptions><description descriptionType="Abstract">Source code.</description></descriptions>
</resource></payload></oai_datacite></metadata></record></GetRecord></OAI-PMH>
"""  # noqa: E501
