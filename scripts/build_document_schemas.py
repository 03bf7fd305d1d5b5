# SPDX-License-Identifier: MIT
"""Write the JSON Schemas of the documents that commands print, and their list in docs/json.md.

    python scripts/build_document_schemas.py [--check]

The types in src/fairreg/schemas/documents say which keys there are, the strings below their fields what these
mean. `--check` writes nothing, names the files that are not up to date and exits with 1 where there is one.
"""

import argparse
import inspect
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from fairreg.schemas import DOCUMENT_VERSIONS
from fairreg.schemas.documents.descriptions import describe_keys
from fairreg.schemas.documents.table import DOCUMENT_FORMS, DocumentForm
from fairreg.schemas.validation import DIALECT

FOLDER = Path(str(files("fairreg.schemas").joinpath("documents")))
PAGE = Path(__file__).parents[1] / "docs" / "json.md"
MARK = "<!-- From here on written by scripts/build_document_schemas.py. -->\n"
BASE = "https://w3id.org/fairreg/schemas/"
VERSION_WORDS = "Version of this document, MAJOR.MINOR; docs/json.md says when it changes."


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 for an old file")
    if parser.parse_args().check:
        old = sorted(str(path) for path in outdated())
        print("\n".join(f"{path} is not up to date" for path in old), end="\n" if old else "")
        return int(bool(old))
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for path, text in contents().items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return 0


def outdated() -> set[Path]:
    """Return the files that are missing, left over, or not as this script writes them."""
    expected = contents()
    different = {path for path, text in expected.items() if not path.is_file() or _text(path) != text}
    return different | (set(FOLDER.glob("*.json")) - expected.keys())


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def contents() -> dict[Path, str]:
    """Return the text of each file."""
    schemas = {
        FOLDER / f"{name}.json": json.dumps(schema(name, form), indent=1, ensure_ascii=False) + "\n"
        for name, form in DOCUMENT_FORMS.items()
    }
    return {**schemas, PAGE: page()}


def schema(name: str, form: DocumentForm) -> dict[str, Any]:
    """Return the JSON Schema of a document; every key has a description."""
    (body,), parts = msgspec.json.schema_components([form.type], ref_template="#/$defs/{name}")
    for part in parts.values():
        del part["title"]
    describe_keys(parts, item_of(form))
    root = parts[item_of(form).__name__]
    root["properties"] = {"schema_version": _version(name), **root["properties"]}
    root["required"] = ["schema_version", *root["required"]]
    printed = ", ".join(f"`fairreg {line}`" for line in form.printed_by)
    return {
        "$schema": DIALECT,
        "$id": f"{BASE}{name}.json",
        "title": name,
        "description": f"{_first_line(item_of(form))} Printed by {printed}.",
        **body,
        "$defs": dict(sorted(parts.items())),
    }


def _version(name: str) -> dict[str, Any]:
    return {"const": DOCUMENT_VERSIONS[name], "description": VERSION_WORDS}


def item_of(form: DocumentForm) -> Any:
    """Return the type of a document, or of the items of a document that is a list."""
    return get_args(form.type)[0] if get_origin(form.type) is list else form.type


def _first_line(kind: Any) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def page() -> str:
    """The text of docs/json.md: what is written by hand, and the list behind the mark."""
    by_hand = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    return "\n".join((f"{by_hand}{MARK}", *_list())) + "\n"


def _list() -> Iterator[str]:
    yield "| document | version | printed by |"
    yield "|---|---|---|"
    for name, form in DOCUMENT_FORMS.items():
        link = f"[`{name}`](../src/fairreg/schemas/documents/{name}.json)"
        kind = " (a list)" if get_origin(form.type) is list else ""
        printed = "<br>".join(f"`fairreg {line}`" for line in form.printed_by)
        yield f"| {link}{kind} | {DOCUMENT_VERSIONS[name]} | {printed} |"


if __name__ == "__main__":
    raise SystemExit(main())
