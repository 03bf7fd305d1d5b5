# SPDX-License-Identifier: MIT
"""Entries of a model in the model registries that its record or registration names, and their links back.

Registries are not searched: an entry that nothing of the model names is no cross-link (rubric, F4-3).
"""

import hashlib
from collections.abc import Iterator

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
_NONE = "neither the record nor its registration names an entry in a model registry"


def registry_listing(web: HttpClient, record: ModelRecord, registered: ModelRecord | None) -> Probe | None:
    """Return the best of the entries that are named, `absent` without one; None for a registry's own record.

    `found` is reciprocal where the entry names the model or its page, one_way where it does not, dormant
    where nobody maintains the registry, stub where the entry describes nothing.
    """
    if source_named(record.provenance.source).model_registry:
        return None
    outcomes: list[Probe] = []
    for harvester, identifier in list(_entries(record, registered))[:_MOST_ENTRIES]:
        outcomes.append(_entry(web, harvester, identifier, record))
        if "reciprocal" in outcomes[-1].found:
            break
    outcomes.sort(key=lambda probe: ("reciprocal" not in probe.found, probe.outcome not in {"ok", "failed"}))
    none = Probe(kind="registry_listing", outcome="absent", detail=_NONE, when=now())
    return next(iter(outcomes), none)


def _entries(record: ModelRecord, registered: ModelRecord | None) -> Iterator[tuple[Harvester, Identifier]]:
    """Yield the models of registries that are named, each once, without datasets."""
    seen: set[tuple[str, str]] = set()
    for one in filter(None, (record, registered)):
        related = [item.target for item in one.relations if (item.target_kind or "").lower() != "dataset"]
        for identifier in (*one.identifiers, *related):
            harvester = _registry(identifier)
            if harvester is not None and identifier.key not in seen:
                seen.add(identifier.key)
                yield harvester, identifier


def _registry(identifier: Identifier) -> Harvester | None:
    if identifier.value.startswith(("datasets/", "spaces/")):
        return None
    known = (item for item in harvesters.for_identifier(identifier) if not item.general)
    return next((item for item in known if source_named(item.name).model_registry), None)


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
