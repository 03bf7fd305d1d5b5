# SPDX-License-Identifier: MIT
"""DOIs that the files of a folder carry and its notes do not know, as in a clone of its repository.

The notes are hidden, and so in no clone. A DOI of the same service then tells what the folder was published,
or reserved, as: without asking it would become a second record, with the DOI of the first in its files.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fairreg.errors import UsageError
from fairreg.publish.base import Deposit, Publisher, PublishingJob
from fairreg.schemas.identifiers import parse
from fairreg.services.publish.identifier.earlier_versions import EarlierVersions
from fairreg.services.publish.identifier.text_files import TEXT_READERS
from fairreg.services.publish.links import earlier_dois
from fairreg.sources import DOI

__all__ = ["CarriedDois", "doi_in"]

_MOST_ASKED = 20  # each takes up to two requests
_NUMBER = re.compile(r"[0-9a-z-]+\Z")


@dataclass(frozen=True)
class CarriedDois:
    """The DOIs `by_file` of a folder, in lower case; `made_here` are the deposits of its own notes."""

    job: PublishingJob
    publisher: Publisher
    by_file: Mapping[str, frozenset[str]]
    made_here: tuple[Deposit, ...]

    def adopted(self, known: Deposit | None, *, take_over: bool) -> Deposit | None:
        """Return the deposit to go on with where a first draft is wanted: `known`, or the one of a DOI here.

        Raises UsageError for a DOI of a published record, and for one of a draft that is not taken over.
        """
        own = earlier_dois(self.made_here, Deposit(self.publisher.name, "", ""), follows=None)
        for name, doi, found in self._holders(self._unknown(own)):
            if found is None or (found.status == "published" and _is_model(name)):
                continue
            if found.status == "published":
                raise UsageError(
                    f"{name} has the DOI {doi} of a published record at {self.publisher.title}, and this "
                    "folder has no notes of its publication.",
                    hint=f"Publish a new version with --new-version-of {doi}; where this is another model, "
                    "take that DOI out of its files.",
                )
            if not take_over:
                raise UsageError(
                    f"{name} has the DOI {doi}, which is reserved for a draft at {self.publisher.title} that "
                    "was not made from this folder on this machine.",
                    hint="Where the draft is of this folder, as in a clone, repeat the command with "
                    "--take-over; else take that DOI out of its files.",
                )
            self.job.log(f"The draft with the DOI {doi} is gone on with here.")
            return found
        return known

    def earlier(self, deposit: Deposit, *, follows: str | None) -> frozenset[str]:
        """Return the DOIs that the identifier of `deposit` takes the place of.

        They are those of earlier versions, and those that were reserved for this folder. Raises UsageError
        for one of another record of the service, which would stand in the files of this one; where a file
        has one DOI only, also for one that looks like it, as of a draft that this account does not see.
        """
        own = earlier_dois(self.made_here, deposit, follows=follows, sandbox=self.job.sandbox)
        versions = set()
        for name, doi, found in self._holders(self._unknown(own | self.true_of(deposit))):
            if found is not None and found.concept is not None and found.concept == deposit.concept:
                versions.add(doi)
            elif _is_model(name):
                continue
            elif found is not None or (name.lower() in TEXT_READERS and _is_alike(doi, deposit)):
                raise UsageError(
                    f"{name} has the DOI {doi} of {self.publisher.title}, which is neither reserved for this "
                    "draft nor of a version of its record.",
                    hint="Take that DOI out of the files of this folder, or publish the folder as a new "
                    f"version of that record with --new-version-of {doi}.",
                )
        return own | versions

    def versions(self, earlier: frozenset[str], version: str | None) -> EarlierVersions:
        """Return what is known of the published versions among the DOIs `earlier`, and the new `version`."""
        drafts = {doi_in(item.identifier) for item in self.made_here if item.status != "published"}
        public = [item for item in self.made_here if item.status == "published"]
        digests = frozenset(digest for item in public for digest in item.files.values())
        drafts -= {doi_in(item.identifier) for item in public}
        return EarlierVersions(frozenset(earlier - drafts), digests, version)

    def true_of(self, deposit: Deposit) -> frozenset[str]:
        """Return the DOIs that are true of `deposit`: its own, that of all versions, of copies elsewhere."""
        copies = (item.identifier for item in self.made_here if _is_copy(item, deposit))
        found = map(doi_in, (deposit.identifier, deposit.concept, *copies))
        return frozenset(filter(None, found))

    def not_of_sandbox(self, deposit: Deposit) -> tuple[str, ...]:
        """Return the DOIs here of services that register them, which one of a sandbox must not replace."""
        real = {doi_in(item.identifier) for item in self.made_here if item.url != deposit.url}
        trials = {doi_in(item.identifier) for item in self.made_here if item.url == deposit.url}
        alike = _before_number((doi_in(deposit.identifier) or "").partition("/")[2])
        dois = {doi for _, doi in self._unknown(trials | {doi_in(deposit.identifier)})}
        return tuple(
            sorted(doi for doi in dois if doi in real or _before_number(doi.partition("/")[2]) == alike)
        )

    def _unknown(self, known: Iterable[str | None]) -> list[tuple[str, str]]:
        """Return each DOI that is not known, behind the file that has it: models last, then hidden ones."""
        left: dict[str, str] = {}
        for name in sorted(self.by_file, key=lambda item: (_is_model(item), item.startswith("."), item)):
            for doi in sorted(self.by_file[name] - set(known)):
                left.setdefault(doi, name)
        return [(name, doi) for doi, name in left.items()]

    def _holders(self, unknown: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, Deposit | None]]:
        """Yield each file and DOI with what the service has of it; a folder may name any number of DOIs."""
        for count, (name, doi) in enumerate(unknown):
            yield name, doi, self.publisher.holder(self.job, doi) if count < _MOST_ASKED else None


def doi_in(compact: str | None) -> str | None:
    """Return the DOI of a compact identifier in lower case, None for another."""
    found = parse(compact) if compact else None
    return found.value.lower() if found is not None and found.scheme == DOI.name else None


def _is_alike(doi: str, deposit: Deposit) -> bool:
    return _before_number(doi) == _before_number(doi_in(deposit.identifier) or "")


def _is_model(name: str) -> bool:
    """Tell whether a file is a model: it may be that of another record, as of the one that was trained on."""
    return name.lower().endswith(".onnx")


def _is_copy(item: Deposit, deposit: Deposit) -> bool:
    return item.to != deposit.to and item.status == "published"


def _before_number(doi: str) -> str:
    """Return a DOI without the number of the record in it: "10.5281/zenodo."."""
    return _NUMBER.sub("", doi)
