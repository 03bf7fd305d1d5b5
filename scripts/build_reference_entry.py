# SPDX-License-Identifier: MIT
"""Write docs/reference-entry: the reference entry, fairreg's weights of it and their data, in every format.

python scripts/build_reference_entry.py

The records are those of the packaged catalogue. Those of fairreg's own weights and data state no page, and
the data no date of publication: they get the repository, from CITATION.cff, and the date of the release that
first had them, from CHANGELOG.md.
"""

import re
from pathlib import Path

import yaml
from msgspec.structs import replace

from fairreg import formats
from fairreg.errors import RecordError
from fairreg.formats.base import Format
from fairreg.models.hbb_in import REFERENCE_RECORD
from fairreg.models.hbb_in.published import DOI
from fairreg.registry import catalogue
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference-entry"
# Release that first had the weights and their data.
FIRST = "0.1.0"
# Formats to write, of those that there are.
FORMATS = (
    *("model-card", "ro-crate", "ro-crate-1.2", "croissant", "datacite", "datacite-xml", "codemeta", "cff"),
    *("zenodo", "fair4ml", "schema-org", "dublin-core", "bibtex", "csl", "ris", "dlhub"),
)
_SUFFIXES = {
    "markdown": ".md",
    "yaml": ".yaml",
    "json": ".json",
    "xml": ".xml",
    "turtle": ".ttl",
    "bibtex": ".bib",
}
_PAGE = """\
# The reference entry in other formats

<!-- Written by scripts/build_reference_entry.py; change it there. -->

`fairreg show PID --format NAME` writes these from the records of the packaged catalogue;
[formats.md](../formats.md) says what each format keeps:

{entries}

fairreg's own weights and data are not deposited, so that their records state no page, and the data no date of
publication. Here they have the repository of [CITATION.cff](../../CITATION.cff), and the date of release
{first}, which first had them ([CHANGELOG.md](../../CHANGELOG.md)). Nothing else is added: where a format
requires what no record states, there is no file, and the table gives the reason.

{table}

Croissant describes datasets. That of the weights is the one of their training data; the files of CMS's sample
have no digest that Croissant knows (CERN Open Data publishes Adler-32), so that it has none.
"""


def records() -> dict[str, ModelRecord]:
    """The records by folder: the published network, fairreg's weights, and their training data."""
    known = {record.identifier: record for record in catalogue.records()}
    weights = known[REFERENCE_RECORD.compact]
    (data,) = weights.related("trained_on")
    return {
        "network": known[f"doi:{DOI}"],
        "weights": _published(weights),
        "training-data": _published(known[data.compact]),
    }


def _published(record: ModelRecord) -> ModelRecord:
    """The record with the release that first had it."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (day,) = re.findall(rf"^## \[{re.escape(FIRST)}\] - (\S+)$", changes, re.MULTILINE)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    page = replace(record.provenance, url=citation["repository-code"])
    return replace(record, date_published=record.date_published or day, provenance=page)


def files() -> dict[str, str]:
    """The text of every file of the folder by its path in it."""
    found: dict[str, str] = {}
    rows = {name: [f"`{name}`"] for name in FORMATS if name in formats.names()}
    for folder, record in records().items():
        for name, row in rows.items():
            path, text = _document(formats.get(name), record)
            if path:
                found[f"{folder}/{path}"] = text
            row.append(f"[{path}]({folder}/{path})" if path else text)
    head = ["| format | " + " | ".join(records()) + " |", "|---" * (len(records()) + 1) + "|"]
    table = "\n".join([*head, *("| " + " | ".join(row) + " |" for row in rows.values())])
    named = (f"- {folder}: `{item.identifier}`, {item.name}" for folder, item in records().items())
    entries = "\n".join(named)
    return found | {"README.md": _PAGE.format(entries=entries, first=FIRST, table=table)}


def _document(view: Format, record: ModelRecord) -> tuple[str, str]:
    """The name of a file and its text; without a name the reason why the format refuses the record."""
    try:
        text = view.write(record)
    except RecordError as error:
        return "", one_line(error.message).replace("|", "\\|")
    suffix = next((end for word, end in _SUFFIXES.items() if word in view.MEDIA_TYPES[0]), f".{view.NAME}")
    return f"{view.NAME}{suffix}", text if isinstance(text, str) else text.decode("utf-8")


def main() -> None:
    written = files()
    for path in sorted(FOLDER.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(FOLDER).as_posix() not in written:
            path.unlink()
    for name, text in written.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(written)} files in {FOLDER}")


if __name__ == "__main__":
    main()
