# SPDX-License-Identifier: MIT
"""``/openapi.json``: the API in OpenAPI 3.1, with the schemas that its own types give."""

import inspect
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fairreg.schemas import DOCUMENT_VERSIONS
from fairreg.schemas.documents.descriptions import describe_keys
from fairreg.schemas.documents.search import SearchDocument
from fairreg.schemas.record import Kind
from fairreg.server.api.answers import document, require_known
from fairreg.server.api.changes import LIMIT
from fairreg.server.api.documents import (
    ApiChanges,
    ApiFacets,
    ApiFingerprint,
    ApiProblem,
    ApiRecord,
    ApiSources,
    ApiStatement,
    ServerHealth,
)
from fairreg.server.problems import MEDIA_TYPE
from fairreg.server.query import FLAGS, LONGEST_TEXT, MOST_OFFSET, MOST_RESULTS, MOST_VALUES, SORTS
from fairreg.server.site import site_of

__all__ = ["openapi", "openapi_answer"]

_TYPES = (
    SearchDocument,
    ApiFacets,
    ApiRecord,
    ApiStatement,
    ApiFingerprint,
    ApiSources,
    ApiChanges,
    ServerHealth,
    ApiProblem,
)
_WORD = {"type": "string"}
_TIME = {"type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?)?$"}
_YEAR = {"type": "string", "pattern": "^([0-9]{4}|[0-9]{4}-|-[0-9]{4}|[0-9]{4}-[0-9]{4})?$"}
_CURSOR = {"type": "string", "pattern": "^[A-Za-z0-9_-]*$"}
_PROBLEMS = {
    "400": "A parameter is wrong; `detail` names it.",
    "412": "The answer is not the one that If-Match or If-Unmodified-Since asks for.",
    "414": "The address is too long.",
    "429": "Too many requests of this client; Retry-After says for how long to wait.",
    "503": "The server is busy, or its registry cannot be read; Retry-After says for how long to wait.",
}
_MISSING = {
    "404": "The registry has no such record.",
    "410": "The record was removed or merged into another.",
}


async def openapi_answer(request: Request) -> Response:
    """Answer with the description of the API at this server."""
    require_known(request, ())
    return document(openapi(site_of(request).base_url))


def openapi(base_url: str) -> dict[str, Any]:
    """Return the description for a server at an address without a slash at its end."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fairreg",
            "version": version("fairreg"),
            "summary": "A registry of AI models, datasets and software with their FAIR metadata.",
            # Not in the schemas: an address that is too long for the server (414) may break these rules, too.
            "description": (
                "Everything here can be read by anyone and written by no one. A text of a search has at most "
                f"{LONGEST_TEXT} characters, and a condition at most {MOST_VALUES} alternatives."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_url}],
        "paths": _paths(),
        "components": {"schemas": _schemas(), "responses": _problems({**_PROBLEMS, **_MISSING})},
    }


@cache
def _schemas() -> dict[str, Any]:
    _, parts = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    describe_keys(parts, *_TYPES)
    found = parts["SearchDocument"]
    number = {"const": DOCUMENT_VERSIONS["search"], "description": "Version of this document, MAJOR.MINOR."}
    found["properties"] = {"schema_version": number, **found["properties"]}
    found["required"] = ["schema_version", *found["required"]]
    return dict(sorted(parts.items()))


def _problems(words: Mapping[str, str]) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": _reference("ApiProblem")}}
    return {f"problem{status}": {"description": text, "content": content} for status, text in words.items()}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _paths() -> dict[str, Any]:
    page = (_parameter("limit", "Most results on a page.", _number(1, MOST_RESULTS, 20)),)
    order = _parameter("sort", "Order of the results.", {"enum": [*SORTS], "default": SORTS[0]})
    offset = _parameter("offset", "Results to leave out.", _number(0, MOST_OFFSET, 0))
    counted = _parameter("facets", "Count the results by value of each filter, too.", _CHOICE)
    return {
        "/api/search": _read("search", SearchDocument, (*_conditions(), order, *page, offset, counted)),
        "/api/facets": _read("facets", ApiFacets, _conditions()),
        "/api/records/{pid}": _read(
            "record", ApiRecord | ApiStatement, _of_record(), {**_PROBLEMS, **_MISSING}
        ),
        "/api/fingerprints/{value}": _read("fingerprint", ApiFingerprint, (_of_weights(),)),
        "/api/sources": _read("sources", ApiSources),
        "/api/changes": _read("changes", ApiChanges, _of_changes()),
        "/healthz": _read("health", ServerHealth),
    }


_CHOICE = {"enum": list(FLAGS)}


def _conditions() -> tuple[dict[str, Any], ...]:
    several = {"type": "array", "items": _WORD}
    years = {"type": "array", "items": _YEAR}
    share = {"type": "number", "minimum": 0, "maximum": 1}
    return (
        _parameter("q", "Words, or an identifier in any spelling; without it, all are listed.", _WORD),
        _parameter("kind", "Kind of record.", {"type": "array", "items": {"enum": [*get_args(Kind)]}}),
        _parameter("task", "Term for a task, which finds narrower ones, too; or words of a task.", several),
        _parameter("framework", "Words of a framework.", several),
        _parameter("license", "SPDX identifier of a licence, or the beginning of several.", several),
        _parameter("source", "Name of a source.", several),
        _parameter("author", "Name of an author, or an ORCID.", several),
        _parameter("year", "Year of publication, or a range: 2020-2023, -2019, 2022-.", years),
        _parameter("trained_on", "Identifier of training data.", several),
        _parameter("runnable", "Only what fairreg runs, or only the rest.", _CHOICE),
        _parameter("min_fair", "Least FAIR score of those that were assessed.", share),
    )


def _of_record() -> tuple[dict[str, Any], ...]:
    pid = _parameter("pid", "Identifier in any spelling; its slashes may be left as they are.", _WORD)
    source = _parameter("source", "Name of a source of the record: what it alone states.", _WORD)
    shown = {"doi": {"value": "10.5281/zenodo.7305227"}, "hub": {"value": "hf:org/name"}}
    return ({**pid, "in": "path", "required": True, "examples": shown}, source)


def _of_weights() -> dict[str, Any]:
    value = _parameter("value", "Fingerprint of weights, as `fairreg inspect` prints it.", _WORD)
    return {**value, "in": "path", "required": True}


def _of_changes() -> tuple[dict[str, Any], ...]:
    return (
        _parameter("since", "First day or time in UTC, such as 2026-11-30T12:00:00Z.", _TIME),
        _parameter("until", "Last day or time in UTC.", _TIME),
        _parameter("kind", "Kind of record.", {"enum": [*get_args(Kind)]}),
        _parameter("source", "Name of a source.", _WORD),
        _parameter("cursor", "Key `cursor` of an earlier answer: only later changes are listed.", _CURSOR),
        _parameter("limit", "Most changes on a page.", _number(1, MOST_RESULTS, LIMIT)),
    )


def _parameter(name: str, words: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": words, "required": False, "schema": dict(schema)}


def _number(least: int, most: int, usual: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most, "default": usual}


def _read(
    name: str,
    answer: Any,
    parameters: tuple[dict[str, Any], ...] = (),
    problems: Mapping[str, str] = _PROBLEMS,
) -> dict[str, Any]:
    """Return the operation of a path that answers with a document."""
    kinds = get_args(answer) or (answer,)
    listed = [_reference(kind.__name__) for kind in kinds]
    schema = listed[0] if len(listed) == 1 else {"oneOf": listed}
    responses: dict[str, Any] = {
        "200": {
            "description": (inspect.getdoc(kinds[0]) or "").partition("\n")[0],
            "headers": {"ETag": {"schema": _WORD, "description": "Tag for If-None-Match."}},
            "content": {"application/json": {"schema": schema}},
        },
        "304": {"description": "The client has this answer already."},
    }
    responses |= {status: {"$ref": f"#/components/responses/problem{status}"} for status in problems}
    operation = {"operationId": name, "summary": responses["200"]["description"], "responses": responses}
    return {"get": {**operation, "parameters": [*parameters]}}
