# SPDX-License-Identifier: MIT
"""A BibTeX entry of a record, for citing it (biblatex types ``software`` and ``dataset``).

Its key is the family name of the first author, the year, the first word of the title, and a digest of the
record's DOI or identifier: records of one author differ, and a key is the same wherever it is written.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

from fairreg.formats.creator_names import is_group, is_suffix, name_parts
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord
from fairreg.schemas.text import one_line

__all__ = [
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "address_of",
    "key_of",
    "key_of_identifier",
    "named_entry",
    "note_of",
    "write",
]

NAME = "bibtex"
MEDIA_TYPES = ("application/x-bibtex",)
KEEPS = frozenset({"name", "version", "publisher", "license"})
NARROWS: Mapping[str, str] = {
    "kind": "software or dataset: a model is software",
    "identifiers": "DOI, publications, and an address",
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
# BibTeX separates authors at this word, splits a name at two commas at most, and takes "others" for "et al."
_SEPARATOR = re.compile(r"(?:^|\s)and(?=\s|$)", re.IGNORECASE)
_MOST_COMMAS = 2
_ET_AL = "others"
_INITIALS = re.compile(r"(?:\w\.?-?){1,3}\.|\w|[A-Z]{2,3}")
# Letters that are no base letter with a mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "ł": "l", "Ł": "L", "đ": "d", "þ": "th"}
)
_LONGEST_PART = 24
_SHORT = frozenset({"the", "and", "for", "with", "from"})
_DIGEST = 6  # hexadecimal digits: two of a thousand records of one author, year and word differ but for 3 %


def write(record: ModelRecord, *, remark: str = "") -> str:
    """One entry; fields that the record does not state are left out, Unicode stays as it is.

    A `remark` ends its note.
    """
    fields = {
        "author": " and ".join(filter(None, map(_author, record.creators))),
        "title": "{" + _escape(record.name) + "}",
        "year": f"{record.year:04}" if record.year else "",
        "version": _escape(record.version or ""),
        "publisher": _escape(record.publisher or ""),
        "doi": _verbatim(record.doi),
        "eprint": _verbatim(record.value_of("arxiv")),
        "eprinttype": "arxiv" if record.value_of("arxiv") else "",
        "url": _verbatim(address_of(record)),
        "license": _escape(record.license or ""),
        "note": _escape(note_of(record, remark)),
    }
    return _entry("dataset" if record.kind == "dataset" else "software", key_of(record), fields)


def named_entry(identifier: Identifier, *, note: str) -> str:
    """Return the entry of a work of which only the identifier is known, which stands for its title."""
    is_doi, is_preprint = identifier.scheme == "doi", identifier.scheme == "arxiv"
    fields = {
        "title": "{" + _escape(identifier.compact) + "}",
        "doi": _verbatim(identifier.value) if is_doi else "",
        "eprint": _verbatim(identifier.value) if is_preprint else "",
        "eprinttype": "arxiv" if is_preprint else "",
        "url": _verbatim(identifier.url),
        "note": _escape(note),
    }
    return _entry("misc", key_of_identifier(identifier), fields)


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name:<10} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"]) + "\n"


def key_of_identifier(identifier: Identifier) -> str:
    """Return the key of a work of which only the identifier is known, in ASCII letters and digits."""
    return f"{_plain(identifier.scheme) or 'work'}{_digest(identifier.compact)}"


def key_of(record: ModelRecord) -> str:
    """Return the entry's key, in ASCII letters and digits."""
    family = _plain(_last_name(record.creators[0])) if record.creators else ""
    plain = (_plain(word) for word in re.findall(r"\w{3,}", record.name))
    word = next((found for found in plain if len(found) > 2 and found not in _SHORT), "")  # noqa: PLR2004
    named = f"doi:{record.doi}" if record.doi else record.identifier
    # A key begins with a letter; names in other scripts have none that every BibTeX reads.
    return f"{family or record.kind}{record.year or ''}{word}{_digest(named)}"


def _digest(named: str) -> str:
    return hashlib.sha256(named.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


def _author(creator: Creator) -> str:
    """Return the name as one author, empty for one of no more than blanks and commas."""
    if not one_line(creator.name).strip(" ,"):
        return ""
    name, commas = _escape(creator.name), creator.name.count(",")
    if is_group(creator) or _SEPARATOR.search(name) or commas > _MOST_COMMAS or name.lower() == _ET_AL:
        return "{" + name + "}"
    family, given, suffix = map(_escape, name_parts(creator))
    if not suffix and commas < _MOST_COMMAS:
        return name
    # Between two commas BibTeX reads a suffix, of whatever words.
    told = [family, suffix, "{" + given + "}" if "," in given else given]
    return ", ".join(filter(None, told)) if family and given else "{" + name + "}"


def _last_name(creator: Creator) -> str:
    """Return the last word of the family name, the same for both orders of a name; the first word of a group.

    Prefixes (van, de, von) are left out, as ``Jan van Berg`` does not show where its family name begins;
    so are suffixes (Jr.) and initials.
    """
    if is_group(creator):
        return next(iter(creator.name.split()), "")
    family, comma, _ = creator.name.partition(",")
    words = [word for word in family.split() if not is_suffix(word)]
    named = words if comma else [word for word in words if not _INITIALS.fullmatch(word)]
    return named[-1] if named else creator.name


def address_of(record: ModelRecord) -> str:
    """Return the address to cite: of the DOI, else of the source's page or the first identifier; or empty."""
    return (
        record.doi_url
        or (record.provenance.url or "").strip()
        or next((item.url for item in record.identifiers if item.url), None)
        or ""
    )


def note_of(record: ModelRecord, remark: str = "") -> str:
    """Name the publications by DOI, and the record by its identifier where it has neither DOI nor address.

    A `remark` comes last.
    """
    papers = [f"doi:{item.value}" for item in record.identifiers if item.scheme == "paper_doi"]
    parts = [f"Described in {', '.join(papers)}"] if papers else []
    parts += [] if address_of(record) else [f"Identifier: {record.identifier}"]
    return one_line("; ".join([*parts, remark] if remark else parts))


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], "\\" + match[0]), one_line(text))


def _verbatim(text: str | None) -> str:
    """Escape a field that BibTeX reads verbatim; braces, blanks and backslashes would end it."""
    return re.sub(r"[{}\\\s]", lambda match: quote(match[0]), one_line(text or ""))


def _plain(text: str) -> str:
    """Return the ASCII letters and digits of a text, in lower case; accents are dropped."""
    bare = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]", "", bare).lower()[:_LONGEST_PART]
