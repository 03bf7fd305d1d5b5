# SPDX-License-Identifier: MIT
"""Verify a lock: compare what is published today with what it pins, file by file, field by field.

Nothing stops at the first difference, nor at a source that does not respond.
"""

from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path

from fairreg.errors import AccessDenied, FairregError, Gone, RegistryError
from fairreg.runners.weights import RULE
from fairreg.schemas.documents.changes.locks import LockDocument, LockedFile, LockedModel, LockedWeights
from fairreg.services.diff.files import FileDifference, FileState, compare_files
from fairreg.services.diff.metadata import FieldDifference, compare_fields, fields_of
from fairreg.services.diff.weights import WeightsDifference, WeightsState, compare_weights
from fairreg.services.fetch.download import Progress
from fairreg.services.fetch.fetch import log_mirrors
from fairreg.services.lock.lock_file import DEFAULT_NAME, read_lock
from fairreg.services.lock.pinned import record_facts, weights_facts
from fairreg.services.lock.published import PublishedModel, PublishedReader
from fairreg.services.lock.report import ModelVerification, VerificationReport
from fairreg.services.lock.scores import VerifiedScores, assessed, verified
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["verify"]


def verify(
    settings: Settings,
    path: Path = Path(DEFAULT_NAME),
    *,
    log: Log = no_log,
    progress: Progress | None = None,
    registry: LazyRegistry | None = None,
) -> VerificationReport:
    """Compare what is published of each model in the lock `path` with the lock.

    Files that are not in the cache are downloaded. Differences and faults are in the report, whose `fault` is
    the error to raise for them. `registry` is used instead of that of `settings`. Raises UsageError for a
    file that is no lock.
    """
    lock = read_lock(path)
    with nullcontext(registry) if registry else LazyRegistry.of(settings) as known:
        log_mirrors(settings, log)
        reader = PublishedReader(settings, known, log, progress)
        models = tuple(_verified(reader, lock, model) for model in lock.models)
    return VerificationReport(path, lock, models, settings.online_hint if settings.offline else None)


def _verified(reader: PublishedReader, lock: LockDocument, model: LockedModel) -> ModelVerification:
    try:
        today = reader.read(model.identifier)
    except FairregError as error:
        return _unread(reader, model, error)
    files = compare_files(map(_file_state, model.files), _files_today(model, today))
    metadata = compare_fields(model.metadata, fields_of(today.record))
    scores, notes = _scores(reader, model)
    facts, unasked = record_facts(reader, model, today)
    return ModelVerification(
        model,
        fault=None,
        files=files,
        weights=_weights(lock, model, today, files),
        metadata=metadata,
        scores=scores,
        scores_fault=notes,
        is_other_release=lock.fingerprint_rule != RULE,
        facts=facts,
        weights_facts=_weights_facts(lock, model, today, files),
        facts_fault=unasked,
    )


def _weights_facts(
    lock: LockDocument, model: LockedModel, today: PublishedModel, files: tuple[FileDifference, ...]
) -> tuple[FieldDifference, ...]:
    """The facts on weights that are others in the same files; of other files `_weights` says more."""
    if today.faults or any(item.status != "same" for item in files):
        return ()
    same_rule, same_release = lock.fingerprint_rule == RULE, lock.fairreg == version("fairreg")
    return weights_facts(model, today, same_rule=same_rule, same_release=same_release)


def _files_today(model: LockedModel, today: PublishedModel) -> tuple[FileState, ...]:
    """The published files; of a record that withholds them, the locked ones, which cannot be had."""
    if isinstance(today.unlisted, AccessDenied):
        return tuple(FileState(item.name, None, fault=today.unlisted) for item in model.files)
    return today.files


def _scores(reader: PublishedReader, model: LockedModel) -> tuple[VerifiedScores | None, FairregError | None]:
    reader.log(f"Assessing {model.identifier}")
    try:
        today = assessed(reader.settings, model.identifier, reader.registry, reader.log)
    except FairregError as error:
        return None, error
    return verified(model.scores, today), None


def _unread(reader: PublishedReader, model: LockedModel, fault: FairregError) -> ModelVerification:
    """The verification of a model whose record cannot be read today: only the cache tells something."""
    try:
        cached = reader.cached(model.identifier)
    except RegistryError as error:
        reader.log(error.message)
        cached = {}
    files = tuple(_from_cache(item, cached.get(item.name, []), fault) for item in model.files)
    return ModelVerification(model, fault, files, (), None, None, None)


def _from_cache(item: LockedFile, copies: list[str], fault: FairregError) -> FileDifference:
    state = _file_state(item)
    if not copies:
        return FileDifference(item.name, "not compared", state, None, "no copy is in the cache")
    if item.sha256 in copies:
        why = "the copy in the cache is the locked file"
        return FileDifference(item.name, "not compared", state, state, why)
    other = FileState(item.name, None, frozenset({f"sha256:{copies[0]}"}))
    # An earlier fetch brought it, and its record stated this digest: the published file has been replaced.
    when = "before the record was withdrawn" if isinstance(fault, Gone) else "by an earlier fetch"
    return FileDifference(
        item.name, "changed", state, other, f"another file was published, and is here {when}"
    )


def _file_state(item: LockedFile) -> FileState:
    return FileState(item.name, item.size, frozenset({f"sha256:{item.sha256}"}))


def _weights(
    lock: LockDocument, model: LockedModel, today: PublishedModel, files: tuple[FileDifference, ...]
) -> tuple[WeightsDifference, ...]:
    """The weights beside the locked ones, where a file has changed; fingerprints of one rule are compared."""
    if all(item.status in {"same", "renamed", "not compared"} for item in files):
        return ()
    same_rule = lock.fingerprint_rule == RULE
    before = [_weights_state(item, same_rule=same_rule) for item in model.weights]
    found = compare_weights(before, today.weights)
    # Weights in a file that was not read are not gone.
    return tuple(item for item in found if not (today.faults and item.status == "only in first"))


def _weights_state(item: LockedWeights, *, same_rule: bool) -> WeightsState:
    state = WeightsState(item.name, item.format, item.sha256)
    if not same_rule:
        return state._replace(fault="the lock has fingerprints of another rule")
    if item.fingerprint is None:
        return state._replace(fault="its tensors could not be read when the lock was made")
    return state._replace(
        fingerprint=item.fingerprint,
        shapes=item.shapes,
        operators=item.operators,
        tensors=item.tensors,
        parameters=item.parameters,
    )
