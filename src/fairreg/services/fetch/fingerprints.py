# SPDX-License-Identifier: MIT
"""Fingerprints of fetched weights, stored as fairreg's own statement on a record, so that equal weights link.

They form a separate statement (source ``fairreg``, named by the record's identifier), which no harvest of the
record's source replaces. Records are joined by the set of all their weights: if all weight files of a record
contain the same tensors, its ``fingerprint`` is that of the files. That of a collection digests the sorted
fingerprints, so that it equals only that of a collection of the same weights. A single file of a collection
joins no records: each can be found by its ``file_fingerprint``. Files without a tensor, and those that cannot
be read safely, have no fingerprint; if only some files of a record were fetched, nothing is stored.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from fairreg.errors import FairregError
from fairreg.registry import Registry
from fairreg.registry.resolution.grouping import link_keys
from fairreg.runners.weights import content_digest, fingerprint_of, read_tensors
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import FieldOrigin, ModelRecord, Provenance
from fairreg.schemas.timestamps import now
from fairreg.sources import OWN_SOURCE

__all__ = ["save_fingerprints"]

# Stored with the statement: under other rules the files are read again.
_RULES = "1"


def save_fingerprints(
    registry: Registry, record: ModelRecord, downloaded: Mapping[str, str], models: Iterable[tuple[str, Path]]
) -> None:
    """Store the fingerprints of the weight files `models` (name, path) of a completely fetched record.

    `downloaded` are all its files: name -> hex sha256; unchanged files are not read again. A record without
    a linking identifier (DOI, Hugging Face, GitHub, DLHub) gets none. Raises
    RegistryError.
    """
    own = tuple(item for item in record.identifiers if item.key in link_keys(record))
    known = registry.statement(OWN_SOURCE, record.identifier)
    payload = json.dumps({"files": dict(downloaded), "rules": _RULES}, sort_keys=True).encode()
    if not own or (known is not None and known.payload == payload):
        return
    found = [item for name, path in models if (item := _fingerprint(name, path)) is not None]
    if found or known is not None:
        said = _statement(record, (*own, *_identifiers(found)), sha256(payload).hexdigest())
        registry.put(said, payload=payload, media_type="application/json")


def _fingerprint(name: str, path: Path) -> Identifier | None:
    """The fingerprint of a weight file with its evidence; None for a file without one."""
    try:
        tensors = read_tensors(path)
    except FairregError:
        return None
    if not any(array.size for array in tensors.values()):
        return None
    return Identifier(
        "fingerprint", fingerprint_of(tensors), f"computed from {name} sha256:{content_digest(path)}"
    )


def _identifiers(found: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """The fingerprint of the set, which joins records, and those of a collection's files, which do not."""
    first = {item.value: item for item in reversed(found)}
    members = tuple(first[value] for value in sorted(first))
    if len(members) < 2:  # noqa: PLR2004  # one model, in any number of files
        return members
    whole = sha256("".join(f"{item.value}\n" for item in members).encode()).hexdigest()
    evidence = f"computed from the {len(members)} fingerprints of {len(found)} weight files"
    files = (Identifier("file_fingerprint", item.value, item.evidence) for item in members)
    return (Identifier("fingerprint", f"set:sha256:{whole}", evidence), *files)


def _statement(record: ModelRecord, identifiers: tuple[Identifier, ...], payload_sha256: str) -> ModelRecord:
    origin = FieldOrigin("identifiers", "computed", "fingerprints of the weight files")
    provenance = Provenance(
        source=OWN_SOURCE,
        source_id=record.identifier,
        retrieved=now(),
        payload_sha256=payload_sha256,
        origins=(origin,),
    )
    return ModelRecord(
        identifier=record.identifier,
        kind=record.kind,
        name=record.name,
        provenance=provenance,
        identifiers=identifiers,
    )
