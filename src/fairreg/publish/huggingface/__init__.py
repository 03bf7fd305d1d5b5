# SPDX-License-Identifier: MIT
"""Hugging Face Hub: a private repository with the card and the files, a tag, and then the public.

In a new repository the files are committed before the question, because only its owner sees them. One that
is public already gets the contents of large files before it, which nobody sees, and the commit after it.
The Hub has no call for a DOI: its owner makes one on the page of the settings, and the repository carries
the tag ``doi:10.57967/hf/N`` from then on, which `later` reads.
"""

import re
from dataclasses import replace

from fairreg.errors import ChecksumMismatch, FairregError, NotFound, UsageError
from fairreg.publish.base import (
    MADE_HERE,
    Deposit,
    FieldFault,
    LocalFile,
    Publisher,
    PublishingJob,
    version_tags,
)
from fairreg.publish.huggingface.faults import denied
from fairreg.publish.huggingface.history import MADE_BY_THE_HUB, OthersCommits, without_earlier_states
from fairreg.publish.huggingface.own_commits import HEAD, begun, is_told, require_no_conflict, told
from fairreg.publish.huggingface.repository import HubRepository, RepositoryContent
from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.schemas.text import one_line
from fairreg.sources import DOI, HUGGING_FACE

__all__ = ["NAME", "PUBLISHER"]

NAME = HUGGING_FACE.name
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_PUBLIC = "public"  # "yes" of a repository that was public before
_ASKED = "asked"  # name of a repository that was asked for, before the Hub confirmed it
_MADE_HERE = MADE_HERE  # "yes" of a repository that a command made and that was private since


class HubPublisher(Publisher):
    """Publisher of model repositories at the Hub."""

    name = NAME
    scopes = ("write",)
    takes_repository = True
    most_files = 10_000  # of one folder (hub-docs, "Storage limits": repository recommendations)

    def open(self, job: PublishingJob) -> Deposit:
        """Return the repository as a draft: the known one, an existing one for a new version, else a new one.

        Raises UsageError for a repository with files that nobody named and for files that are not to be
        public, AccessDenied without a token.
        """
        _require_takes(job)
        service, known = job.web.settings.service(NAME), job.known
        if service.token is None:
            raise denied(service)
        place = self._repository(job, self._wanted(job))
        if known is not None and not known.id and known.details.get(_ASKED) != place.name:
            known = None
        there = place.content()
        is_made = False
        if there is None:
            if job.version_of is not None:
                raise NotFound(
                    f"{service.title} has no model {place.name}.", hint="Check its name and the token."
                )
            # Found again where the answer is lost; without an id, it hides no other where it is refused.
            known = Deposit(NAME, service.url, known.id if known is not None else "")
            known = known.with_details(**{_ASKED: place.name})
            job.save(known)
            is_made = place.create()
            there = _required(place, place.content())
        if not (known and known.id) and job.version_of is None and set(there.files) - MADE_BY_THE_HUB:
            raise UsageError(
                f"{place.name} is a repository with files at {service.title} already.",
                hint=f"Give --new-version-of {place.name} to go on with it, or another --repository.",
            )
        if known is None or not known.id or is_made:
            known = self._begun(job, known, there, place, is_made=is_made)
        return self._as_it_is(job, replace(known, id=place.name), there, place)

    def _begun(
        self,
        job: PublishingJob,
        known: Deposit | None,
        there: RepositoryContent,
        place: HubRepository,
        *,
        is_made: bool,
    ) -> Deposit:
        """Return the first notes on a repository: if this folder made it, and what it published there."""
        known = known or Deposit(NAME, job.web.settings.service(NAME).url, place.name)
        if not is_made:
            empty = there.private and not set(there.files) - MADE_BY_THE_HUB
            is_made = empty and len(place.history(there.head)) == 1  # nobody put anything there before
        before = job.published
        if before is not None and before.id == place.name and HEAD in before.details:
            known = replace(known, files=before.files).with_details(**{HEAD: before.details[HEAD]})
        return known.with_details(**{_MADE_HERE: "yes" if is_made else "no"})

    def upload(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Send the contents; commit and compare them where only the owner sees the repository."""
        place = self._repository(job, deposit.id)
        there = _required(place, place.content())
        if deposit.details.get(_PUBLIC) != "yes" and not there.private:
            raise FairregError(
                f"{place.name} has become public meanwhile, so nothing was committed.",
                hint="Make it private again on the page of its settings, or repeat the command to go on.",
            )
        _name_others(job, deposit, there)
        if there.private:
            return self._committed(job, deposit, place, there)
        files, gone = _differing(job, there), _gone(job, deposit, there)
        if files or gone:
            require_no_conflict(job, deposit, place, there, [*(file.name for file in files), *gone])
        place.send(files)
        return deposit

    def others(self, job: PublishingJob, deposit: Deposit) -> tuple[str, ...]:
        """Return the files of a private repository that are not of the job; a public one shows all."""
        place = self._repository(job, deposit.id)
        there = _required(place, place.content())
        ours = {file.name for file in job.files} | MADE_BY_THE_HUB
        return tuple(sorted(one_line(name) for name in set(there.files) - ours)) if there.private else ()

    def describe(self, job: PublishingJob, deposit: Deposit) -> tuple[FieldFault, ...]:  # noqa: ARG002
        """Name a missing card: the Hub takes the metadata from README.md, which is one of the files."""
        if all(file.name != "README.md" for file in job.files) and job.files:
            job.log("Hugging Face reads its metadata from README.md, and the folder has none.")
        return ()

    def publish(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Commit what is not committed, compare it, tag it, and make the repository public."""
        _require_takes(job)
        place = self._repository(job, deposit.id)
        there = _required(place, place.content())
        deposit = self._committed(job, deposit, place, there)
        if there.private:
            deposit = self._without_history(job, deposit, place)
        self._tag(job, place, deposit.details[HEAD])
        if there.private:
            place.make_public()
        return _published(deposit, place, there)

    def later(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Return the deposit with the DOI that the Hub made since."""
        place = self._repository(job, deposit.id)
        there = place.content()
        doi = normalise_doi(there.doi) if there is not None and there.doi else None
        return replace(deposit, identifier=f"{DOI.name}:{doi}") if doi else deposit

    def advice(self, job: PublishingJob, deposit: Deposit) -> tuple[str, ...]:
        """Name the page on which the owner has the Hub make a DOI."""
        if (deposit.identifier or "").startswith(f"{DOI.name}:"):
            return ()
        page = self._repository(job, deposit.id).settings_page
        made = f"Hugging Face makes a DOI only on the page {page} (Generate DOI)"
        return (f"{made}; the same command then writes it into the files.",)

    def _repository(self, job: PublishingJob, name: str) -> HubRepository:
        if not _NAME.fullmatch(name) or ".." in name:
            raise UsageError(f"{name!r} is not the name of a Hub repository.", hint="Give owner/name.")
        return HubRepository(job, job.web.settings.service(NAME), name)

    def _wanted(self, job: PublishingJob) -> str:
        """Return owner/name of the repository: as the user names it, of an earlier command, of the files."""
        known = job.known.id or job.known.details.get(_ASKED) if job.known is not None else None
        of = job.version_of
        if of is not None and of.scheme not in {NAME, DOI.name}:
            raise UsageError(f"{of.compact} is not a repository of the Hub.", hint="Give owner/name.")
        named = job.repository or (of.value if of is not None and of.scheme == NAME else None)
        stated = next((item.value for item in job.record.identifiers if item.scheme == NAME), None)
        found = named or known or stated
        if found is None:
            raise UsageError(
                f"Neither the command nor the files name a repository of {self.title}.",
                hint="Give --repository owner/name.",
            )
        asked_only = job.known is not None and not job.known.id
        given_up = known is not None and asked_only and found != known
        if known is not None and given_up and self._repository(job, known).content() is None:
            return self._of_account(job, found)  # the other was refused, perhaps for a wrong owner
        if known is not None and found not in {known, known.partition("/")[2]}:
            raise UsageError(
                f"The folder has a draft in {known}, and the command names {found}.",
                hint="Publish or remove it there, or leave --repository out.",
            )
        return known or self._of_account(job, found)

    def _of_account(self, job: PublishingJob, name: str) -> str:
        """Return owner/name; a name alone is of the account whose token it is."""
        return name if "/" in name else f"{self._repository(job, f'me/{name}').account()}/{name}"

    def _as_it_is(
        self, job: PublishingJob, known: Deposit, there: RepositoryContent, place: HubRepository
    ) -> Deposit:
        seen, was_public = known.details.get(HEAD), known.details.get(_PUBLIC)
        if not there.private and was_public == "no" and known.files and all(known.files.values()):
            return _published(known, place, there)  # made public by a command whose answer was lost
        public = "no" if there.private else "yes"
        if was_public is None and not there.private:
            job.log(f"{place.name} is public: the files are committed after your confirmation only.")
        deposit = known.with_details(**{_PUBLIC: public, HEAD: seen or there.head})
        return replace(deposit, page=place.page if there.private else None)

    def _committed(
        self, job: PublishingJob, deposit: Deposit, place: HubRepository, there: RepositoryContent
    ) -> Deposit:
        """Commit the differences on the head that was seen, and compare every file."""
        files, gone = _differing(job, there), _gone(job, deposit, there)
        if files or gone:
            require_no_conflict(job, deposit, place, there, [*(file.name for file in files), *gone])
            # Noted before the commit, whose answer may be lost: what is not noted is never taken back.
            noted = {file.name: deposit.files.get(file.name, "") for file in files}
            deposit, mark = begun(replace(deposit, files={**deposit.files, **noted}))
            sent = place.send(files)
            job.save(deposit)
            place.commit(sent, gone, parent=there.head, mark=mark)
            there = _required(place, place.content())
        _compare(job, there)
        kept = replace(deposit, files={file.name: file.sha256 for file in job.files})
        kept = kept.with_details(**{HEAD: there.head})
        job.save(kept)
        return kept

    def _without_history(self, job: PublishingJob, deposit: Deposit, place: HubRepository) -> Deposit:
        """Take earlier states of the files out of a repository that is to become public."""
        there = _required(place, place.content())
        if there.head != deposit.details[HEAD]:
            raise FairregError(
                f"{place.name} was changed at {self.title} meanwhile, and is still private.",
                hint="Look at the change there, and repeat the command to go on from it.",
            )
        tag = next(iter(version_tags(job.record.version)), None)
        made_here = deposit.details.get(_MADE_HERE) == "yes"
        of_others = job.take_over and is_told(deposit, there)
        deposit, mark = begun(deposit)
        job.save(deposit)
        try:
            after = without_earlier_states(
                job, place, there, made_here=made_here, tag=tag, mark=mark, of_others=of_others
            )
        except OthersCommits:
            job.save(told(deposit, there))
            raise
        _compare(job, after)
        deposit = deposit.with_details(**{HEAD: after.head})
        job.save(deposit)
        return deposit

    def _tag(self, job: PublishingJob, place: HubRepository, head: str) -> None:
        tag = next(iter(version_tags(job.record.version)), None)
        if tag is None:
            job.log("The files state no version that can be a tag, so the commit got none.")
        elif not place.tag(tag, head):
            job.log(f"The tag {tag} stays at its earlier commit: a tag of its own needs another version.")


def _require_takes(job: PublishingJob) -> None:
    """Raise UsageError for a data set, and for files that are not open.

    Whoever sees a public repository has all its files; data have repositories of another kind.
    """
    if job.record.kind == "dataset":
        raise UsageError(
            "The files describe a data set, and fairreg makes model repositories at the Hub only.",
            hint="Publish it at Zenodo, or as a dataset repository by the tools of the Hub.",
        )
    access = job.record.access
    if access is not None and access.level != "open":
        raise UsageError(
            f"The files state {access.level} access, and a repository at the Hub becomes public.",
            hint="Publish at Zenodo, which keeps files closed, or state open access in .zenodo.json.",
        )


def _published(deposit: Deposit, place: HubRepository, there: RepositoryContent) -> Deposit:
    # What was public once is not folded any more.
    deposit = deposit.with_details(**{_PUBLIC: "yes", _MADE_HERE: "no"})
    doi = normalise_doi(there.doi) if there.doi else None
    identifier = Identifier(DOI.name, doi) if doi else Identifier(NAME, place.name)
    return replace(deposit, status="published", page=place.page, identifier=identifier.compact)


def _required(place: HubRepository, there: RepositoryContent | None) -> RepositoryContent:
    if there is None:
        raise NotFound(
            f"Hugging Face has no model {place.name} any more.", hint="Repeat the command to make it anew."
        )
    return there


def _differing(job: PublishingJob, there: RepositoryContent) -> list[LocalFile]:
    """Return the files that the repository has not, or has otherwise."""
    stored = there.files
    return [file for file in job.files if file.name not in stored or not stored[file.name].equals(file)]


def _gone(job: PublishingJob, deposit: Deposit, there: RepositoryContent) -> list[str]:
    """Return the files that an earlier command sent and that are not in the folder any more."""
    ours = {file.name for file in job.files}
    return [name for name in there.files if name in deposit.files and name not in ours]


def _name_others(job: PublishingJob, deposit: Deposit, there: RepositoryContent) -> None:
    ours = {file.name for file in job.files} | set(deposit.files) | MADE_BY_THE_HUB
    for name in sorted(set(there.files) - ours):
        job.log(f"The repository also holds {one_line(name)}, which is not in the folder; it stays.")
    for name in _gone(job, deposit, there):
        job.log(f"{one_line(name)} is not in the folder any more, and is removed from the repository.")


def _compare(job: PublishingJob, there: RepositoryContent) -> None:
    for file in job.files:
        stored = there.files.get(file.name)
        if stored is None or not stored.equals(file):
            has = "no such file" if stored is None else stored.sha256 or stored.blob or "no digest"
            raise ChecksumMismatch(
                f"{file.name} arrived changed: {there.name} has {has}, the file here {file.sha256}.",
                name=file.name,
                hint="Repeat the command: the file is sent again.",
            )


PUBLISHER = HubPublisher()
