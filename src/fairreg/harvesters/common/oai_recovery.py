# SPDX-License-Identifier: MIT
"""Records of an OAI-PMH page that is not well-formed, each by itself.

A parser of XML must stop at the first fault (XML 1.0, section 1.2), and one character in one record would end
a harvest. The page is cut where its records begin, and each is parsed below the start tags around it. Text is
never changed: a record that is not well-formed by itself is refused with the reason. What follows the records
is parsed as it is, so that a resumption token is read or its fault is an error, and never overlooked.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from fairreg.schemas.text import one_line

__all__ = ["OaiPieces", "header_of", "is_joined", "pieces_of", "reason_of", "with_plain_text"]

Span = tuple[int, int]
Mark = re.Match[bytes]
# Start tags around the records longer than this are not those of a repository.
_LONGEST_HEAD = 16 * 1024
_HEADER_BYTES = 4 * 1024
_DECLARATION = re.compile(rb"<\?xml[^<>]*\?>")
# A value may hold a greater-than sign.
_ATTRIBUTES = rb"""(?:\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*+)?>"""
_ROOT = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)OAI-PMH" + _ATTRIBUTES)
_TOKEN = rb"<(?:[A-Za-z_][\w.-]*:)?resumptionToken(?=[\s>/])"
# Marks inside of CDATA sections and comments are text; an opening without its end is text itself. A comment
# has no two hyphens (XML 1.0, section 2.5); its pattern has no lookahead, with which Python before 3.11.5
# goes astray. A record with a namespace of its own is metadata.
_COMMENT = re.compile(rb"<!--(?:-?[^-])*+-->")
_MARK = (
    rb"(?P<section><!\[CDATA\[)|(?P<comment>" + _COMMENT.pattern + rb")"
    rb"|(?P<list><%s(?:ListRecords|GetRecord)" + _ATTRIBUTES + rb")"
    rb"|(?P<record><%srecord(?=[\s>/])(?![^<>]*\sxmlns\s*=)[^<>]*>)|(?P<close></%srecord\s*>)"
    rb"|(?P<token>" + _TOKEN + rb")|(?P<end></%s(?:ListRecords|GetRecord)\s*>)"
)
# What stands between two records, and behind the last of them.
_JOINT = rb"</%srecord\s*>\s*<%srecord(?:\s[^<>]*)?>\s*<%sheader[\s>]|(?P<token>" + _TOKEN + rb")"
_FIELD = rb"<%s%s\s*>([^<>]*)<"
_TYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|apos|quot);)[A-Za-z][A-Za-z0-9.-]{0,40};")
_AMPERSAND = re.compile(rb"&(?!#?\w+;)")
_UNSAFE = re.compile(rb"[^\t\n\r -~]|&")


class OaiPieces(NamedTuple):
    """The places of the records in the page `body`, and the bytes around them.

    `prefix` is that of OAI-PMH's elements; `tail` is all that follows the records, with the resumption token
    where `has_token`.
    """

    body: bytes
    prefix: bytes
    head: bytes
    places: tuple[Span, ...]
    tail: bytes
    end: bytes
    has_token: bool

    @property
    def envelope(self) -> bytes:
        """The list without records and without what stands before it."""
        return self.head + self.tail

    @property
    def unended(self) -> Span | None:
        """Place of the last record and the tail, where the tail begins within the record."""
        tail = _COMMENT.sub(b"", self.tail[1:])
        ends = _compiled(rb"</%srecord\s*>|" + _TOKEN, self.prefix).search(tail)
        return (self.places[-1][0], len(self.body)) if ends else None

    def record(self, place: Span) -> bytes:
        """Return the bytes of one record."""
        return self.body[slice(*place)].strip()

    def document(self, record: bytes) -> bytes:
        """Return a page with this record only."""
        return self.head + record + self.end


def pieces_of(body: bytes, joined: Sequence[Span] = ()) -> OaiPieces | None:
    """Cut a page at its records; None where it has none, or its beginning or end is missing.

    `joined` are the places, in order, of pieces that are more than one record: in them, a section that hides
    what stands between records or behind them is text.
    """
    root = _ROOT.search(body)
    if root is None:
        return None
    prefix = root[1]
    listed, starts, last = _edges(_marks(body, prefix, root.end(), joined))
    if listed is None or last is None or not starts or _TYPE.search(body, 0, starts[0]):
        return None
    declared = _DECLARATION.search(body, 0, root.start())
    head = b"".join((declared[0] if declared else b"", root[0], listed[0]))
    if len(head) > _LONGEST_HEAD:
        return None
    name = b"GetRecord" if listed[0].startswith(b"<%sGetRecord" % prefix) else b"ListRecords"
    end = b"</%s%s></%sOAI-PMH>" % (prefix, name, prefix)
    places = tuple(pairwise([*starts, last.start()]))
    return OaiPieces(body, prefix, head, places, body[last.start() :], end, last.lastgroup == "token")


def _edges(marks: Iterable[Mark]) -> tuple[Mark | None, list[int], Mark | None]:
    """Return the start tag of the list, where its records begin, and the token or end tag behind the last.

    A token within a record is its text: the first behind the end of the last record counts, or the last of
    all where that record is cut off.
    """
    listed, starts = None, []
    behind: dict[str | None, Mark] = {}
    for mark in marks:
        kind = mark.lastgroup
        if listed is None:
            listed = mark if kind == "list" else None
        elif kind == "record":
            starts.append(mark.start())
            behind = {}
        elif kind == "close":
            behind = {kind: mark}
        elif not (kind == "token" and kind in behind and "close" in behind):
            behind[kind] = mark
    return listed, starts, behind.get("token") or behind.get("end")


def _marks(body: bytes, prefix: bytes, start: int, joined: Sequence[Span]) -> Iterator[Mark]:
    """Yield the marks outside of comments and sections, in linear time."""
    pattern, place, closing, last = _compiled(_MARK, prefix), start, -1, body.rfind(b"]]>")
    found = list(_compiled(_JOINT, prefix).finditer(body, start)) if joined else []
    # A token in a comment was taken out on purpose.
    joints = {
        "section": [joint.start() for joint in found],
        "comment": [joint.start() for joint in found if joint["token"] is None],
    }
    while mark := pattern.search(body, place):
        place = end = mark.end()
        if mark.lastgroup not in joints:
            yield mark
            continue
        if mark.lastgroup == "section":
            # Searched once for all openings before it, and never where there is none.
            closing = body.find(b"]]>", place) if closing < place <= last else closing
            end = max(closing, place)
        known = joints[mark.lastgroup]
        hides = bisect(known, end) > bisect(known, mark.start()) and _within(mark.start(), joined)
        place = mark.start() + len(b"<!--") if hides else end


def _within(place: int, spans: Sequence[Span]) -> bool:
    number = bisect(spans, place, key=lambda span: span[0])
    return number > 0 and place < spans[number - 1][1]


def is_joined(record: bytes, prefix: bytes) -> bool:
    """Tell whether a damaged record holds what stands between two records or behind all, hidden by a section.

    Those in a section may be words of the record's author: `with_plain_text` must not be well-formed either.
    """
    return _compiled(_JOINT, prefix).search(record) is not None


def with_plain_text(record: bytes) -> bytes:
    """Return a record in which the faults that text can have are replaced; those of the tags remain."""
    return _UNSAFE.sub(b"?", record)


def _compiled(pattern: bytes, prefix: bytes, *names: bytes) -> re.Pattern[bytes]:
    """Fill in the prefix; with `names` once, followed by them."""
    values = (re.escape(prefix), *names) if names else (re.escape(prefix),) * pattern.count(b"%s")
    return re.compile(pattern % values, re.DOTALL)


def header_of(record: bytes, prefix: bytes) -> dict[str, str]:
    """Return the identifier and datestamp that the header of a damaged record states."""
    _, opened, begun = record[:_HEADER_BYTES].partition(b"<%sheader" % prefix)
    header, closed, _ = begun.partition(b"</%sheader" % prefix)
    found = {}
    for name in ("identifier", "datestamp"):
        field = _compiled(_FIELD, prefix, name.encode()).search(header) if opened and closed else None
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
