# SPDX-License-Identifier: MIT
"""Known facts of a model for writing its files: first those that its source published, then the rest.

Facts from fairreg's catalogue alone are used as well where the file can mark them, and the author is asked to
confirm them. Facts read
from the files themselves (a signature, a parameter count) are marked as computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

import msgspec

from fairreg.assessment.content.documents import to_rewrite
from fairreg.assessment.content.packaged_metadata import stated_training_data
from fairreg.assessment.content.prose import clean
from fairreg.assessment.evidence import Evidence, FileFact, ModelFact, Role
from fairreg.assessment.lineage import is_persistent, relations
from fairreg.assessment.remedies.base import TODO, Request
from fairreg.assessment.training import dataset_relations, training_sets
from fairreg.formats.related import papers_of, repository_of, unique
from fairreg.schemas.identifiers import PAPER_SCHEMES, Identifier
from fairreg.schemas.record import Creator, Distribution, ModelRecord, Relation, RelationType
from fairreg.sources import scheme_names

__all__ = ["Facts"]

# What may have to be confirmed, with the indicators that read it in a metadata file.
_CONFIRMED: dict[str, tuple[str, ...]] = {
    "creators": ("R1.2-3", "R3-1"),
    "description": (),
    "keywords": (),
    "frameworks": ("F2-3", "R3-1"),
    "ml_task": (),
    "model_category": (),
    "papers": ("I2-3",),
    "repository": ("I2-4",),
    "training_data": ("I2-1", "I2-2"),
}
_FIELDS = frozenset({"creators", "description", "keywords", "frameworks", "ml_task", "model_category"})
_ADDED = "fairreg took from its own catalogue"
_SOURCES = {"training_data": "fairreg took from a text or from its own catalogue"}
_NAMED = PAPER_SCHEMES | scheme_names("code")
_TYPES: tuple[RelationType, ...] = get_args(RelationType)


@dataclass(frozen=True)
class Facts:
    """`versions` are those of the packages with which fairreg reads a graph."""

    evidence: Evidence
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def record(self) -> ModelRecord:
        """The record as published."""
        return self.evidence.record

    @cached_property
    def records(self) -> tuple[ModelRecord, ...]:
        """Published record, then those of DataCite and the catalogue."""
        registered = self.evidence.datacite.record if self.evidence.datacite else None
        return tuple(item for item in (self.record, registered, self.evidence.added) if item is not None)

    def first(self, name: str) -> object:
        """Return the first record's value of a field that is not empty, None where no record has one."""
        return next((value for item in self.records if (value := getattr(item, name))), None)

    def added(self, name: str) -> bool:
        """Tell whether a field comes from the catalogue alone, so that the author should confirm it."""
        published = [item for item in self.records if item is not self.evidence.added]
        return self.first(name) is not None and not any(getattr(item, name) for item in published)

    @cached_property
    def unconfirmed(self) -> frozenset[str]:
        """Fields of `described`, with ``papers``, ``repository`` and ``training_data``, not by the author."""
        found = {name for name in _CONFIRMED if name in _FIELDS and self.added(name)}
        if {item.key for item in self.training_data} - {item.key for item in self._typed_data()}:
            found.add("training_data")
        if set(self.papers) - set(papers_of(self.stated)):
            found.add("papers")
        if repository_of(self.described) != repository_of(self.stated):
            found.add("repository")
        return frozenset(found)

    def to_confirm(self, **names: str) -> tuple[Request, ...]:
        """Return tasks to confirm what no author stated: `names` are the members of a file by field."""
        asked = [name for name in _CONFIRMED if name in names and name in self.unconfirmed]
        return tuple(
            Request(f"Confirm {names[name]}, which {_SOURCES.get(name, _ADDED)}.", _CONFIRMED[name])
            for name in asked
        )

    def published(self, role: Role) -> dict[str, Any]:
        """Return the content of a published metadata file of this role, empty where none parses."""
        found = (to_rewrite(document) for document in self.evidence.of_role(role))
        first = next((item for item in found if isinstance(item, dict)), {})
        return {str(key): value for key, value in first.items()}

    def open_members(self, role: Role, members: Mapping[str, str]) -> dict[str, str]:
        """Return the members that no author has stated in a file of this role, by field of the record.

        A published draft whose to-dos are still open states none of them.
        """
        waits = any(TODO in document.text for document in self.evidence.of_role(role))
        published = {} if waits else self.published(role)
        return {field: key for field, key in members.items() if not published.get(key)}

    def text(self, name: str) -> str | None:
        """Return a field that is one text."""
        value = self.first(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a field that is a list of texts."""
        value = self.first(name)
        return value if isinstance(value, tuple) else ()

    @property
    def doi(self) -> str | None:
        """DOI of this version; a concept's would name all of them."""
        return self.record.doi

    @property
    def creators(self) -> tuple[Creator, ...]:
        """Creators, from the first record that names any."""
        value = self.first("creators")
        return value if isinstance(value, tuple) else ()

    @cached_property
    def training_data(self) -> tuple[Identifier, ...]:
        """Persistent identifiers of the training data, as published, else from the catalogue."""
        added = self.evidence.added.related("trained_on") if self.evidence.added else ()
        published = [item for item in training_sets(self.evidence) if is_persistent(item)]
        return unique(published or (item for item in added if is_persistent(item)))

    @property
    def papers(self) -> tuple[Identifier, ...]:
        """Publications of the model that a record names by DOI or arXiv number."""
        return papers_of(self.described)

    @cached_property
    def described(self) -> ModelRecord:
        """Record for the written files: completed from the other records and from the files.

        The description keeps only the author's own words, the training data are named persistently, and the
        files are those that hold a model.
        """
        return msgspec.structs.replace(
            self.record,
            description=clean(self.text("description")) or None,
            creators=self.creators,
            # A licence that the catalogue alone knows is for the author to grant.
            license=None if self.added("license") else self.text("license"),
            date_published=self.text("date_published"),
            parameter_count=self.parameter_count,
            identifiers=self._identifiers(),
            relations=self._relations(),
            distributions=self._model_files(),
            **{name: self.texts(name) for name in ("keywords", "frameworks", "ml_task", "model_category")},
        )

    def _identifiers(self) -> tuple[Identifier, ...]:
        # The place where another record saw an identifier is no evidence of this model's code.
        others = (item for record in self.records[1:] for item in record.identifiers)
        named = (item.bare for item in others if item.scheme in _NAMED)
        return (*self.record.identifiers, *named)

    def _relations(self) -> tuple[Relation, ...]:
        stated = relations(self.evidence, *(name for name in _TYPES if name != "trained_on"))
        return (*stated, *(Relation(type="trained_on", target=item) for item in self.training_data))

    def _model_files(self) -> tuple[Distribution, ...]:
        graphs = [item for item in self.model_files if item.format == "onnx"]
        return tuple(
            Distribution(
                name=self.inside(item.path), checksums=(f"sha256:{item.sha256}",) if item.sha256 else ()
            )
            for item in graphs or self.model_files
        )

    @cached_property
    def stated(self) -> ModelRecord:
        """Record for the written files with the author's own statements alone."""
        own = Facts(msgspec.structs.replace(self.evidence, added=None), self.versions).described
        typed = {item.key for item in self._typed_data()}
        kept = (item for item in own.relations if item.type != "trained_on" or item.target.key in typed)
        return msgspec.structs.replace(own, relations=tuple(kept))

    def _typed_data(self) -> tuple[Identifier, ...]:
        """Return the training data in typed relations and metadata files; what texts name is not typed."""
        typed = [item.target for item in dataset_relations(self.evidence)]
        return (*typed, *(item for _, item in stated_training_data(self.evidence)))

    @cached_property
    def graph(self) -> ModelFact | None:
        """First model file whose own graph states its inputs and outputs."""
        found = (item for item in self.evidence.models if item.inputs and item.outputs)
        return next(found, None)

    @cached_property
    def parameter_count(self) -> int | None:
        """Parameter count, where all files that were read agree, else None."""
        counts = {item.parameter_count for item in self.evidence.models if item.parameter_count}
        return counts.pop() if len(counts) == 1 else None

    @property
    def model_files(self) -> tuple[FileFact, ...]:
        """Model files that were read."""
        return self.evidence.model_files

    def inside(self, path: str) -> str:
        """Return a path relative to the folder of the written files: without the archive's top folder."""
        tops = {item.path.split("/", 1)[0] for item in self.evidence.files if item.archive is not None}
        only = f"{tops.pop()}/" if len(tops) == 1 else ""
        return path.removeprefix(only)
