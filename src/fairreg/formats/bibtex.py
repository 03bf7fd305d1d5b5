# SPDX-License-Identifier: MIT
"""A BibTeX entry of a record, for citing it (biblatex types ``software`` and ``dataset``)."""

import re
import unicodedata

from fairreg.schemas.record import Creator, ModelRecord

__all__ = ["to_bibtex"]

_SPECIAL = re.compile(r"[\\{}$&#%_^~]")
_ESCAPES = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}


def to_bibtex(record: ModelRecord) -> str:
    """One entry; fields that the record does not state are left out, Unicode stays as it is."""
    fields = {
        "author": " and ".join(_author(creator) for creator in record.creators),
        "title": "{" + _escape(record.name) + "}",
        "year": str(record.year) if record.year else "",
        "version": _escape(record.version or ""),
        "publisher": _escape(record.publisher or ""),
        "doi": record.doi or "",
        "eprint": record.value_of("arxiv") or "",
        "eprinttype": "arxiv" if record.value_of("arxiv") else "",
        "url": _url(record),
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
    flat = " ".join(text.split())
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], "\\" + match[0]), flat)


def _key(record: ModelRecord) -> str:
    family = re.split(r"[,\s]", record.creators[0].name)[0] if record.creators else ""
    words = re.findall(r"\w{3,}", record.name)
    key = f"{family}{record.year or ''}{words[0] if words else ''}"
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]", "", plain).lower() or "model"
