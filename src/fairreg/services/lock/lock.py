# SPDX-License-Identifier: MIT
"""Make a lock: models pinned to the bytes of their files, their metadata and their scores."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from importlib.metadata import version

from fairreg.errors import FairregError, NotFound, SecurityRefusal, Unreachable, UsageError
from fairreg.runners.weights import RULE
from fairreg.schemas.documents.changes.locks import LockDocument, LockedFile, LockedModel, LockedWeights
from fairreg.schemas.timestamps import now
from fairreg.services.diff.files import FileState
from fairreg.services.diff.metadata import digest_of_fields, fields_of
from fairreg.services.diff.weights import WeightsState
from fairreg.services.fetch.download import Progress
from fairreg.services.fetch.fetch import log_mirrors
from fairreg.services.lock.lock_file import in_order
from fairreg.services.lock.published import PublishedModel, PublishedReader
from fairreg.services.lock.scores import assessed, locked_scores
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["lock"]

_ISO_DAY = 10  # letters of a date
# Errors by how much they matter where several models cannot be locked; others come between.
_WORST_FIRST = (UsageError, SecurityRefusal, NotFound, FairregError, Unreachable)


def lock(
    settings: Settings,
    pids: Iterable[str],
    *,
    log: Log = no_log,
    progress: Progress | None = None,
    registry: LazyRegistry | None = None,
) -> LockDocument:
    """Pin each of `pids`: its files are fetched and hashed, its record is read at the source, and assessed.

    A model that is named twice is pinned once. Every model is tried; if some cannot be pinned, there is no
    lock, `log` is called with the reasons, and one of the errors is raised. Raises the errors of `fetch` and
    `assess`; Unreachable also where files of an earlier fetch are in the cache, because nothing tells whether
    they are still what is published.
    """
    asked = list(dict.fromkeys(pids))
    if not asked:
        raise UsageError("There is nothing to lock.", hint="Give the identifier of a model.")
    found: dict[str, LockedModel] = {}
    faults: list[tuple[str, FairregError]] = []
    with nullcontext(registry) if registry else LazyRegistry.of(settings) as known:
        log_mirrors(settings, log)
        reader = PublishedReader(settings, known, log, progress)
        for pid in asked:
            try:
                model = _pinned(reader, pid)
            except FairregError as error:
                faults.append((pid, error))
                continue
            earlier = found.get(model.identifier)
            found[model.identifier] = _merged(earlier, model) if earlier else model
    if faults:
        raise _worst(faults, len(asked), log)
    return LockDocument(
        fairreg=version("fairreg"),
        locked=now()[:_ISO_DAY],
        fingerprint_rule=RULE,
        models=in_order(found.values()),
    )


def _worst(faults: list[tuple[str, FairregError]], count: int, log: Log) -> FairregError:
    """Log why models cannot be locked, and return the error that matters most."""
    if count > 1:
        for pid, error in faults:
            log(f"{pid} cannot be locked: {error.message}")
    errors = [error for _, error in faults]
    return next(error for kind in _WORST_FIRST for error in errors if isinstance(error, kind))


def _pinned(reader: PublishedReader, pid: str) -> LockedModel:
    model = reader.read(pid)
    for fault in model.faults:
        raise fault
    reader.log(f"Assessing {model.record.identifier}")
    scores = assessed(reader.settings, model.record.identifier, reader.registry, reader.log)
    if scores.is_partial:
        reader.log(
            f"Warning: a service did not answer, so some verdicts on {model.record.identifier} are locked as "
            "unknown. Lock it again later to have them."
        )
    fields = fields_of(model.record)
    return LockedModel(
        identifier=model.record.identifier,
        asked=list(_other_names(model)),
        concept_doi=model.record.concept_doi,
        source=model.record.provenance.source,
        files=[_file(item) for item in model.files],
        weights=[_weights(item) for item in model.weights],
        metadata_sha256=digest_of_fields(fields),
        metadata=fields,
        scores=locked_scores(scores.state),
    )


def _other_names(model: PublishedModel) -> Iterator[str]:
    """The identifier that was asked for, where it is no name of this version, but of all versions, say."""
    own = {item.compact.casefold() for item in model.record.identifiers if item.scheme != "concept_doi"}
    if model.asked.casefold() not in own | {model.record.identifier.casefold()}:
        yield model.asked


def _merged(earlier: LockedModel, later: LockedModel) -> LockedModel:
    """The later of two readings of one model, with all identifiers that led to it."""
    from msgspec.structs import replace

    return replace(later, asked=[*earlier.asked, *later.asked])


def _file(item: FileState) -> LockedFile:
    if item.sha256 is None or item.size is None:
        raise ValueError("a file that was read has a size and a digest")
    return LockedFile(name=item.name, size=item.size, sha256=item.sha256)


def _weights(item: WeightsState) -> LockedWeights:
    return LockedWeights(
        name=item.name,
        format=item.format,
        sha256=item.sha256,
        fingerprint=item.fingerprint,
        shapes=item.shapes,
        operators=item.operators,
        tensors=item.tensors,
        parameters=item.parameters,
    )
