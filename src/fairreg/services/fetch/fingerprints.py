# SPDX-License-Identifier: MIT
"""Fingerprints of fetched weights, stored as fairreg's own statement on a record, so that equal weights link.

They form a separate statement (source ``fairreg``, named by the record's identifier), which no harvest of the
record's source replaces. Records are joined by the set of all their weights: if all weight files of a record
contain the same tensors, its ``fingerprint`` is that of the files. That of a collection digests the sorted
fingerprints, so that it equals only that of a collection of the same weights. A single file of a collection
joins no records: each can be found by its ``file_fingerprint``, and so can each model in a checkpoint of
several. The evidence names the network that was recognised in a file. Shards that an index file names are one
file. Files without a tensor, and those that cannot be read safely, have no fingerprint; if only some files of
a record were fetched, nothing is stored.

The rule of docs/fingerprints.md by which they were computed stands in the statement and in the evidence of
each: equal fingerprints of different rules link nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from fairreg import models
from fairreg.errors import FairregError
from fairreg.registry import Registry
from fairreg.registry.resolution.grouping import link_keys
from fairreg.runners.weights import ModelCandidate, candidates, content_digest
from fairreg.schemas.fingerprint_rule import payload_of, with_rule
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import FieldOrigin, ModelRecord, Provenance
from fairreg.schemas.text import one_line
from fairreg.schemas.timestamps import now
from fairreg.sources import OWN_SOURCE

__all__ = ["fingerprint_of", "save_fingerprints"]

_LONGEST_PLACE = 100


def fingerprint_of(path: Path) -> str | None:
    """The fingerprint of the model in a file, None if it has no numbers or cannot be read."""
    return next((item.fingerprint for item in _candidates(path)), None)


def _candidates(path: Path) -> tuple[ModelCandidate, ...]:
    """The models in a file, none if the first has no numbers or the file cannot be read."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return _candidates_of(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=256)
def _candidates_of(path: Path, _changed: int, _size: int) -> tuple[ModelCandidate, ...]:
    """Read a file once per state: what is stored is printed as well."""
    try:
        first, *others = candidates(path)
    except FairregError:
        return ()
    return (first, *(item for item in others if item.numbers)) if first.numbers else ()


def save_fingerprints(
    registry: Registry,
    record: ModelRecord,
    downloaded: Mapping[str, str],
    models: Iterable[tuple[str, Path]],
    digests: Mapping[Path, str] = MappingProxyType({}),
) -> None:
    """Store the fingerprints of the weight files `models` (name, path) of a completely fetched record.

    `downloaded` are all its files: name -> hex sha256; unchanged files are not read again under one rule.
    `digests` are those of files that were hashed already.
    A record without a linking identifier (DOI, Hugging Face, GitHub, DLHub) gets none. Raises
    RegistryError.
    """
    own = tuple(item for item in record.identifiers if item.key in link_keys(record))
    known = registry.statements.get(OWN_SOURCE, record.identifier)
    payload = payload_of(downloaded)
    if not own or (known is not None and known.payload == payload):
        return
    found = [(name, path, items) for name, path in models if (items := _candidates(path))]
    if found or known is not None:
        identifiers = (*own, *_identifiers(found, digests))
        said = _statement(record, identifiers, sha256(payload).hexdigest())
        registry.put(said, payload=payload, media_type="application/json")


def _identifiers(
    found: Sequence[tuple[str, Path, tuple[ModelCandidate, ...]]], digests: Mapping[Path, str]
) -> tuple[Identifier, ...]:
    """The fingerprint of the set, which joins records, and those of files and their models, which do not."""
    named = {path: f"{name} sha256:{content_digest(path, digests)}" for name, path, _ in found}
    models = _first(_fingerprint(named[path], path, items[0]) for _, path, items in found)
    several = [(path, items) for _, path, items in found if items[1:]]
    listed = [_fingerprint(named[path], path, item) for path, items in several for item in items]
    if len(models) < 2:  # noqa: PLR2004  # one model, in any number of files
        return (*models, *map(_of_file, _first(listed)))
    whole = sha256("".join(f"{item.value}\n" for item in models).encode()).hexdigest()
    evidence = with_rule(f"computed from the {len(models)} fingerprints of {len(found)} weight files")
    files = map(_of_file, _first([*models, *listed]))
    return (Identifier("fingerprint", f"set:sha256:{whole}", evidence), *files)


def _first(identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """The first identifier of each value, sorted by value."""
    first = {item.value: item for item in reversed(list(identifiers))}
    return tuple(first[value] for value in sorted(first))


def _of_file(item: Identifier) -> Identifier:
    return Identifier("file_fingerprint", item.value, item.evidence)


def _fingerprint(file: str, path: Path, item: ModelCandidate) -> Identifier:
    place = one_line(item.name)[:_LONGEST_PLACE]
    # A name with a semicolon could claim that a network was recognised.
    evidence = f"computed from {place + ' in ' if place else ''}{file}".replace(";", ",")
    return Identifier("fingerprint", item.fingerprint, with_rule(evidence, _network(path, item)))


def _network(path: Path, item: ModelCandidate) -> str | None:
    """The title of the network that is recognised in the weights of a file that are read by default."""
    try:
        found = models.recognise(path)
    except FairregError:
        return None  # another package's opinion of a file that has a fingerprint
    return found.title if found is not None and found.fingerprint == item.fingerprint else None


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
