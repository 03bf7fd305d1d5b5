# SPDX-License-Identifier: MIT
"""Entries of a model in registries of models, and whether they link back."""

import hashlib
import re
from collections.abc import Sequence

from fairreg import harvesters
from fairreg.assessment.evidence import Outcome, Probe
from fairreg.errors import AccessDenied, FairregError, NotFound
from fairreg.harvesters import Harvester
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.timestamps import now
from fairreg.sources import source_named
from fairreg.web import HttpClient

__all__ = ["registry_listing"]

_MOST_ENTRIES = 3
# From the outcome that tells most of a model to the one that tells least.
_ORDER: tuple[Outcome, ...] = ("ok", "failed", "denied", "not_probed", "absent")
# What follows a DOI or an address that goes on: 10.5281/zenodo.730 does not stand in 10.5281/zenodo.7305227.
# A badge is an image of that name.
_DOI_ENDS = rb"(?:\.svg)?(?!\w|[-./:]+\w)"
_ADDRESS_ENDS = rb"(?!\w|[-.:]+\w)"


def registry_listing(web: HttpClient, named: Sequence[Identifier], record: ModelRecord) -> Probe:
    """Return the best of the named entries of a model in registries.

    `found` is reciprocal where the entry names the model or its page, one_way where it does not, dormant
    where nobody maintains the registry, stub where the entry describes nothing.
    """
    outcomes: list[Probe] = []
    for identifier in named[:_MOST_ENTRIES]:
        known = (item for item in harvesters.for_identifier(identifier) if not item.general)
        outcomes += [_entry(web, item, identifier, record) for item in known]
        if any("reciprocal" in probe.found for probe in outcomes):
            break
    if named[_MOST_ENTRIES:]:
        detail = f"{len(named)} entries are named, and the first {_MOST_ENTRIES} were looked up"
        outcomes.append(Probe(kind="registry_listing", outcome="failed", detail=detail, when=now()))
    outcomes.sort(key=lambda probe: ("reciprocal" not in probe.found, _ORDER.index(probe.outcome)))
    none = Probe(kind="registry_listing", outcome="absent", detail="nobody can look it up", when=now())
    return next(iter(outcomes), none)


def _entry(web: HttpClient, harvester: Harvester, identifier: Identifier, record: ModelRecord) -> Probe:
    """Return the probe of one entry; one that is missing is no entry, one hidden or not answered unknown."""
    try:
        fetched = harvester.fetch(web, identifier)
        entry = harvester.to_record(fetched.payload)
    except NotFound:
        detail = f"{harvester.title} has no entry {identifier.value}"
        return Probe(kind="registry_listing", outcome="absent", detail=detail, when=now())
    except AccessDenied:
        detail = f"{harvester.title} shows nobody an entry {identifier.value}"
        return Probe(kind="registry_listing", outcome="denied", detail=detail, when=now())
    except FairregError as error:
        detail = error.message.rstrip(".")
        return Probe(kind="registry_listing", outcome="failed", detail=detail, when=now())
    return Probe(
        kind="registry_listing",
        outcome="ok",
        url=fetched.url,
        found=(_kind(harvester, entry, fetched.raw, record),),
        detail=f"{harvester.title} has {entry.identifier}",
        when=now(),
        digest=f"sha256:{hashlib.sha256(fetched.raw).hexdigest()}",
    )


def _kind(harvester: Harvester, entry: ModelRecord, raw: bytes, record: ModelRecord) -> str:
    if source_named(harvester.name).dormant:
        return "dormant"
    if not entry.description and not entry.keywords:
        return "stub"
    own = [(record.doi, _DOI_ENDS), (record.concept_doi, _DOI_ENDS), (record.provenance.url, _ADDRESS_ENDS)]
    return "reciprocal" if any(name and _names(raw, name, ends) for name, ends in own) else "one_way"


def _names(raw: bytes, name: str, ends: bytes) -> bool:
    """Tell whether a payload names exactly this identifier, without more before or after it."""
    return re.search(rb"(?<![0-9.])" + re.escape(name.encode()) + ends, raw, re.IGNORECASE) is not None
