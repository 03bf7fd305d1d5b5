# SPDX-License-Identifier: MIT
"""Write docs/formats.md from what the formats declare of themselves, and from what they do.

    python scripts/build_format_docs.py

The table of fields is found by writing and reading records that differ in one field (`fate`). A field that
comes back is called narrowed only where the format says in a sentence which values do not.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from fairreg import formats, plugins
from fairreg.errors import FairregError
from fairreg.formats.base import FIELDS, Format
from fairreg.schemas.record import ModelRecord

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
INTRODUCTION = """\
# Formats

<!-- Written by scripts/build_format_docs.py from src/fairreg/formats; change it there. -->

`fairreg show PID --format NAME` writes a record in each of these formats. The same code reads and writes the
metadata files of repositories (`harvest`, `assess`) and drafts those that `assess --fix` offers.

A field is **kept** when reading the document again gives its words back: white space may change, and tags of
HTML are dropped from descriptions. In a format that fairreg does not read, it is kept when the document has
all of its words. It is *narrowed* when a part of it is written. Everything else is lost.

`add` and `validate` take whole records: `json`, `jsonld`, `fair4ml`, and `codemeta`, `croissant` and
`ro-crate`, which are linked data ([JSON-LD of other tools](linked-data.md)); `add` also takes `rdf`. `cff`,
`zenodo` and `model-card` describe a repository and are read with it, by `harvest` and `assess`; `datacite`
and `datacite-xml` are read as DataCite's own answers are.

A value that is not known is never made up. A format that requires what a record does not state is not
written: the error names the fields and what to do (exit code 1). Croissant is of datasets only; for a model
the error names its training data.

DataCite requires a creator and a publisher: where a record states none, its code `:unav` ("value
unavailable, possibly unknown") stands there, and in its XML `:unas` ("value unassigned") for a DOI that there
is not. It has no code for the year of publication: that of creation stands there where no other is stated,
and a record without either date is refused in both.

[reference-entry/](reference-entry/README.md) has the reference entry in these formats.

`jsonld`, `rdf`, `fair4ml` and `turtle` use terms of fairreg's own where no vocabulary has one:
[terms.md](terms.md) defines them."""


def _built_in() -> tuple[Format, ...]:
    """Return the formats of this repository, without those of packages that happen to be installed."""
    outside = {point.name.replace("_", "-") for point in plugins.entry_points_of("fairreg.formats")}
    return tuple(formats.get(name) for name in formats.names() if name not in outside)


def page() -> str:
    """The text of docs/formats.md."""
    parts = [
        INTRODUCTION,
        "\n".join(_overview()),
        "\n".join(_fields()),
        *map(_narrowed, _built_in()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _overview() -> Iterator[str]:
    yield "| format | media type | read, too | about |"
    yield "|---|---|---|---|"
    for item in _built_in():
        media = ", ".join(f"`{name}`" for name in item.MEDIA_TYPES)
        about = (item.__doc__ or "").strip().splitlines()[0].rstrip(".").replace("``", "`")
        yield f"| `{item.NAME}` | {media} | {'yes' if hasattr(item, 'read') else 'no'} | {about} |"


def _fields() -> Iterator[str]:
    shown = _built_in()
    yield "## Fields\n"
    yield "| field | " + " | ".join(f"`{item.NAME}`" for item in shown) + " |"
    yield "|---|" + "---|" * len(shown)
    for name in FIELDS:
        yield f"| `{name}` | " + " | ".join(_word(item, name) for item in shown) + " |"


def _word(item: Format, name: str) -> str:
    if name in item.NARROWS and fate(item.NAME, name) == "kept":
        return "*narrowed*"
    return {"kept": "**kept**", "narrowed": "*narrowed*"}.get(fate(item.NAME, name), "")


@cache
def fate(format_name: str, name: str) -> str:
    """Return what becomes of a field in a format: ``kept``, ``narrowed`` or ``lost``.

    Records that have every field filled, and other values in this one, are written and read again.
    """
    item = formats.get(format_name)
    for kind in ("model", "dataset"):  # some formats take one kind of object only
        full, *variants = _variants(name, kind)
        if _document(item, full) is not None:
            break
    documents = {record: _document(item, record) for record in (full, *variants)}
    if len(set(documents.values())) == 1:
        return "lost"
    written = {record: document for record, document in documents.items() if document is not None}
    return "kept" if all(_comes_back(item, name, *pair) for pair in written.items()) else "narrowed"


# Fields that stand in the place of another are left out, so that the other shows.
_HIDDEN_BY: dict[str, dict[str, Any]] = {
    "license_stated": {"license": None},
    "identifiers": {"relations": ()},
}


def _variants(name: str, kind: str) -> list[ModelRecord]:
    """A record that has every field, and others that differ from it in the field, as the tests have them."""
    made = import_module("support.full_record")
    full = msgspec.structs.replace(made.FULL, kind=kind)
    full = msgspec.structs.replace(full, **_HIDDEN_BY.get(name, {}))
    values = (made.OTHER[name], *made.MORE.get(name, ()))
    return [full, *(msgspec.structs.replace(full, **{name: value}) for value in values)]


def _document(item: Format, record: ModelRecord) -> str | None:
    """The document, None where the format refuses the record."""
    try:
        document = item.write(record)
    except FairregError:
        return None
    return document.decode() if isinstance(document, bytes) else document


def _comes_back(item: Format, name: str, record: ModelRecord, document: str) -> bool:
    if hasattr(item, "read"):
        understood = item.read(document).understood
        if isinstance(understood, ModelRecord):
            return bool(getattr(understood, name) == getattr(record, name))
        return bool((understood.record_fields().get(name) or None) == (getattr(record, name) or None))
    text = _plain(_unescaped(document))
    return all(_plain(word) in text for word in _leaves(record.to_json().get(name)))


def _leaves(value: Any) -> Iterator[str]:
    """Yield every text and number in a value; names of members and truth values are no words of it."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _unescaped(document: str) -> str:
    """The texts of a JSON document without its escapes, any other document as it is."""
    try:
        return " ".join(_leaves(json.loads(document)))
    except ValueError:
        return document


def _plain(text: str) -> str:
    """Letters and digits alone, so that another spelling of a word (IsPartOf, is_part_of) is the same."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _narrowed(item: Format) -> str:
    if not item.NARROWS:
        return ""
    lines = [f"- `{name}`: {item.NARROWS[name]}" for name in FIELDS if name in item.NARROWS]
    return "\n".join([f"## Narrowed in `{item.NAME}`\n", *lines])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
