# SPDX-License-Identifier: MIT
"""Write docs/reference/http.md from the OpenAPI description of the server.

python scripts/build_http_docs.py
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fairreg.server.api.openapi import openapi

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "http.md"
INTRODUCTION = """\
# HTTP

<!-- Written by scripts/build_http_docs.py from the description that the server itself answers with. -->

`fairreg serve` answers these requests with JSON. A running server describes itself in OpenAPI 3.1 at
`/openapi.json`; this page is the same for readers. Pages, records in other formats, OAI-PMH, assistants and
inference are in [The server](../server.md).
"""


def page() -> str:
    """The page, of the description for a server of any address."""
    description = openapi("https://registry.example.org")
    parts = [INTRODUCTION, description["info"]["description"], ""]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            parts += _operation(f"{method.upper()} {path}", operation)
    parts += [*_problems(description["components"]["responses"]), "## Documents", ""]
    for name, schema in description["components"]["schemas"].items():
        parts += _schema(name, schema)
    return "\n".join(parts).rstrip() + "\n"


def _operation(title: str, operation: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of one request: its summary, parameters and answers."""
    yield from (f"## {title}", "", _sentence(operation.get("summary", "")), "")
    if detail := operation.get("description"):
        yield from (detail, "")
    if parameters := operation.get("parameters"):
        yield from ("| parameter | values | meaning |", "|---|---|---|")
        for item in parameters:
            yield f"| `{item['name']}` | {_values(item['schema'])} | {_cell(item['description'])} |"
        yield ""
    yield from _answers(operation["responses"])


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line per answer, and one with the numbers of the problems, which are alike everywhere."""
    problems = [status for status, answer in responses.items() if "$ref" in answer]
    for status, answer in responses.items():
        if status not in problems:
            schemas = (content.get("schema", {}) for content in answer.get("content", {}).values())
            documents = [f" {_values(schema)}" for schema in schemas if schema.keys() & {"$ref", "anyOf"}]
            yield f"- {status}: {_cell(answer['description'])}{', '.join(documents)}"
    if problems:
        yield f"- {', '.join(problems)}: [problems](#problems)"
    yield ""


def _problems(responses: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section on problems, to which the requests refer."""
    yield from ("## Problems", "", "An error is a document of RFC 9457, [ApiProblem](#apiproblem).", "")
    yield from ("| status | meaning |", "|---|---|")
    for name, answer in sorted(responses.items()):
        yield f"| {name.removeprefix('problem')} | {_cell(answer['description'])} |"
    yield ""


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of one document: a row per key."""
    yield from (f"### {name}", "")
    if detail := schema.get("description"):
        yield from (detail, "")
    if keys := schema.get("properties"):
        yield from ("| key | values | meaning |", "|---|---|---|")
        for key, value in keys.items():
            yield f"| `{key}` | {_values(value)} | {_cell(value.get('description', ''))} |"
        yield ""


def _values(schema: Mapping[str, Any]) -> str:
    """Say in a few words which values a schema takes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(map(_values, choices)))
    kind = schema.get("type", "any")
    kinds = [kind] if isinstance(kind, str) else kind
    if "array" in kinds:
        return f"list of {_values(schema.get('items', {}))}"
    return " or ".join(kinds)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _sentence(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text}."


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
