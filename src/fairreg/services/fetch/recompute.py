# SPDX-License-Identifier: MIT
"""Fingerprints of an earlier rule computed again, from the files in the cache."""

from dataclasses import dataclass
from pathlib import Path

from fairreg.registry import Registry
from fairreg.schemas.fingerprint_rule import is_outdated
from fairreg.sources import OWN_SOURCE

__all__ = ["Recomputed", "recompute_fingerprints"]


@dataclass(frozen=True)
class Recomputed:
    """Numbers of records: with fingerprints of today's rule again, and without their files in the cache."""

    records: int
    not_cached: int


def recompute_fingerprints(registry: Registry, cache: Path) -> Recomputed:
    """Compute fingerprints of other rules than today's again where `cache` has all files of the record.

    The others stay, and are found by their own rule only. Makes no requests. Raises RegistryError.
    """
    known = registry.statements.of_source(OWN_SOURCE)
    outdated = [item.record.identifier for item in known if is_outdated(item.payload)]
    done = sum(_recomputed(registry, cache, identifier) for identifier in outdated)
    return Recomputed(done, len(outdated) - done)


def _recomputed(registry: Registry, cache: Path, identifier: str) -> bool:
    from fairreg.services.fetch.fetch import fetch_cached, store_fingerprints  # slow, and seldom needed
    from fairreg.storage.cache import Cache

    fetched = fetch_cached(Cache(cache), registry, identifier)
    if fetched is not None:
        store_fingerprints(registry, fetched)
    return fetched is not None
