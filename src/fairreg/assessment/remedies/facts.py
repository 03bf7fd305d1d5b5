# SPDX-License-Identifier: MIT
"""What is known of a model when files are written for it: first what its source published, then the rest.

What only fairreg's catalogue knows is used as well, and the author is asked to confirm it. What fairreg
read in the files itself (a signature, a parameter count) is marked as computed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fairreg.assessment.content.documents import parsed
from fairreg.assessment.evidence import Evidence, FileFact, ModelFact, Role
from fairreg.assessment.lineage import is_persistent, relations, source_revision
from fairreg.assessment.training import training_sets
from fairreg.schemas.identifiers import PAPER_SCHEMES, Identifier
from fairreg.schemas.record import Creator, ModelRecord
from fairreg.sources import code_sites, scheme_names

__all__ = ["Facts"]

_CODE_HOSTS = (
    *(f"https://{site}/" for site in code_sites()),
    *("https://gitlab.", "https://bitbucket.org/", "https://codeberg.org/"),
)
_REVISION_MARKS = ("/tree/", "/releases/tag/", "/commit/", "/archive/", "/-/")


@dataclass(frozen=True)
class Facts:
    """`versions` are those of the packages that fairreg reads a graph with."""

    evidence: Evidence
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def record(self) -> ModelRecord:
        """The record as published."""
        return self.evidence.record

    @cached_property
    def records(self) -> tuple[ModelRecord, ...]:
        """What was published, then what DataCite and the catalogue add."""
        registered = self.evidence.datacite.record if self.evidence.datacite else None
        return tuple(item for item in (self.record, registered, self.evidence.added) if item is not None)

    def first(self, name: str) -> object:
        """The first record's value of a field that is not empty, None where no record has one."""
        return next((value for item in self.records if (value := getattr(item, name))), None)

    def added(self, name: str) -> bool:
        """Whether a field comes from the catalogue alone, so that the author should confirm it."""
        published = [item for item in self.records if item is not self.evidence.added]
        return self.first(name) is not None and not any(getattr(item, name) for item in published)

    def to_confirm(self, *names: str) -> tuple[str, ...]:
        """A sentence for the author about what a file says that no record of the author's does."""
        listed = [name.replace("_", " ") for name in names if self.added(name)]
        listed += ["training data"] if self.training_data else []
        listed += ["publication"] if self.papers else []
        return (f"Confirm {', '.join(listed)}, which fairreg put together.",) if listed else ()

    def published(self, role: Role) -> dict[str, Any]:
        """What a published metadata file of this role says, empty where there is none that parses."""
        found = (parsed(document) for document in self.evidence.of_role(role))
        first = next((item for item in found if isinstance(item, dict)), {})
        return {str(key): value for key, value in first.items()}

    def text(self, name: str) -> str | None:
        """A field that is one text."""
        value = self.first(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """A field that is a list of texts."""
        value = self.first(name)
        return value if isinstance(value, tuple) else ()

    @property
    def doi(self) -> str | None:
        """The DOI of this version; a concept's would name all of them."""
        return self.record.doi

    @property
    def creators(self) -> tuple[Creator, ...]:
        """The creators, by the first record that names any."""
        value = self.first("creators")
        return value if isinstance(value, tuple) else ()

    @cached_property
    def training_data(self) -> tuple[Identifier, ...]:
        """Persistent identifiers of the training data: what was published says them, else the catalogue."""
        added = self.evidence.added.related("trained_on") if self.evidence.added else ()
        published = [item for item in training_sets(self.evidence) if is_persistent(item)]
        return _unique(published or (item for item in added if is_persistent(item)))

    @cached_property
    def papers(self) -> tuple[Identifier, ...]:
        """Publications of the model that a record names by DOI or arXiv number."""
        return _unique(
            Identifier("doi" if item.scheme == "paper_doi" else item.scheme, item.value)
            for record in self.records
            for item in record.identifiers
            if item.scheme in PAPER_SCHEMES
        )

    @cached_property
    def code(self) -> str | None:
        """Address of the source code at its version."""
        related = relations(
            self.evidence, "is_supplement_to", "is_derived_from", "requires", "is_compiled_by"
        )
        targets = [item.target for item in related] + list(self.record.identifiers)
        found = [revision for item in targets if (revision := source_revision(item))]
        return next((item for item in found if item.startswith("https://")), None)

    @cached_property
    def repository(self) -> str | None:
        """Address of the code's repository as a whole."""
        own = [
            item.url
            for record in self.records
            for item in record.identifiers
            if item.scheme in scheme_names("code")
        ]
        stated = [_root(self.code)] if self.code and self.code.startswith(_CODE_HOSTS) else []
        return next((item for item in (*stated, *own) if item), None)

    @cached_property
    def graph(self) -> ModelFact | None:
        """The first model file whose own graph tells its inputs and outputs."""
        found = (item for item in self.evidence.models if item.inputs and item.outputs)
        return next(found, None)

    @cached_property
    def parameter_count(self) -> int | None:
        """Parameters of the only size of network that was read, None where files differ."""
        counts = {item.parameter_count for item in self.evidence.models if item.parameter_count}
        return counts.pop() if len(counts) == 1 else None

    @property
    def model_files(self) -> tuple[FileFact, ...]:
        """The model files that were read."""
        return self.evidence.model_files

    def inside(self, path: str) -> str:
        """A path as from the folder that the written files lie in: without the archive's top folder."""
        tops = {item.path.split("/", 1)[0] for item in self.evidence.files if item.archive is not None}
        only = f"{tops.pop()}/" if len(tops) == 1 else ""
        return path.removeprefix(only)


def _unique(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    first: dict[tuple[str, str], Identifier] = {}
    for item in found:
        first.setdefault(item.key, item)
    return tuple(first.values())


def _root(address: str) -> str:
    starts = [address.find(mark) for mark in _REVISION_MARKS if mark in address]
    return address[: min(starts)] if starts else address
