# SPDX-License-Identifier: MIT
"""Entries of a model in registries of models, and whether they link back."""

import hashlib
from collections.abc import Sequence

from fairreg import harvesters
from fairreg.assessment.evidence import Probe
from fairreg.errors import AccessDenied, FairregError, NotFound
from fairreg.harvesters import Harvester
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.timestamps import now
from fairreg.sources import source_named
from fairreg.web import HttpClient

__all__ = ["registry_listing"]

_MOST_ENTRIES = 3


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
    outcomes.sort(key=lambda probe: ("reciprocal" not in probe.found, probe.outcome not in {"ok", "failed"}))
    none = Probe(kind="registry_listing", outcome="absent", detail="nobody can look it up", when=now())
    return next(iter(outcomes), none)


def _entry(web: HttpClient, harvester: Harvester, identifier: Identifier, record: ModelRecord) -> Probe:
    """Return the probe of one entry; one that is hidden or missing is no entry, one not answered unknown."""
    try:
        fetched = harvester.fetch(web, identifier)
        entry = harvester.to_record(fetched.payload)
    except (NotFound, AccessDenied):
        detail = f"{harvester.title} shows nobody an entry {identifier.value}"
        return Probe(kind="registry_listing", outcome="absent", detail=detail, when=now())
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
    own = [record.doi, record.concept_doi, record.provenance.url]
    return "reciprocal" if any(name and name.lower().encode() in raw.lower() for name in own) else "one_way"
