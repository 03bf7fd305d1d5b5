# SPDX-License-Identifier: MIT
"""Fetched files of a record, the folders of its archives and the weight files among them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairreg.errors import FairregError
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.fingerprints import fingerprint_of
from fairreg.services.fetch.resolve import Resolution
from fairreg.storage.archive import is_archive

if TYPE_CHECKING:
    from fairreg.errors import UnsafeArchive
    from fairreg.services.fetch.unpacking import UnopenedFile

__all__ = ["ArchiveMember", "FetchedFiles", "named"]

_OF_METADATA = (".md", ".json", ".jsonld")


def named(requested: str, record: ModelRecord) -> dict[str, Any]:
    """The members of a JSON document that say which record was requested."""
    return {
        "requested": requested,
        "id": record.identifier,
        "doi": record.doi,
        "concept_doi": record.concept_doi,
        "version": record.version,
    }


@dataclass(frozen=True)
class ArchiveMember:
    """A file in an unpacked archive that a pattern chose, by its `name` there.

    A file that belongs to a model among them has the name of that `model`, and its `place` in that folder.
    """

    name: str
    path: Path
    archive: str
    model: str | None = None
    place: str = ""


@dataclass(frozen=True)
class FetchedFiles:
    """Result of a fetch.

    `folders` are the unpacked archives, `models` the files of weights or a graph, also those inside archives;
    of a model in several files it is the one that names the others. `members` are the files inside archives
    that were asked for, where the record itself has no such file. `unopened` are the packed files whose
    content was not looked at: archives that were refused, and those of kinds that fairreg does not open.
    `resolution` is None when the source was unreachable and the cache had all files.
    """

    requested: str
    record: ModelRecord
    files: tuple[Downloaded, ...]
    folders: tuple[Path, ...]
    models: tuple[Path, ...]
    placed: dict[Distribution | Path, Path] = field(default_factory=dict)
    resolution: Resolution | None = None
    members: tuple[ArchiveMember, ...] = ()
    unopened: "tuple[UnopenedFile, ...]" = ()

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import named, represented
        from fairreg.schemas.text import counted

        said = f"{counted(len(self.files), 'file')}, {counted(len(self.models), 'model file')}"
        return represented(self, f"{named(self.record.identifier)}:", said)

    def _repr_html_(self) -> str:
        """View of the files in a notebook."""
        from fairreg.services.fetch.files.notebook import fetched_view

        return fetched_view(self)

    def path_of(self, item: Downloaded) -> Path:
        """Path of the file for the user: the copy in the output folder, else in the cache."""
        return self.placed.get(item.distribution, item.file.path)

    def path_of_model(self, path: Path) -> Path:
        """Path of one of `models` or `members` for the user: the copy in the output folder, else `path`."""
        item = self._by_path.get(path)
        return self.placed.get(path, path) if item is None else self.path_of(item)

    @cached_property
    def archives(self) -> tuple[Downloaded, ...]:
        """The archives among the files that were unpacked, in the order of `folders`."""
        refused = self.refused
        packed = (item for item in self.files if item.file.path not in refused)
        return tuple(item for item in packed if is_archive(item.file.path))

    @property
    def may_describe_itself(self) -> bool:
        """Tell whether a file, or a member of an unpacked archive, may be metadata by its ending."""
        members = (item.name for folder in self.folders for item in folder.rglob("*"))
        names = (*(item.distribution.name for item in self.files), *members)
        return any(name.lower().endswith(_OF_METADATA) for name in names)

    @property
    def refused(self) -> "dict[Path, UnsafeArchive]":
        """The errors of the archives that were refused."""
        return {item.path: item.error for item in self.unopened if item.error is not None}

    def require_there(self) -> None:
        """Raise FairregError for a file that another process, such as ``cache rm``, removed meanwhile."""
        for item in self.files:
            if not item.file.path.exists():
                raise FairregError(
                    f"{item.distribution.name} was removed from the cache while it was fetched.",
                    hint="Fetch it again; with --output there is a copy outside the cache.",
                )

    def name_of(self, path: Path) -> str:
        """The name of a file in its archive or its record."""
        for folder in path.parents:
            if folder in self._unpacked:
                return path.relative_to(folder).as_posix()
        item = self._by_path.get(path)
        return path.name if item is None else item.distribution.name

    # A record may have thousands of files: each is looked up.
    @cached_property
    def _unpacked(self) -> frozenset[Path]:
        return frozenset(self.folders)

    @cached_property
    def _by_path(self) -> dict[Path, Downloaded]:
        return {item.file.path: item for item in reversed(self.files)}

    def to_json(
        self, run: dict[str, Any] | None = None, recipe: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The document that ``fairreg fetch --json`` prints.

        `run` is that of the run, `recipe` that of the recipe, if there was one.
        """
        return {
            **named(self.requested, self.record),
            "files": [
                {
                    "name": item.distribution.name,
                    "path": str(self.path_of(item)),
                    "size": item.file.size,
                    "checksum": item.checksum,
                    "verified": item.verified,
                    "checked_for": item.checked_for,
                    "unknown_checksums": list(item.unknown_checksums),
                }
                for item in self.files
            ],
            "folders": [
                {"archive": item.distribution.name, "path": str(folder)}
                for item, folder in zip(self.archives, self.folders, strict=True)
            ],
            "members": list(self._members()),
            "weight_files": [self._weight_file(path) for path in self.models],
            "unopened": [{"name": item.name, "reason": item.reason} for item in self.unopened],
            "run": run,
            "recipe": recipe,
        }

    def _members(self) -> Iterator[dict[str, Any]]:
        for item in self.members:
            path, size = self.path_of_model(item.path), item.path.stat().st_size
            yield {"name": item.name, "archive": item.archive, "path": str(path), "size": size}

    def _weight_file(self, path: Path) -> dict[str, Any]:
        from fairreg.storage.recognition import describe  # h5py may come with it

        return {
            "name": self.name_of(path),
            "path": str(self.path_of_model(path)),
            "format": describe(path).format,
            "fingerprint": fingerprint_of(path),
        }
