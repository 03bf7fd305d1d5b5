# SPDX-License-Identifier: MIT
"""A BibTeX entry of a record, for citing it (biblatex types ``software`` and ``dataset``)."""

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

from fairreg.schemas.record import Creator, ModelRecord
from fairreg.schemas.text import one_line

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "write"]

NAME = "bibtex"
MEDIA_TYPES = ("application/x-bibtex",)
KEEPS = frozenset({"name", "version", "publisher", "license"})
NARROWS: Mapping[str, str] = {
    "kind": "software or dataset: a model is software",
    "identifiers": "DOI and arXiv number",
    "creators": "names only",
    "date_published": "its year",
}
_SPECIAL = re.compile(r"[\\{}$&#%_^~]")
# BibTeX counts escaped braces, too: a title with one such brace would never end.
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "^": r"\^{}",
    "~": r"\~{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
}


def write(record: ModelRecord) -> str:
    """One entry; fields that the record does not state are left out, Unicode stays as it is."""
    fields = {
        "author": " and ".join(_author(creator) for creator in record.creators),
        "title": "{" + _escape(record.name) + "}",
        "year": str(record.year) if record.year else "",
        "version": _escape(record.version or ""),
        "publisher": _escape(record.publisher or ""),
        "doi": _verbatim(record.doi),
        "eprint": _verbatim(record.value_of("arxiv")),
        "eprinttype": "arxiv" if record.value_of("arxiv") else "",
        "url": _verbatim(_url(record)),
        "license": _escape(record.license or ""),
    }
    kind = "dataset" if record.kind == "dataset" else "software"
    lines = [f"  {name:<10} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{_key(record)},", *lines, "}"]) + "\n"


def _author(creator: Creator) -> str:
    name = _escape(creator.name)
    return "{" + name + "}" if creator.kind == "organization" else name


def _url(record: ModelRecord) -> str:
    if record.doi:
        return f"https://doi.org/{record.doi}"
    return record.provenance.url or next((item.url for item in record.identifiers if item.url), None) or ""


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], "\\" + match[0]), one_line(text))


def _verbatim(text: str | None) -> str:
    """Escape a field that BibTeX reads verbatim; braces, blanks and backslashes would end it."""
    return re.sub(r"[{}\\\s]", lambda match: quote(match[0]), one_line(text or ""))


def _key(record: ModelRecord) -> str:
    family = re.split(r"[,\s]", record.creators[0].name)[0] if record.creators else ""
    words = re.findall(r"\w{3,}", record.name)
    key = f"{family}{record.year or ''}{words[0] if words else ''}"
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]", "", plain).lower() or "model"
