# SPDX-License-Identifier: MIT
"""The root of a crate: the terms of schema.org that every version has, and what its specification requires.

RO-Crate 1.1 and 1.2, section "Root Data Entity": name, description, datePublished and license.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from fairreg.formats.base import filled_members
from fairreg.formats.crates.data import DESCRIPTOR, address
from fairreg.formats.crates.entities import Entities, Entity
from fairreg.formats.crates.licences import add_licence
from fairreg.formats.crates.people import add_creators, add_publisher
from fairreg.formats.datacite_kernel.access_terms import conditions_of_access
from fairreg.schemas.identifiers import DOI_SCHEMES, PAPER_SCHEMES
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line

__all__ = ["REQUIRED", "calendar_date", "crate", "described", "identifiers_of", "page_of"]

REQUIRED = ("name", "description", "date_published", "license")
_LENGTHS = (10, 7, 4)  # of a day, a month, a year


def crate(context: Any, version: str, root: Entity, entities: Entities) -> Entity:
    """Return the document of a crate: its context, the descriptor, the root, then the other entities."""
    descriptor = {
        "@id": DESCRIPTOR,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": f"https://w3id.org/ro/crate/{version}"},
    }
    return {"@context": context, "@graph": [descriptor, filled_members(root), *entities.listed()]}


def described(entities: Entities, record: ModelRecord, types: Sequence[str]) -> Entity:
    """Return the root without its files and relations."""
    access = record.access
    return {
        "@id": "./",
        "@type": list(types),
        "name": record.name,
        "alternateName": list(record.alternate_names),
        "description": record.description,
        "identifier": identifiers_of(record),
        "url": page_of(record),
        "version": record.version,
        "author": add_creators(entities, record.creators),
        "publisher": add_publisher(entities, record.publisher),
        "license": add_licence(entities, record),
        "keywords": [word for word in record.keywords if one_line(word)],
        "inLanguage": record.language,
        "dateCreated": calendar_date(record.date_created),
        "datePublished": calendar_date(record.date_published),
        "dateModified": calendar_date(record.date_modified),
        "isAccessibleForFree": True if access and access.level == "open" else None,
        "conditionsOfAccess": conditions_of_access(access),
    }


def identifiers_of(record: ModelRecord) -> list[str]:
    """Return the identifiers of the object itself: each as its address, else with its scheme.

    Those of publications and neighbours, and the DOI of all versions, identify other objects.
    """
    own = [item for item in record.identifiers if not _points(item.scheme)]
    found = [address(item.url) or item.compact for item in own]
    stated = {item.compact for item in record.identifiers}
    return list(dict.fromkeys([*found, *([] if record.identifier in stated else [record.identifier])]))


def _points(scheme: str) -> bool:
    """Tell whether a scheme's values identify another object: a paper, a copy, all versions."""
    return scheme in PAPER_SCHEMES or (scheme in DOI_SCHEMES and scheme != "doi")


def page_of(record: ModelRecord) -> str | None:
    """Return the page at which the record's source describes the object."""
    return address(record.provenance.url)


def calendar_date(text: str | None) -> str | None:
    """Return an ISO 8601 date or time of a calendar, cut to what is valid of it; None for another text.

    >>> calendar_date("2022-11-09T25:00"), calendar_date("2022-11-31"), calendar_date("2022")
    ('2022-11-09', '2022-11', '2022')
    """
    for stated in (text or "", *((text or "")[:length] for length in _LENGTHS)):
        if _is_valid(stated):
            return stated
    return None


def _is_valid(text: str) -> bool:
    whole = text + "2000-01-01"[len(text) :]
    try:
        dt.datetime.fromisoformat(whole)
    except ValueError:
        return False
    return text[:4].isdigit() and text.isascii()
