# SPDX-License-Identifier: MIT
"""Publish a folder: draft, reserved identifier, files, metadata, and publication after a confirmation.

Each step is kept in the folder, and the next command goes on from there; whatever fails, the draft is kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from fairreg import publish as publishers
from fairreg.errors import FairregError, Unreachable, UsageError
from fairreg.publish.base import (
    VERSION_OF,
    Deposit,
    LocalFile,
    PublishingJob,
    SameVersion,
    UploadProgress,
)
from fairreg.schemas.identifiers import parse
from fairreg.schemas.record import ModelRecord
from fairreg.services.publish import DEFAULT_JOBS
from fairreg.services.publish.afterwards import FinishedPublication, next_steps
from fairreg.services.publish.carried_dois import CarriedDois
from fairreg.services.publish.github import release_steps
from fairreg.services.publish.identifier.stated import stated_dois
from fairreg.services.publish.identifier.writing import write_into
from fairreg.services.publish.known_deposits import KnownDeposits, name_of
from fairreg.services.publish.links import (
    doi_of,
    linked_record,
    not_naming,
    other_publications,
    unlinked,
    with_earlier,
    with_links,
)
from fairreg.services.publish.local_files.reading import changed_since, read_file
from fairreg.services.publish.own_drafts import OwnDrafts
from fairreg.services.publish.project import is_data_set, read_project, version_files
from fairreg.services.publish.report import PublicationReport
from fairreg.services.publish.selection import SelectedFiles, select
from fairreg.services.publish.state import PublishingState
from fairreg.services.publish.terms.folder import faults_of_left_out
from fairreg.settings import Service, Settings
from fairreg.web import HttpClient, Log, no_log

__all__ = ["Confirmation", "PublishingChoices", "publish"]

# Asked with the complete draft before it becomes public; False keeps it a draft.
Confirmation = Callable[[PublicationReport], bool]


@dataclass(frozen=True)
class PublishingChoices:
    """The user's wishes: `to` is the name of a publisher; the rest are the options of the command."""

    to: str
    sandbox: bool = False
    reserve_only: bool = False
    draft: bool = False
    version_of: str | None = None
    repository: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    jobs: int = DEFAULT_JOBS
    assess: bool = True
    take_over: bool = False


def publish(
    settings: Settings,
    folder: Path,
    choices: PublishingChoices,
    *,
    confirm: Confirmation,
    log: Log = no_log,
    progress: UploadProgress = lambda _name, _done, _size: None,
    web: HttpClient | None = None,
) -> PublicationReport:
    """Publish a folder, or go on with what an earlier command began.

    A folder that was published is not published again: without changes the report of it is returned, with
    changes UsageError asks for a new version. Raises the errors of the publisher; the draft is then kept.
    """
    run = _Publication(settings, folder, choices, log)
    if web is not None:
        return run.publish(web, confirm, progress)
    with HttpClient(settings, log=log) as own:
        return run.publish(own, confirm, progress)


class _Publication:
    """One command. Its job grows with each step: the reserved identifier, then the files."""

    def __init__(self, settings: Settings, folder: Path, choices: PublishingChoices, log: Log) -> None:
        if not folder.is_dir():
            raise UsageError(f"There is no folder {folder}.", hint="Give the folder of the model.")
        self._settings, self._folder, self._choices, self._log = settings, folder, choices, log
        self._publisher = publishers.chosen(choices.to, choices.sandbox, choices.repository)
        self._service: Service = settings.service(self._publisher.service(sandbox=choices.sandbox))
        self._tokens = [item.token for item in settings.services.values() if item.token]
        self._selected: SelectedFiles = select(
            folder,
            include=choices.include,
            exclude=choices.exclude,
            tokens=self._tokens,
            is_data_set=lambda names: is_data_set(folder, names),
            limit=self._publisher.most_files,
        )
        self._state = PublishingState.read(folder)
        self._own = OwnDrafts(settings.home, folder)
        project = self._project = read_project(folder, self._selected.names)
        self._before_doi = project.before_doi
        self._report = PublicationReport(
            self._service.title,
            Deposit(choices.to, self._service.url, ""),
            project.record,
            left_out=self._selected.left_out,
            notes=project.notes,
            unclear=(*project.faults, *faults_of_left_out(self._selected.left_out)),
        )

    def publish(self, web: HttpClient, confirm: Confirmation, progress: UploadProgress) -> PublicationReport:
        """Take all steps that are left, while no other command does."""
        with self._state.locked():
            self._state = PublishingState.read(self._folder)
            self._known = KnownDeposits(
                self._state,
                self._own,
                self._choices.to,
                self._service,
                self._folder,
                lambda: {file.name: file.sha256 for file in self._files()},
                self._choices.take_over,
            )
            return self._steps(web, confirm, progress)

    def _steps(self, web: HttpClient, confirm: Confirmation, progress: UploadProgress) -> PublicationReport:
        wanted = parse(self._choices.version_of) if self._choices.version_of else None
        known, version_of = self._known.choose(wanted)
        job = PublishingJob(
            web,
            self._report.record,
            self._save,
            self._log,
            progress,
            known=known,
            sandbox=self._choices.sandbox,
            version_of=version_of,
            repository=self._choices.repository,
            jobs=self._choices.jobs,
            published=self._known.published(),
            take_over=self._choices.take_over,
        )
        if known is not None and known.status == "published":
            return self._again(job, known, confirm)
        if version_of is None and (known is None or not known.id):
            adopted = self._carried(job).adopted(known, take_over=self._choices.take_over)
            job = replace(job, known=adopted)
        return self._go_on(self._known.taken_over(job), confirm)

    def _go_on(self, job: PublishingJob, confirm: Confirmation) -> PublicationReport:
        version_of = job.version_of
        if job.known is None or job.known.identifier is None:
            for note in self._before_doi:
                self._log(note)
        with self._kept():
            deposit = with_earlier(self._publisher.open(job), job.known)
            if version_of is not None:
                deposit = deposit.with_details(**{VERSION_OF: version_of.compact})
            self._note(deposit)
            if deposit.status == "draft":
                return self._fill(job, confirm)
        # Published by a command whose answer was lost, from a clone, or on the service's pages.
        sent = {
            file.name: file.sha256
            for file in self._files()
            if f"md5:{file.md5}" in deposit.checksums.get(file.name, "").split()
        }
        self._note(replace(deposit, files={**deposit.files, **sent}))
        self._report = self._as_before(self._report.deposit, "its files are others than those here")
        return self._finished(job)

    def _fill(self, job: PublishingJob, confirm: Confirmation) -> PublicationReport:
        self._note(self._publisher.reserve(job, self._report.deposit))
        job = replace(job, record=self._with_identifier(job))
        self._report = replace(self._report, notes=(*self._report.notes, *self._publisher.notes(job)))
        files = self._files()
        self._name_new(job, files)
        record = linked_record(job.record, self._others(), files, self._folder)
        job = replace(job, record=record, files=files)
        self._report = replace(self._report, record=record, files=files)
        if not self._choices.reserve_only:
            self._note(self._publisher.upload(job, self._report.deposit))
            self._report = replace(self._report, others=self._publisher.others(job, self._report.deposit))
        faults = (*self._report.unclear, *self._publisher.describe(job, self._report.deposit))
        # A publisher keeps what it has to remember of the metadata.
        kept = self._state.draft(self._choices.to, self._service.url) or self._report.deposit
        self._report = replace(self._report, faults=faults, deposit=kept)
        if self._choices.reserve_only:
            steps = release_steps(self._folder, record, doi=doi_of([self._report.deposit]), published=False)
            return replace(self._report, next_steps=steps)
        if self._choices.draft or self._report.faults:
            return self._report
        seen = self._publisher.seen(job, self._report.deposit)
        if not confirm(self._report):
            return self._report
        self._require_as_asked(files)
        same_names = self._publisher.others(job, self._report.deposit) == self._report.others
        if self._publisher.seen(job, self._report.deposit) != seen or not same_names:
            raise FairregError(
                f"Somebody else changed the files of the draft at {self._service.title} meanwhile.",
                hint="Repeat the command to see what would be published.",
            )
        published = self._publisher.publish(job, self._report.deposit)
        self._note(with_links(published, record, self._others()))
        return self._finished(job)

    def _name_new(self, job: PublishingJob, files: tuple[LocalFile, ...]) -> None:
        """Name the files that an earlier command left out of the draft, as with an --exclude of its own."""
        before = job.known.files if job.known is not None else {}
        for name in [file.name for file in files if before and file.name not in before]:
            self._log(f"{name} was not in the draft before, and is in it now; --exclude leaves it out.")

    def _require_as_asked(self, files: tuple[LocalFile, ...]) -> None:
        """Raise FairregError where the folder is not any more what the question was about."""
        changed = changed_since(files, self._tokens)
        if not changed and read_project(self._folder, self._selected.names) != self._project:
            changed = "A file with metadata or the access"
        if changed:
            raise FairregError(
                f"{changed} changed in the folder while the question stood, so nothing was published.",
                hint="Repeat the command to see what would be published.",
            )

    def _with_identifier(self, job: PublishingJob) -> ModelRecord:
        """Write the reserved identifier into the files, and return the record that has it.

        One of a sandbox is not written into files with an identifier that is registered.
        """
        stated = self._report.deposit.identifier
        if stated is None:
            return self._report.record
        identifier, deposit, carried = parse(stated), self._report.deposit, self._carried(job)
        if self._choices.sandbox and (kept := carried.not_of_sandbox(deposit)):
            self._log(f"The files carry {', '.join(kept)}, and stay as they are: this is a trial.")
            return self._report.record
        earlier = carried.earlier(deposit, follows=deposit.details.get(VERSION_OF))
        versions = carried.versions(earlier, self._report.record.version)
        names = self._selected.names
        written = write_into(self._folder, names, identifier, earlier=earlier, versions=versions)
        if written.changed:
            self._log(f"{identifier.value} was written into {', '.join(written.changed)}.")
        true = carried.true_of(deposit)
        without = () if self._choices.sandbox else written.without
        without = tuple(name for name in without if not true & carried.by_file.get(name, frozenset()))
        # The files are read again: their digests and sizes have changed.
        project = self._project = read_project(self._folder, self._selected.names)
        record = structs.replace(
            project.record,
            identifier=identifier.compact,
            identifiers=(identifier, *project.record.identifiers),
        )
        notes = (*project.notes, *written.notes)
        self._report = replace(
            self._report,
            record=record,
            carrying=written.carrying,
            without=without,
            notes=notes,
            unclear=(*project.faults, *faults_of_left_out(self._selected.left_out)),
        )
        return record

    def _carried(self, job: PublishingJob) -> CarriedDois:
        made_here = tuple(filter(self._own.has, self._state.deposits))
        return CarriedDois(job, self._publisher, stated_dois(self._folder, self._selected.names), made_here)

    def _again(self, job: PublishingJob, known: Deposit, confirm: Confirmation) -> PublicationReport:
        """Go on with what was published: an identifier that came later, and links to other services."""
        self._report = self._as_before(known)
        if not self._known.is_own(known):
            self._log(
                f"It was published as {known.id} from another folder; --take-over goes on with that here."
            )
            return self._report
        deposit = self._later(job, known)
        if deposit != known:
            given, carried = parse(deposit.identifier or "").value, doi_of(self._others())
            self._log(f"{self._service.title} gave it the DOI {given} since.")
            if carried is None:
                # The files get it, and so they are others than the published ones.
                self._note(replace(deposit, status="draft"))
                return self._go_on(replace(job, known=self._report.deposit), confirm)
            self._note(deposit)
            self._log(f"The files carry {carried}, and stay as they are.")
        self._log(f"The folder was published as {name_of(deposit)} before; nothing was sent.")
        missing = unlinked(deposit, self._others())
        stops = self._choices.draft or self._choices.reserve_only
        if missing and self._publisher.edits_links and not stops:
            self._link(job, missing, confirm)
        return self._report

    def _later(self, job: PublishingJob, known: Deposit) -> Deposit:
        """Return the deposit as the service names it now; without an answer, as it was."""
        try:
            return self._publisher.later(job, known)
        except Unreachable as error:
            self._log(f"{self._service.title} was not asked for a later identifier: {error.message}")
            return known

    def _link(self, job: PublishingJob, missing: tuple[Deposit, ...], confirm: Confirmation) -> None:
        """Name other publications in the published metadata, after a confirmation."""
        report = self._report
        own = report.deposit.identifier
        record = linked_record(job.record, missing, report.files, self._folder, itself=own)
        self._report = replace(report, record=record)
        names = ", ".join(parse(item.identifier or "").value for item in missing)
        self._log(f"The record does not name {names} yet; your confirmation adds that, without a new DOI.")
        if confirm(self._report):
            deposit = self._publisher.link(replace(job, record=record), report.deposit)
            self._note(with_links(deposit, record, self._others()))
            self._log(f"{self._service.title} names {names} now.")

    def _version_files(self) -> str:
        """Return the files in which the version is to be raised, in words."""
        return version_files(self._folder, self._selected.names)

    def _others(self) -> tuple[Deposit, ...]:
        return other_publications(self._settings, self._known.all_own(), self._report.deposit)

    def _as_before(
        self, deposit: Deposit, otherwise: str = "its files have changed since"
    ) -> PublicationReport:
        """Return the report of what was published before; UsageError where the files are others now."""
        files = self._files()
        here = {file.name: file.sha256 for file in files}
        named = name_of(deposit)
        if here != dict(deposit.files):
            raise UsageError(
                f"The folder was published as {named}, and {otherwise}.",
                hint=f"Raise the version in {self._version_files()}, and publish a new one with "
                f"--new-version-of {named}.{self._known.hint_for_copy(deposit)}",
            )
        return replace(self._report, deposit=deposit, files=files)

    def _files(self) -> tuple[LocalFile, ...]:
        return tuple(read_file(self._folder, name, self._tokens) for name in self._selected.names)

    def _finished(self, job: PublishingJob) -> PublicationReport:
        deposit = self._report.deposit
        done = FinishedPublication(
            self._settings,
            self._folder,
            deposit,
            self._report.record,
            self._choices.sandbox,
            self._log,
            carrying=self._report.carrying,
            others=not_naming(deposit, self._others(), self._report.carrying),
            advice=self._publisher.advice(job, deposit),
            assess=self._choices.assess,
        )
        return replace(self._report, next_steps=next_steps(done), is_new=True)

    def _note(self, deposit: Deposit) -> None:
        """Keep the deposit in the folder and in the report."""
        self._save(deposit)
        self._report = replace(self._report, deposit=deposit)

    def _save(self, deposit: Deposit) -> None:
        """Keep the deposit, first in the home: the folder's notes alone would be taken for another's."""
        self._own.note(deposit)
        self._state.save(deposit)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Context manager: an error says that the draft is kept, where there is one."""
        try:
            yield
        except SameVersion as error:
            error.hint = f"Raise it in {self._version_files()}, and repeat the command."
            raise
        except FairregError as error:
            deposit = self._report.deposit
            if deposit.id and deposit.status == "draft":
                where = f" ({deposit.page})" if deposit.page else ""
                kept = f"The draft is kept{where}: repeat the command to go on."
                error.hint = f"{error.hint} {kept}" if error.hint else kept
            raise
