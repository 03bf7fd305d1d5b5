# SPDX-License-Identifier: MIT
"""Fingerprints of fetched weights, kept as what fairreg itself says of a record, so that equal weights link.

They are a statement of their own (source ``fairreg``, named by the record's identifier), which no harvest of
the record's source replaces. What joins records is the set of all their weights: the ``fingerprint`` of a
record whose weight files all hold the same tensors is that of the files: two weight files are the same model
only if their fingerprints are equal. That of a collection digests the sorted fingerprints, so that it equals
only a collection of just the same weights. A file that is one of many joins nothing: each stays findable as
``file_fingerprint``. Files without a tensor, and those that cannot be read safely, have none; where only some
of a record's files were fetched its weights are not known, and nothing is kept.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from fairreg.errors import FairregError
from fairreg.registry import Registry
from fairreg.registry.resolution.grouping import link_keys
from fairreg.runners.weights import fingerprint_of, read_tensors
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import FieldOrigin, ModelRecord, Provenance
from fairreg.schemas.timestamps import now
from fairreg.sources import OWN_SOURCE
from fairreg.storage.files import digest

__all__ = ["save_fingerprints"]

# A part of what is kept: with other rules for what has a fingerprint the files are read anew.
_RULES = "1"


def save_fingerprints(
    registry: Registry, record: ModelRecord, downloaded: Mapping[str, str], models: Iterable[tuple[str, Path]]
) -> None:
    """Keep the fingerprints of the weight files `models` (name, path) of a record, all of whose files came.

    `downloaded` are those files: name -> hex sha256; as long as they stay the same nothing is read again. A
    record without an identifier that links (DOI, Hugging Face, GitHub, DLHub) gets none. Raises
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
    """The fingerprint of a weight file with its evidence; None for one that has none."""
    try:
        tensors = read_tensors(path)
    except FairregError:
        return None
    if not any(array.size for array in tensors.values()):
        return None
    return Identifier("fingerprint", fingerprint_of(tensors), f"computed from {name} sha256:{digest(path)}")


def _identifiers(found: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """That of the set, which may join, and of a collection those of its files, which may not."""
    first = {item.value: item for item in reversed(found)}
    members = tuple(first[value] for value in sorted(first))
    if len(members) < 2:  # noqa: PLR2004  # one model, in however many files
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
