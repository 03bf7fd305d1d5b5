# SPDX-License-Identifier: MIT
"""One side of a comparison: what is known of a record or a file.

A record is fetched, as ``fairreg inspect`` does, so that its files are compared by their bytes. Of a data
set, which may be large and has no weights, and where the files cannot be had, the record's own digests are
used.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fairreg import formats
from fairreg.assessment.rubric import for_kind
from fairreg.errors import FairregError, IdentifierError, RegistryError
from fairreg.runners.weights import sharded
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.schemas.record import ModelRecord
from fairreg.services.diff.files import FileState, state_of_download, stated
from fairreg.services.diff.metadata import fields_of
from fairreg.services.diff.scores import ScoreState, stored_scores
from fairreg.services.diff.weights import WeightsState, weights_of
from fairreg.services.fetch.download import Progress
from fairreg.services.fetch.fetch import fetch
from fairreg.services.fetch.files.fetched import FetchedFiles
from fairreg.services.fetch.files.plan import plan
from fairreg.services.fetch.show import show
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.services.run.loaded_model import local_file
from fairreg.settings import Settings
from fairreg.storage.files import digest, unreadable
from fairreg.storage.formats import MODEL_FORMATS
from fairreg.storage.recognition import describe
from fairreg.web import Log, no_log

__all__ = ["PARTS", "Side", "side_of"]

# Parts of a comparison, in the order of a report.
PARTS = ("metadata", "files", "weights", "scores")
_RECORD_FILES = frozenset({".json", ".jsonld"})


@dataclass(frozen=True)
class Side:
    """A record or a file; a part that is None is not known, for the reason in `missing`."""

    requested: str
    identifier: str | None
    name: str
    fields: dict[str, Any] | None = None
    files: tuple[FileState, ...] | None = None
    weights: tuple[WeightsState, ...] | None = None
    scores: ScoreState | None = None
    missing: dict[str, str] = field(default_factory=dict)
    is_single_file: bool = False

    def to_json(self) -> dict[str, Any]:
        """The entry ``first`` or ``second`` of the document."""
        return {
            "requested": self.requested,
            "id": self.identifier,
            "name": self.name,
            "scores": self.scores.to_json() if self.scores else None,
        }


def side_of(
    settings: Settings,
    text: str,
    registry: LazyRegistry,
    *,
    log: Log = no_log,
    progress: Progress | None = None,
) -> Side:
    """Describe what `text` names: a model file, a file with a record, or a record.

    Raises IdentifierError for a text that names nothing, ModelError for a file that is missing, RecordError
    for one with no valid record, and the errors of `show` for an object that neither the registry nor a
    service knows.
    """
    path = local_file(text)
    if path is None:
        return _of_record(settings, text, registry, log, progress)
    return _of_record_file(text, path) if _holds_record(path) else _of_model_file(text, path)


def _holds_record(path: Path) -> bool:
    """Tell whether a file is one of metadata: JSON, but no model that is written as JSON."""
    if path.suffix.lower() not in _RECORD_FILES or sharded.knows(path):
        return False
    return describe(path).format not in MODEL_FORMATS


def _of_record_file(text: str, path: Path) -> Side:
    with unreadable(str(path)):
        content = path.read_bytes()
    record = formats.read_record(content, name=path.name).understood
    why = f"{path.name} holds a record, and no files"
    side = _described(text, record)
    return replace(side, files=_stated(record), missing={"weights": why, "scores": why})


def _of_model_file(text: str, path: Path) -> Side:
    with unreadable(str(path)):
        size, sha256 = path.stat().st_size, digest(path)
        weights = weights_of(path, path.name)
    file = FileState(path.name, size, frozenset({f"sha256:{sha256}"}))
    why = f"{path.name} is a file, and no record"
    missing = {"metadata": why, "scores": why}
    return Side(text, None, path.name, None, (file,), (weights,), None, missing, is_single_file=True)


def _of_record(
    settings: Settings, text: str, registry: LazyRegistry, log: Log, progress: Progress | None
) -> Side:
    requested = RequestedIdentifier.of(text)
    try:
        planned = plan(settings, requested, log=log, registry=registry).record
        if planned.kind == "dataset":
            side = _unfetched(text, planned, "the files of a data set are compared as its record states them")
        else:
            side = _fetched(text, fetch(settings, requested, log=log, progress=progress, registry=registry))
    except IdentifierError:
        raise
    except FairregError as error:
        record = show(settings, requested, registry=registry.open(log), log=log)
        side = _unfetched(text, record, f"the files of {record.identifier} were not fetched: {error.message}")
    return _with_scores(side, registry, log)


def _unfetched(text: str, record: ModelRecord, why: str) -> Side:
    return replace(_described(text, record), files=_stated(record), missing={"weights": why})


def _stated(record: ModelRecord) -> tuple[FileState, ...]:
    return tuple(stated(item) for item in record.distributions if item.path is None)


def _described(text: str, record: ModelRecord) -> Side:
    return Side(text, record.identifier, record.name, fields_of(record))


def _fetched(text: str, fetched: FetchedFiles) -> Side:
    """Describe the files by their bytes, those without an address as stated, and the weights among them."""
    side, read = _described(text, fetched.record), {item.distribution for item in fetched.files}
    others = [item for item in fetched.record.distributions if item not in read and item.path is None]
    files = (*map(state_of_download, fetched.files), *map(stated, others))
    weights = tuple(weights_of(path, fetched.name_of(path)) for path in fetched.models)
    if not weights:
        why = f"no file of {side.identifier} is a model that fairreg knows"
        return replace(side, files=files, missing={"weights": why})
    return replace(side, files=files, weights=weights)


def _with_scores(side: Side, registry: LazyRegistry, log: Log) -> Side:
    """Add the newest stored scores under the rubric of the object's kind."""
    identifier = side.identifier or side.requested
    kind = (side.fields or {}).get("kind", "model")
    why = f"{identifier} was not assessed here; fairreg assess {identifier} does it"
    try:
        known = registry.open(log)
        made = next(iter(known.assessments.history(identifier, rubric=for_kind(kind).name)), None)
        scores = stored_scores(known, made) if made is not None else None
    except RegistryError as error:
        scores, why = None, error.message
    return replace(side, scores=scores, missing=side.missing if scores else {**side.missing, "scores": why})
