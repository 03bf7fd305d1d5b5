# SPDX-License-Identifier: MIT
"""References in words, as of the Publication Manual of the APA, 7th edition: 9.7 (authors), 10.9 (data sets)
and 10.10 (software). What a record does not state is said and not made up.
"""

import re
from collections.abc import Sequence

from fairreg.formats.bibtex import address_of
from fairreg.formats.creator_names import is_group, name_parts
from fairreg.schemas.record import Creator, ModelRecord
from fairreg.schemas.text import one_line, without_hidden
from fairreg.services.cite.works import NamedWork, Work

__all__ = ["named_reference", "reference"]

_KINDS = {"model": "Machine learning model", "software": "Computer software", "dataset": "Data set"}
# Authors are listed up to this number, else the first 19 and the last.
_MOST_AUTHORS = 20


def reference(work: Work) -> str:
    """Return the reference of a record in one line.

    An unknown year is n.d.; without authors the title comes first, and a remark says that none are stated.
    """
    record = work.record
    authors = _authors(record.creators)
    year = f"({record.year:04})." if record.year else "(n.d.)."
    title = f"{_title(record)} [{_KINDS[record.kind]}]."
    begun = f"{authors} {year} {title}" if authors else f"{title} {year}"
    publisher = one_line(record.publisher or "").rstrip(".")
    place = address_of(record) or f"Identifier: {record.identifier}"
    missing = () if authors else ("The record states no authors.",)
    remarks = (f"[{remark}]" for remark in (*missing, *work.remarks))
    told = " ".join((begun, f"{publisher}." if publisher else "", place, *remarks))
    return one_line(without_hidden(told))


def named_reference(work: NamedWork) -> str:
    """Return the identifier of a work of which nothing else is known, and says so."""
    return one_line(without_hidden(f"{work.address or work.identifier.compact} [{work.remark}]"))


def _title(record: ModelRecord) -> str:
    version = one_line(record.version or "")
    numbered = version if re.match(r"v(?:ersion)?[\s.]*\d", version, re.IGNORECASE) else f"Version {version}"
    return f"{one_line(record.name).rstrip('.')}{f' ({numbered})' if version else ''}"


def _authors(creators: Sequence[Creator]) -> str:
    names = [name for creator in creators if (name := _author(creator))]
    if len(names) > _MOST_AUTHORS:
        listed = f"{', '.join(names[: _MOST_AUTHORS - 1])}, . . . {names[-1]}"
    else:
        listed = ", & ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    return listed if not listed or listed.endswith(".") else f"{listed}."


def _author(creator: Creator) -> str:
    """Return ``Family, G. N., Suffix`` of a person, the name of a group; empty for blanks and commas."""
    if is_group(creator):
        return one_line(creator.name)
    family, given, suffix = (one_line(part) for part in name_parts(creator))
    return ", ".join(filter(None, (family, _initials(given), suffix))).strip(" ,")


def _initials(given: str) -> str:
    """Return the initials of given names; names in scripts without capitals stay as they are.

    >>> _initials("Jean-Roch M.")
    'J.-R. M.'
    """
    names = [
        [part for part in name.split("-") if part] for name in re.split(r"[\s.]+(?!-)|\.(?=-)", given) if name
    ]
    if not all(part[0].isupper() or part[0].islower() for parts in names for part in parts):
        return given
    return " ".join("-".join(f"{part[0].upper()}." for part in parts) for parts in names)
