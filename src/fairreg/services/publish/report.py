# SPDX-License-Identifier: MIT
"""Report of a publication: what is, or will be, at the service."""

from dataclasses import dataclass
from typing import Any

from fairreg.publish.base import Deposit, FieldFault, LocalFile
from fairreg.schemas.identifiers import parse
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import has_weights
from fairreg.services.publish.access import access_words
from fairreg.services.publish.selection import LeftOutFile

__all__ = ["PublicationReport"]


@dataclass(frozen=True)
class PublicationReport:
    """A deposit with the record and the files of its folder.

    `others` are files that somebody else put into the draft; they become public with it. `carrying` are the
    files with the reserved identifier, `without` those that name another one, or none, where readers look for
    it. `faults` are fields that the service refuses or that the files leave
    unclear: with any of them the draft cannot be published; `unclear` are the latter. `is_new` is True where
    this command published it.
    """

    service: str
    deposit: Deposit
    record: ModelRecord
    files: tuple[LocalFile, ...] = ()
    others: tuple[str, ...] = ()
    left_out: tuple[LeftOutFile, ...] = ()
    carrying: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[FieldFault, ...] = ()
    unclear: tuple[FieldFault, ...] = ()
    next_steps: tuple[str, ...] = ()
    is_new: bool = False

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(file.size for file in self.files)

    @property
    def models(self) -> tuple[LocalFile, ...]:
        """The files of weights or a graph, and those that exporters name after an ONNX graph."""
        named = {item.name for item in self.record.distributions if has_weights(item)}
        beside = tuple(f"{name}{mark}data" for name in named if name.endswith(".onnx") for mark in "._")
        return tuple(file for file in self.files if file.name in {*named, *beside})

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``publish --json``."""
        deposit, record = self.deposit, self.record
        return {
            "to": deposit.to,
            "service": self.service,
            "url": deposit.url,
            "status": deposit.status,
            "id": deposit.id,
            "page": deposit.page,
            "identifier": deposit.identifier,
            "doi": _doi(deposit.identifier),
            "concept_doi": _doi(deposit.concept),
            "name": record.name,
            "kind": record.kind,
            "version": record.version,
            "license": record.license or record.license_stated,
            "access": access_words(record.access),
            "creators": [item.name for item in record.creators],
            "files": [self._file(file) for file in self.files],
            "other_files": list(self.others),
            "left_out": [item._asdict() for item in self.left_out],
            "carrying_identifier": list(self.carrying),
            "notes": list(self.notes),
            "faults": [item._asdict() for item in self.faults],
            "next_steps": list(self.next_steps),
        }

    def _file(self, file: LocalFile) -> dict[str, Any]:
        return {
            "name": file.name,
            "size": file.size,
            "md5": file.md5,
            "sha256": file.sha256,
            "verified": self.deposit.files.get(file.name) == file.sha256,
        }


def _doi(compact: str | None) -> str | None:
    found = parse(compact) if compact else None
    return found.value if found is not None and found.scheme == "doi" else None
