# SPDX-License-Identifier: MIT
"""Functions of the Python API that compare: two models, or what is published today with a lock file."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from fairreg.schemas.documents.changes.locks import LockDocument
from fairreg.services.diff.diff import DiffReport
from fairreg.services.diff.diff import diff as diff_with
from fairreg.services.lock.lock import lock as lock_with
from fairreg.services.lock.lock_file import DEFAULT_NAME, check_target, write_lock
from fairreg.services.lock.report import VerificationReport
from fairreg.services.lock.verify import verify as verify_with
from fairreg.services.named import Named, identifier_of, model_of
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.settings import Settings

__all__ = ["diff", "lock", "verify"]


def diff(first: Named | Path, second: Named | Path) -> DiffReport:
    """Compare two records or files: metadata, files, weights and scores; the files of records are fetched."""
    settings = Settings.from_environment()
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        return diff_with(settings, model_of(first), model_of(second), registry=registry)


def lock(*pids: Named | Iterable[Named], output: str | Path = DEFAULT_NAME) -> LockDocument:
    """Pin models to the bytes of their files, their metadata and their scores, in the file `output`.

    An identifier, or a result that carries one, may be given by itself, several also in a list. The file is
    written in one step, once every model is pinned.
    """
    settings, target, named = Settings.from_environment(), Path(output), _named(pids)
    check_target(target)
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        made = lock_with(settings, named, registry=registry)
    write_lock(made, target)
    return made


def _named(pids: Iterable[object]) -> list[str]:
    """Return the identifiers, those in lists too. Raises UsageError for anything else."""
    listed = [item if isinstance(item, Iterable) and not isinstance(item, str) else [item] for item in pids]
    return [identifier_of(item) for part in listed for item in part]


def verify(path: str | Path = DEFAULT_NAME) -> VerificationReport:
    """Compare what is published today with the lock file `path`.

    Nothing is raised for what has changed: `is_as_locked` of the report tells, `fault` is the error that the
    command ends with.
    """
    settings = Settings.from_environment()
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        return verify_with(settings, Path(path), registry=registry)
