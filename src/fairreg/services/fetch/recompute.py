# SPDX-License-Identifier: MIT
"""Fingerprints of an earlier rule computed again, from the files in the cache."""

from dataclasses import dataclass

from fairreg.registry import Registry
from fairreg.services.fetch.fetch import fetch_cached, store_fingerprints
from fairreg.services.fetch.fingerprints import is_outdated
from fairreg.sources import OWN_SOURCE
from fairreg.storage.cache import Cache

__all__ = ["Recomputed", "recompute_fingerprints"]


@dataclass(frozen=True)
class Recomputed:
    """Numbers of records: with fingerprints of today's rule again, and without their files in the cache."""

    records: int
    not_cached: int


def recompute_fingerprints(registry: Registry, cache: Cache) -> Recomputed:
    """Compute fingerprints of other rules than today's again where the cache has all files of the record.

    The others stay, and are found by their own rule only. Makes no requests. Raises RegistryError.
    """
    known = registry.statements_of(OWN_SOURCE)
    outdated = [item.record.identifier for item in known if is_outdated(item.payload)]
    done = 0
    for identifier in outdated:
        fetched = fetch_cached(cache, registry, identifier)
        if fetched is not None:
            store_fingerprints(registry, fetched)
            done += 1
    return Recomputed(done, len(outdated) - done)
