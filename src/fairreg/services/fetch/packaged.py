# SPDX-License-Identifier: MIT
"""Files that fairreg itself contains: those of a catalogue record of packaged weights."""

from pathlib import Path

from fairreg import models
from fairreg.errors import ChecksumMismatch
from fairreg.registry import catalogue
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.leads import Lead, entry_identifier
from fairreg.sources import CURATED
from fairreg.storage.cache import CachedFile
from fairreg.storage.files import digest

__all__ = ["own_files", "packaged"]


def packaged(identifier: Identifier | None) -> tuple[ModelRecord, tuple[Downloaded, ...]] | None:
    """Return the catalogue's record `identifier` with its files in this installation; None for any other.

    The files are used where they are. Raises ChecksumMismatch for one that was changed.
    """
    if identifier is None or identifier.scheme != CURATED.name:
        return None
    found = models.reference(identifier)
    if found is None or found.record != identifier.compact:
        return None
    record = next((item for item in catalogue.records() if item.identifier == found.record), None)
    if record is None:
        return None
    folder = found.path.parent
    beside = [item for item in record.distributions if (folder / item.name).is_file()]
    return record, tuple(_verified(item, folder / item.name) for item in beside)


def own_files(lead: Lead) -> tuple[ModelRecord, tuple[Downloaded, ...]]:
    """The packaged files of an entry that leads nowhere; raises the lead's fault where there are none."""
    own = packaged(entry_identifier(lead.entry)) if lead.entry else None
    if own is None:
        raise lead.fault
    return own


def _verified(item: Distribution, path: Path) -> Downloaded:
    file = CachedFile(path, digest(path), path.stat().st_size)
    if f"sha256:{file.sha256}" not in item.checksums:
        raise ChecksumMismatch(
            f"{item.name} of this installation is not the file that was released.",
            name=item.name,
            hint="Install fairreg again.",
        )
    return Downloaded(item, file, f"sha256:{file.sha256}", verified=True, from_cache=False, packaged=True)
