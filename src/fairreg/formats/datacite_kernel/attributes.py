# SPDX-License-Identifier: MIT
"""The attributes of DataCite's JSON for a record: those of its REST API, and of doi.org's DataCite JSON.

Mandatory properties that a record does not state have the codes of DataCite Metadata Schema 4, appendix 3.
There is none for the year of publication, a number: a record without any date is refused.
"""

import operator
import re
from collections.abc import Iterable, Iterator
from typing import Any

from fairreg.errors import RecordError
from fairreg.formats.base import filled_members
from fairreg.formats.creator_names import is_group, name_parts
from fairreg.formats.datacite_kernel.access_terms import access_term, access_words
from fairreg.schemas.datacite_terms import resource_type, stated_identifier, stated_relation
from fairreg.schemas.identifiers import DOI_SCHEMES, PAPER_SCHEMES, Identifier, normalise_doi
from fairreg.schemas.jsonld_terms import ORCID, SPDX
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import Creator, ModelRecord, Relation
from fairreg.schemas.text import clean, one_line
from fairreg.sources import DOI, ROR

__all__ = ["UNASSIGNED", "UNAVAILABLE", "kernel_attributes", "require_year"]

Json = dict[str, Any]
VERSION = "http://datacite.org/schema/kernel-4"
# "value unavailable, possibly unknown" and "value unassigned (e.g., Untitled)".
UNAVAILABLE, UNASSIGNED = ":unav", ":unas"
# BCP 47, as the type language of XML Schema has it.
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_ROR = str(ROR.resolver)
# Identifiers of other objects, and of the object as a whole.
_POINTING = DOI_SCHEMES | PAPER_SCHEMES
_DATES = {"Created": "date_created", "Issued": "date_published", "Updated": "date_modified"}
_BESIDE_ABSTRACT = {
    "usage": ("TechnicalInfo", "Usage"),
    "intended_use": ("Other", "Intended use"),
    "limitations": ("Other", "Limitations"),
    "notes": ("Other", "Notes"),
}


def require_year(record: ModelRecord) -> None:
    """Raise RecordError for a record without a date of publication or creation."""
    if record.year is None:
        raise RecordError(
            f"{record.identifier} has no year of publication, which DataCite requires: "
            "neither date_published nor date_created is stated.",
            violations=(("$.date_published", "is not stated"),),
            hint="Add the date at the source, or take a format that needs none, such as jsonld.",
        )


def kernel_attributes(record: ModelRecord) -> Json:
    """Return the attributes, without those that have no value.

    RecordError for a record that states neither when it was published nor when it was created.
    """
    require_year(record)
    return filled_members(
        {
            "doi": _doi(record),
            "creators": [_creator(item) for item in record.creators if one_line(item.name)]
            or [{"name": UNAVAILABLE}],
            "titles": _titles(record),
            "publisher": {"name": one_line(record.publisher or "") or UNAVAILABLE},
            "publicationYear": record.year,
            "types": _types(record),
            "subjects": _once({"subject": word} for word in map(one_line, record.keywords) if word),
            "dates": _dates(record),
            "language": record.language if _LANGUAGE.fullmatch(record.language or "") else None,
            "alternateIdentifiers": _once(map(_alternate, _alternates(record))),
            "relatedIdentifiers": _once(filter(None, map(_related, _relations(record)))),
            "sizes": _sizes(record),
            "formats": [text for item in record.formats if (text := one_line(item))],
            "version": one_line(record.version or ""),
            "rightsList": [*_licence(record), *_access(record)],
            "descriptions": _descriptions(record),
            "schemaVersion": VERSION,
        }
    )


def _creator(item: Creator) -> Json:
    name, person = one_line(item.name), not is_group(item)
    # Only a comma shows which of the names is the family's.
    family, given, suffix = name_parts(item) if person and "," in name else ("", "", "")
    return filled_members(
        {
            "name": name,
            "nameType": "Personal" if person else "Organizational",
            "givenName": one_line(f"{given} {suffix}") if family and given else None,
            "familyName": one_line(family) if given else None,
            "affiliation": _affiliations(item),
            "nameIdentifiers": list(_name_identifiers(item)),
        }
    )


def _name_identifiers(item: Creator) -> Iterator[Json]:
    if item.orcid:
        yield _named("nameIdentifier", ORCID + item.orcid, "ORCID", ORCID)
    if item.ror:
        yield _named("nameIdentifier", f"{_ROR}{item.ror}", "ROR", _ROR)


def _affiliations(item: Creator) -> list[Json]:
    """Institutions, each with its ROR identifier where there are as many of these."""
    names = [text for part in (item.affiliation or "").split(";") if (text := one_line(part))]
    rors = item.affiliation_rors if len(item.affiliation_rors) == len(names) else ()
    found: list[Json] = [{"name": name} for name in names]
    stated = [_named("affiliationIdentifier", f"{_ROR}{ror}", "ROR", _ROR) for ror in rors]
    return _once(found if not stated else map(operator.or_, found, stated))


def _named(field: str, value: str, scheme: str, address: str) -> Json:
    return {field: value, f"{field}Scheme": scheme, "schemeUri": address}


def _titles(record: ModelRecord) -> list[Json]:
    """The name first; the identifier stands for a name without a printable character."""
    first = one_line(record.name) or one_line(record.identifier) or UNASSIGNED
    more = (text for item in record.alternate_names if (text := one_line(item)))
    return [{"title": first}, *({"title": text, "titleType": "AlternativeTitle"} for text in more)]


def _types(record: ModelRecord) -> Json:
    general = record.kind.capitalize()
    stated = one_line(record.stated_type or "")
    return filled_members(
        {
            "resourceTypeGeneral": general,
            "resourceType": stated if stated.casefold() != record.kind else None,
        }
    )


def _dates(record: ModelRecord) -> list[Json]:
    found = [(kind, getattr(record, field)) for kind, field in _DATES.items()]
    if record.access is not None and record.access.level == "embargoed":
        found.append(("Available", record.access.until))
    return [{"date": one_line(date), "dateType": kind} for kind, date in found if date and one_line(date)]


def _doi(record: ModelRecord) -> str | None:
    """Return the object's DOI: of this version, else the DOI that identifies the record."""
    scheme, _, value = record.identifier.partition(":")
    return normalise_doi(record.doi or (value if scheme == DOI.name else ""))


def _alternates(record: ModelRecord) -> Iterator[Identifier]:
    """Identifiers of the object that are neither its DOI, nor of its lineage, a paper or a copy."""
    scheme, _, value = record.identifier.partition(":")
    # The main identifier is the first, by which a document without a DOI is known.
    if value and value != _doi(record):
        yield Identifier(scheme, value)
    others = (item for item in record.identifiers if item.compact != record.identifier)
    yield from (item for item in others if item.scheme not in _POINTING)


def _alternate(item: Identifier) -> Json:
    stated = stated_identifier(item) or (one_line(item.value) or UNASSIGNED, one_line(item.scheme) or "other")
    return dict(zip(("alternateIdentifier", "alternateIdentifierType"), stated, strict=True))


def _relations(record: ModelRecord) -> Iterator[Relation]:
    """Relations, the lineage of a version, and the papers about the object."""
    yield from record.relations
    for item in record.identifiers:
        if item.compact == record.identifier:
            continue
        if item.scheme == "concept_doi":
            yield Relation(type="is_version_of", target=item)
        elif item.scheme in PAPER_SCHEMES:
            yield Relation(type="is_described_by", target=item)


def _related(relation: Relation) -> Json | None:
    stated = stated_identifier(relation.target)
    if stated is None or not stated[0]:
        return None
    name, more = stated_relation(relation)
    return filled_members(
        {
            "relatedIdentifier": stated[0],
            "relatedIdentifierType": stated[1],
            "relationType": name,
            "relationTypeInformation": more,
            "resourceTypeGeneral": resource_type(relation.target_kind),
        }
    )


def _sizes(record: ModelRecord) -> list[str]:
    """Sizes of the files, each once: nothing shows which file it is of."""
    exact = [item.exact_size for item in record.distributions]
    return list(dict.fromkeys(f"{size} bytes" for size in exact if size is not None))


def _licence(record: ModelRecord) -> Iterator[Json]:
    """The SPDX expression, else the source's words; a licence of the SPDX list with its address there."""
    expression, words = one_line(record.license or ""), one_line(record.license_stated or "")
    if expression:
        known = SPDX + expression if is_listed(expression) else None
        stated = _named("rightsIdentifier", expression, "SPDX", SPDX)
        yield filled_members({"rights": expression, "rightsUri": known, **stated})
    elif words:
        yield {"rights": words}


def _access(record: ModelRecord) -> Iterator[Json]:
    if record.access is not None:
        level = record.access.level
        yield {"rights": access_words(level), "rightsUri": access_term(level)}


def _descriptions(record: ModelRecord) -> list[Json]:
    """The abstract and, beside one, further texts: alone they would pass for it."""
    abstract = clean(record.description or "").strip()
    if not abstract:
        return []
    texts = ((kind, lead, clean(getattr(record, field) or "").strip()) for field, (kind, lead) in _TEXTS)
    others = (
        {"description": f"{lead}: {text}", "descriptionType": kind} for kind, lead, text in texts if text
    )
    return [{"description": abstract, "descriptionType": "Abstract"}, *others]


_TEXTS = tuple(_BESIDE_ABSTRACT.items())


def _once(items: Iterable[Json]) -> list[Json]:
    """Return each object once, in order; DataCite's lists have no duplicates."""
    found: list[Json] = []
    seen: set[tuple[tuple[str, Any], ...]] = set()
    for item in items:
        key = tuple(item.items())
        if key not in seen:
            seen.add(key)
            found.append(item)
    return found
