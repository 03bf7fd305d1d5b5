# SPDX-License-Identifier: MIT
"""One record by any of its identifiers: from the registry, else from its source."""

from fairreg.errors import NotFound
from fairreg.registry import LineageReport, Registry
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.schemas.record import ModelRecord
from fairreg.services.fetch.resolve import concept_note, resolve
from fairreg.services.registry.db import existing
from fairreg.settings import Settings
from fairreg.web import HttpClient, Log, no_log

__all__ = ["explain", "show"]


def show(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    registry: Registry | None = None,
    log: Log = no_log,
) -> ModelRecord:
    """Return the merged record of the registry, else the current one of the source (which is not stored).

    That of an entry which its source withdrew has its access closed, and `log` is called with a warning.
    `registry` is used instead of opening that of `settings`. Raises IdentifierError, NotFound and the errors
    of `resolve`.
    """
    pid = RequestedIdentifier.of(pid)
    with existing(registry, settings) as known:
        try:
            entry = known.entry_for(pid)
            # The exact name of an entry works without an identifier of a public scheme.
            note = concept_note(entry.matched, entry.record) if entry.matched else None
            if note:
                log(note)
            if entry.warning:
                log(f"Warning: {entry.warning}")
            return entry.present_record
        except NotFound:
            pid.require()  # what no scheme knows is requested nowhere
            from fairreg.services.registry.removal import removal_note  # seldom needed

            if note := removal_note(known, pid):
                log(note)
            log(f"{pid} is not in the registry; requesting it from its source.")
    with HttpClient(settings, log=log) as web:
        return resolve(web, pid, log=log).record


def explain(
    settings: Settings, pid: str | RequestedIdentifier, *, registry: Registry | None = None
) -> LineageReport | None:
    """Return all sources and versions of the model `pid`, and by what they are joined.

    None for a model that is not in the registry. `registry` is used instead of opening that of `settings`.
    Raises IdentifierError.
    """
    with existing(registry, settings) as known:
        try:
            return known.explain(pid)
        except NotFound:
            return None
