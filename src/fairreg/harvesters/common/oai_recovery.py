# SPDX-License-Identifier: MIT
"""Records of an OAI-PMH page that is not well-formed, each by itself.

A parser of XML must stop at the first fault (XML 1.0, section 1.2), and one character in one record would end
a harvest. The page is cut where its records begin, and each is parsed below the start tags around it. Text is
never changed: a record that is not well-formed by itself is refused with the reason.
"""

import re
from typing import NamedTuple

from fairreg.schemas.text import one_line

__all__ = ["OaiPieces", "header_of", "pieces_of", "reason_of"]

# Start tags around the records longer than this are not those of a repository.
_LONGEST_HEAD = 16 * 1024
_HEADER_BYTES = 4 * 1024
_DECLARATION = re.compile(rb"<\?xml[^<>]*\?>")
_ROOT = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)OAI-PMH(?:\s[^<>]*)?>")
_LIST = rb"<%s(?:ListRecords|GetRecord)(?:\s[^<>]*)?>"
# Marks inside of CDATA sections and comments are text. A record with a namespace of its own is metadata.
_MARK = (
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
    rb"|(?P<record><%srecord(?=[\s>/])(?![^<>]*\sxmlns\s*=)[^<>]*>)"
)
_TAIL = (
    rb"(?:<%sresumptionToken(?:\s[^<>]*)?(?:/>|>[^<>]*</%sresumptionToken\s*>)\s*)?"
    rb"</%s(ListRecords|GetRecord)\s*>\s*</%sOAI-PMH\s*>\s*\Z"
)
_HEADER = rb"<%sheader[^<>]*>.*?</%sheader\s*>"
_FIELD = rb"<%s%s\s*>([^<>]*)<"
_TYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|apos|quot);)[A-Za-z][A-Za-z0-9.-]{0,40};")
_AMPERSAND = re.compile(rb"&(?!#?\w+;)")


class OaiPieces(NamedTuple):
    """The bytes of each record, and those around them; `prefix` is that of OAI-PMH's elements.

    `envelope` is the page without its records and without what stands before their list.
    """

    prefix: bytes
    head: bytes
    records: tuple[bytes, ...]
    tail: bytes
    end: bytes

    @property
    def envelope(self) -> bytes:
        """The list without records, with the resumption token."""
        return self.head + self.tail

    def document(self, record: bytes) -> bytes:
        """Return a page with this record only."""
        return self.head + record + self.end


def pieces_of(body: bytes) -> OaiPieces | None:
    """Cut a page at its records; None where it has none, or its beginning or end is missing."""
    root = _ROOT.search(body)
    if root is None:
        return None
    prefix = root[1]
    listed = _compiled(_LIST, prefix).search(body, root.end())
    marks = list(_records(body, prefix, listed.end())) if listed else []
    if listed is None or not marks or _TYPE.search(body, 0, marks[0]):
        return None
    tail = _compiled(_TAIL, prefix).search(body, marks[-1])
    declared = _DECLARATION.search(body, 0, root.start())
    head = b"".join((declared[0] if declared else b"", root[0], listed[0]))
    if tail is None or len(head) > _LONGEST_HEAD:
        return None
    edges = zip(marks, [*marks[1:], tail.start()], strict=True)
    records = tuple(body[start:end].strip() for start, end in edges)
    end = b"</%s%s></%sOAI-PMH>" % (prefix, tail[1], prefix)
    return OaiPieces(prefix, head, records, tail[0], end)


def _records(body: bytes, prefix: bytes, start: int) -> list[int]:
    return [mark.start() for mark in _compiled(_MARK, prefix).finditer(body, start) if mark["record"]]


def _compiled(pattern: bytes, prefix: bytes, *names: bytes) -> re.Pattern[bytes]:
    """Fill in the prefix; with `names` once, followed by them."""
    values = (re.escape(prefix), *names) if names else (re.escape(prefix),) * pattern.count(b"%s")
    return re.compile(pattern % values, re.DOTALL)


def header_of(record: bytes, prefix: bytes) -> dict[str, str]:
    """Return the identifier and datestamp that the header of a damaged record states."""
    header = _compiled(_HEADER, prefix).search(record[:_HEADER_BYTES])
    found = {}
    for name in ("identifier", "datestamp"):
        field = _compiled(_FIELD, prefix, name.encode()).search(header[0]) if header else None
        text = one_line(field[1].decode("utf-8", "replace")) if field else ""
        if text:
            found[name] = text
    return found


def reason_of(record: bytes, error: Exception) -> str:
    """Return why a record that was parsed with `error` is damaged, as a clause."""
    if _TYPE.search(record):
        return "it declares a document type or entities, which is refused for safety"
    said = str(error).partition(": line ")[0]
    try:
        found = _FORBIDDEN.search(record.decode())
    except UnicodeDecodeError as fault:
        return f"it has a byte that is not UTF-8 (0x{record[fault.start]:02x})"
    if found is not None:
        return f"it has the character U+{ord(found[0]):04X}, which XML forbids"
    if "invalid token" in said and _AMPERSAND.search(record):
        return "it has an & that is not escaped"
    entity = _ENTITY.search(record) if said == "undefined entity" else None
    return f"it is not well-formed XML ({said}{' ' + entity[0].decode() if entity else ''})"
