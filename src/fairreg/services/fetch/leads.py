# SPDX-License-Identifier: MIT
"""Leads from identifiers that no service answers, through entries of the registry, to those that one does.

The registry prints more identifiers than services resolve: entries of the packaged catalogue, fingerprints,
statements of one source, pages and packages. Each of them leads to the DOI or the repository of its entry.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fairreg import harvesters
from fairreg.errors import FairregError, IdentifierError, NotFound, RegistryError
from fairreg.registry import Entry, Registry
from fairreg.schemas.identifiers import (
    DOI_SCHEMES,
    PAPER_SCHEMES,
    POINTING_SCHEMES,
    Identifier,
    RequestedIdentifier,
    parse,
)
from fairreg.schemas.record import ModelRecord
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.web import Log

__all__ = ["Lead", "elsewhere", "entry_identifier", "follow", "known_elsewhere", "settled"]

_FEW = 5


@dataclass(frozen=True)
class Lead:
    """Identifier to request, and the registry's `entry` that led there, None for what was requested itself.

    `target` is None for an entry that names neither a DOI nor a repository of a source.
    """

    target: RequestedIdentifier | None
    entry: Entry | None = None

    @property
    def fault(self) -> FairregError:
        """The reason why nothing can be fetched, of a lead without a target."""
        if self.entry is None:
            raise ValueError("a lead without a target has an entry")
        named, name, page = self.entry.identifier, self.entry.record.name, self.entry.url
        return NotFound(
            f"{named} ({name}) names no DOI and no repository at a service that fairreg asks.",
            hint=f"See {page}." if page else f"`fairreg show {named}` prints what is known of it.",
        )


def follow(opened: Callable[[], Registry], pid: RequestedIdentifier, log: Log) -> Lead:
    """Find what to request for `pid`; the registry is opened only where no service answers it.

    Raises IdentifierError for a text that is neither an identifier nor the name of an entry, NotFound for a
    paper, which may describe several models.
    """
    if pid.identifier is not None and _answered(pid.identifier):
        return Lead(pid)
    entries = opened().listing.entries_for(pid)
    if not entries:
        pid.require()
        return Lead(pid)
    fault = _pointing(pid, entries)
    if fault is not None:
        raise fault
    found = _leads(entries[0].record)
    if not found:
        return Lead(None, entries[0])
    log(f"{pid} is {entries[0].record.name} in the registry; requesting it as {found[0].compact}.")
    return Lead(_requested(found[0]), entries[0])


def elsewhere(registry: Registry, pid: RequestedIdentifier) -> RequestedIdentifier | None:
    """The first other identifier of the registry's entry that a host of files answers; None without one.

    Raises NotFound for a DOI that records of the registry only refer to, such as that of a paper.
    """
    entries = registry.listing.entries_for(pid)
    fault = _pointing(pid, entries)
    if fault is not None:
        raise fault
    keys = {pid.identifier.key} if pid.identifier else set()
    hosted = (item for entry in entries[:1] for item in _leads(entry.record) if _hosted(item))
    return next((_requested(item) for item in hosted if item.key not in keys), None)


def known_elsewhere(lazy: LazyRegistry, pid: RequestedIdentifier, log: Log) -> RequestedIdentifier | None:
    """Ask the registry as `elsewhere`; one that cannot be opened knows nothing."""
    try:
        registry = lazy.open(log)
    except RegistryError as error:
        log(error.message)
        return None
    return elsewhere(registry, pid)


def settled(registry: Registry, pid: str | RequestedIdentifier) -> RequestedIdentifier:
    """Return `pid` with an identifier: that of the entry, where its text is of no public scheme.

    Raises IdentifierError for a text that is neither an identifier nor the name of an entry.
    """
    requested = RequestedIdentifier.of(pid)
    if requested.identifier is not None:
        return requested
    entries = registry.listing.entries_for(requested)
    if not entries:
        requested.require()
    return RequestedIdentifier(requested.text, entry_identifier(entries[0]))


def entry_identifier(entry: Entry) -> Identifier:
    """The entry's identifier, else one of its record; names given by the registry do not count."""
    own = [item for item in entry.record.identifiers if item.compact == entry.identifier]
    try:
        return own[0] if own else parse(entry.identifier)
    except IdentifierError:
        scheme, _, value = entry.identifier.partition(":")
        return Identifier(scheme, value or entry.identifier)


def _pointing(pid: RequestedIdentifier, entries: Sequence[Entry]) -> NotFound | None:
    """The reason why `pid` leads nowhere where the entries only refer to what it identifies, else None."""
    matched = entries[0].matched if entries else None
    if matched is None or matched.scheme not in POINTING_SCHEMES:
        return None
    kind = "a paper" if matched.scheme in PAPER_SCHEMES else "another object"
    names = ", ".join(entry.identifier for entry in entries[:_FEW])
    return NotFound(
        f"{pid} identifies {kind}, to which these records in the registry refer: {names}.",
        hint="Give the identifier of one of them.",
    )


def _requested(identifier: Identifier) -> RequestedIdentifier:
    return RequestedIdentifier(identifier.compact, identifier)


def _answered(identifier: Identifier) -> bool:
    """Tell whether there is a service to ask about the identifier."""
    return identifier.scheme in DOI_SCHEMES or bool(harvesters.for_identifier(identifier))


def _hosted(identifier: Identifier) -> bool:
    """Tell whether a host of files answers the identifier; a registrar knows only where a DOI leads."""
    return any(not harvester.general for harvester in harvesters.for_identifier(identifier))


def _leads(record: ModelRecord) -> list[Identifier]:
    """The object's own identifiers that services answer; those that a host of files answers come first."""
    own = [item for item in record.identifiers if item.scheme not in POINTING_SCHEMES and _answered(item)]
    return sorted(own, key=lambda item: (not _hosted(item), item.scheme not in DOI_SCHEMES))
