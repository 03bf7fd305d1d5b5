# SPDX-License-Identifier: MIT
"""Zenodo and any other InvenioRDM: a draft, its reserved DOI, files, metadata, publication.

Another instance is chosen by the base URL of the service (FAIRREG_ZENODO_URL). Facts of the interface stand
in `api`, `transfer` and `metadata`, with their sources.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from msgspec import structs

from fairreg.errors import AccessDenied, BadAnswer, FairregError, NotFound, Unreachable, UsageError
from fairreg.publish.base import VERSION_OF, Deposit, FieldFault, Publisher, PublishingJob, SameVersion
from fairreg.publish.zenodo.api import (
    InvenioDrafts,
    PublicationRefused,
    denied,
    fault_words,
    faults_of,
    is_record_id,
)
from fairreg.publish.zenodo.draft_edits import (
    access_faults,
    edit_faults,
    inherited_parts,
    merged,
    part_digests,
    sent_parts,
    with_sent,
)
from fairreg.publish.zenodo.edits import relation_of, unpublished_edits
from fairreg.publish.zenodo.metadata import day_note, document
from fairreg.publish.zenodo.records import (
    deposit_of,
    doi_of,
    id_of,
    is_called,
    last_version,
    record_id,
    version_number,
)
from fairreg.publish.zenodo.transfer import PartSizes, changed_files, is_as_sent, upload
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line
from fairreg.settings import Service
from fairreg.sources import DOI, ZENODO

__all__ = ["NAME", "PUBLISHER"]

NAME = ZENODO.name
# Mark of a draft that was requested, in its field `version` until the metadata are sent: by it a draft is
# found whose answer was lost.
_MARK = "mark"
_LOOKS = 3  # the search of the service knows a new draft after a moment


class InvenioPublisher(Publisher):
    """Publisher of drafts by the records API."""

    name = NAME
    sandbox = f"{NAME}_sandbox"
    scopes = ("deposit:write", "deposit:actions")
    edits_links = True
    sizes = PartSizes()

    def open(self, job: PublishingJob) -> Deposit:
        """Return the known draft, or the published record it became; else a new one, or a new version's.

        Raises AccessDenied without a token, NotFound for an unknown version to follow, SameVersion where the
        new one has its number.
        """
        service = self._settings(job)
        if service.token is None and service.login is None:
            raise denied(service, self.scopes)
        drafts, known = self._drafts(job), job.known
        if known is not None and known.id:
            found = self._as_it_is(drafts, known)
            if found is not None:
                if job.version_of is not None and found.status == "draft":
                    self._published_version(job, drafts, job.version_of)
                return found
            job.log(f"The draft {known.id} is not at {service.title} any more; a new one is made.")
            job.save(replace(known, status="discarded"))
            known = None
        if job.version_of is not None:
            return self._next_version(job, drafts, known, job.version_of)
        if known is None:
            known = Deposit(NAME, service.url, "").with_details(**{_MARK: uuid4().hex})
            job.save(known)
        draft = self._first_version(job, drafts, known)
        return with_sent(deposit_of(known, draft), part_digests(draft))

    def reserve(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Reserve a DOI unless the draft has one."""
        if deposit.identifier is not None:
            return deposit
        drafts = self._drafts(job)
        try:
            reserved = drafts.reserve(deposit.id)
        except PublicationRefused as error:
            # Reserved by a command whose answer was lost, or on the service's pages.
            there = drafts.draft(deposit.id)
            if there is None or doi_of(there) is None:
                raise error from None
            reserved = there
        if doi_of(reserved) is None:
            raise PublicationRefused(f"{self._settings(job).title} reserved no DOI for the draft.")
        return deposit_of(deposit, reserved)

    def holder(self, job: PublishingJob, doi: str) -> Deposit | None:
        """Return the record, its versions' DOI included, or the draft that has a DOI."""
        drafts, wanted = self._drafts(job), Identifier(DOI.name, doi)
        number = record_id(wanted)
        if number is None:
            return None
        none = Deposit(NAME, self._settings(job).url, "")
        try:
            record = drafts.published(number)
            if record is not None:
                called = is_called(record, wanted)
                return deposit_of(replace(none, status="published"), record) if called else None
            draft = drafts.draft(number)
        except AccessDenied:  # of somebody else
            return None
        return deposit_of(none, draft) if draft is not None and is_called(draft, wanted) else None

    def upload(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Send the files; `sizes` says which of them in parts."""
        drafts = self._drafts(job)
        return upload(job, drafts, deposit, self.sizes, lambda: self._edited_fields(job, drafts, deposit))

    def _edited_fields(self, job: PublishingJob, drafts: InvenioDrafts, deposit: Deposit) -> tuple[str, ...]:
        """Return the fields from the files that somebody else changed in the draft."""
        there = drafts.draft(deposit.id)
        if there is None:
            return ()
        content = document(self._with_publisher(job), today=datetime.now(UTC).date().isoformat())
        return tuple(item.field for item in edit_faults(there, sent_parts(deposit), content))

    def notes(self, job: PublishingJob) -> tuple[str, ...]:
        """Name the publisher at an instance of another address, where no file states one."""
        service = self._settings(job)
        if job.record.publisher or not service.configured:
            return ()
        other = "To name another one, state publisher in codemeta.json, or in facts.toml of a project"
        return (f"No file states a publisher, so it is {service.title}. {other}.",)

    def others(self, job: PublishingJob, deposit: Deposit) -> tuple[str, ...]:
        """Return the names in the draft that are not of the job."""
        ours = {file.name for file in job.files}
        return tuple(
            sorted(one_line(name) for name in self._drafts(job).files(deposit.id) if name not in ours)
        )

    def describe(self, job: PublishingJob, deposit: Deposit) -> tuple[FieldFault, ...]:
        """Send the metadata; a second time without custom fields where the instance has none of them.

        Nothing is sent where the draft is closed and the files do not say so, or where somebody else changed
        a field that comes from the files: that is a fault. Other fields of the draft stay.
        """
        drafts, today = self._drafts(job), datetime.now(UTC).date().isoformat()
        record, sent = self._with_publisher(job), sent_parts(deposit)
        content = document(record, today=today)
        there = drafts.draft(deposit.id)
        if there is not None:
            silent = self._version_before(job, drafts) if record.access is None else None
            changed = [*access_faults(there, silent, sent, content)]
            edited = edit_faults(there, sent, content)
            changed += [] if job.take_over else edited
            if edited and job.take_over and not changed:
                names = ", ".join(item.field for item in edited)
                job.log(f"Somebody else changed {names} in the draft; it is replaced, as --take-over says.")
            if changed:
                return tuple(changed)
            content = merged(there, content)
        answer = drafts.update(deposit.id, content)
        if any(item.field.startswith("custom_fields") for item in faults_of(answer.value)):
            job.log("The service has no field for the code repository; the related identifiers name it.")
            kept = there["custom_fields"].value if there is not None else None
            answer = drafts.update(deposit.id, {**content, "custom_fields": kept or {}})
        job.save(with_sent(deposit, part_digests(answer)))
        return faults_of(answer.value)

    def seen(self, job: PublishingJob, deposit: Deposit) -> str:
        """Return a digest of the files of others; the rest of the draft has to be what was sent."""
        drafts = self._drafts(job)
        draft, files = drafts.draft(deposit.id), drafts.files(deposit.id)
        now, sent = part_digests(draft) if draft is not None else {}, sent_parts(deposit)
        changed = [name for name in sorted({*now, *sent}) if now.get(name) != sent.get(name)]
        changed += changed_files(job, deposit, files)
        if changed:
            raise PublicationRefused(
                f"Somebody else changed the draft at {self._settings(job).title} meanwhile: "
                f"{one_line(', '.join(changed))}.",
                hint="Look at the change there.",
            )
        ours = {file.name for file in job.files}
        return " ".join(
            sorted(f"{name}={files[name]['checksum'].text}" for name in files if name not in ours)
        )

    def _version_before(self, job: PublishingJob, drafts: InvenioDrafts) -> JsonNode | None:
        number = record_id(job.version_of) if job.version_of is not None else None
        named = drafts.published(number) if number else None
        return last_version(drafts, named) if named is not None else None

    def publish(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Publish the draft; where the answer is lost, look whether it was."""
        drafts = self._drafts(job)
        try:
            return deposit_of(replace(deposit, status="published"), drafts.publish(deposit.id))
        except Unreachable:
            found = self._as_it_is(drafts, deposit)
            if found is None or found.status != "published":
                raise
            return found

    def link(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Add the related identifiers of the record that the published one lacks; its DOI stays.

        Raises PublicationRefused where somebody began other edits and has not published them.
        """
        drafts, today = self._drafts(job), datetime.now(UTC).date().isoformat()
        wanted = document(job.record, today=today)["metadata"].get("related_identifiers", [])
        self._require_no_edits(drafts, deposit, wanted)
        draft = drafts.edit(deposit.id)
        parts = ("access", "files", "metadata", "custom_fields", "pids")
        content = {name: draft[name].value for name in parts if draft[name].is_object}
        stated = [item.value for item in draft.at("metadata", "related_identifiers").items()]
        named = {relation_of(item) for item in stated}
        stated += [item for item in wanted if relation_of(item) not in named]
        content["metadata"] = {**(content.get("metadata") or {}), "related_identifiers": stated}
        faults = faults_of(drafts.update(deposit.id, content).value)
        if faults:
            told = fault_words(faults)
            raise PublicationRefused(
                f"{self.title} does not accept the changed metadata: {told}.", faults=faults
            )
        return deposit_of(deposit, drafts.publish(deposit.id))

    def _require_no_edits(self, drafts: InvenioDrafts, deposit: Deposit, wanted: list[object]) -> None:
        draft = drafts.draft(deposit.id)
        published = drafts.published(deposit.id) if draft is not None else None
        if draft is None or published is None:
            return  # no edit was begun; a record that is gone has none either
        differing = unpublished_edits(draft, published, wanted)
        if differing:
            raise PublicationRefused(
                f"The published record has edits that are not published ({', '.join(differing)}), "
                "and a change from here would publish them.",
                hint=f"Publish or discard them at {deposit.page or self.title}, and repeat the command.",
            )

    def _with_publisher(self, job: PublishingJob) -> ModelRecord:
        """Return the record with a publisher, which DOIs need: the service, where the files state none."""
        if job.record.publisher:
            return job.record
        return structs.replace(job.record, publisher=self._settings(job).title)

    def _settings(self, job: PublishingJob) -> Service:
        return job.web.settings.service(self.service(sandbox=job.sandbox))

    def _drafts(self, job: PublishingJob) -> InvenioDrafts:
        return InvenioDrafts(job.web, self._settings(job), self.scopes)

    def _as_it_is(self, drafts: InvenioDrafts, known: Deposit) -> Deposit | None:
        """Return a deposit as the service has it now: published, a draft, or not at all."""
        if not is_record_id(known.id):
            raise UsageError(
                f"The id of the draft in the folder, {known.id!r}, is not one of {self.title}.",
                hint="Remove the folder .fairreg to begin a new draft.",
            )
        record = drafts.published(known.id)
        if record is not None:
            found = deposit_of(replace(known, status="published"), record)
            return self._with_public_files(drafts, found) if known.status == "draft" else found
        draft = drafts.draft(known.id)
        return deposit_of(known, draft) if draft is not None else None

    def _with_public_files(self, drafts: InvenioDrafts, deposit: Deposit) -> Deposit:
        """Return a deposit that was published otherwise than from here, with the files that it has.

        They may be others than those that were sent, and some may never have been sent from this folder.
        """
        public = drafts.published_files(deposit.id)
        if not public:  # not listed to everybody where they are restricted
            return deposit
        kept = {
            name: digest
            for name, digest in deposit.files.items()
            if name in public and is_as_sent(public[name], deposit, name)
        }
        stated = {name: entry["checksum"].text or "" for name, entry in public.items()}
        plain = {name: text for name, text in stated.items() if f"{name}{text}".isprintable()}
        return replace(deposit, files=kept, checksums=plain)

    def _first_version(self, job: PublishingJob, drafts: InvenioDrafts, known: Deposit) -> JsonNode:
        mark = known.details.get(_MARK, "")
        if job.known is not None and not job.known.id:
            for attempt in range(_LOOKS):
                found = next(_marked(drafts, mark), None)
                if found is not None:
                    return found
                job.web.rest(known.url, attempt, 1.0, job.web.policy)
        today = datetime.now(UTC).date().isoformat()
        content = document(job.record, today=today, custom_fields=False)
        content["metadata"]["version"] = mark
        return drafts.create({**content, "pids": {}})

    def _next_version(
        self, job: PublishingJob, drafts: InvenioDrafts, known: Deposit | None, wanted: Identifier
    ) -> Deposit:
        """Return the draft of the next version; the service has one at most, and returns that again.

        It is kept before the request, as the answer may be lost, and not any more once that is refused.
        """
        service = self._settings(job)
        begun = (known or Deposit(NAME, service.url, "")).with_details(**{VERSION_OF: wanted.compact})
        try:
            earlier = self._published_version(job, drafts, wanted)
            job.save(begun)
            draft = drafts.new_version(id_of(earlier))
            # The service fills it from the last version, also where an earlier one is named
            # (invenio-drafts-resources, service.py, new_version).
            before = last_version(drafts, earlier)
            return with_sent(deposit_of(begun, draft), inherited_parts(draft, before))
        except FairregError as error:
            is_refusal = isinstance(error, BadAnswer) and error.status is not None
            if isinstance(error, Unreachable) and not is_refusal:
                raise
            is_first = known is not None and VERSION_OF not in known.details
            job.save(known if known is not None and is_first else replace(begun, status="discarded"))
            raise

    def _published_version(self, job: PublishingJob, drafts: InvenioDrafts, wanted: Identifier) -> JsonNode:
        """Return the record to follow. SameVersion where it, or the last version, has the job's number."""
        number = record_id(wanted)
        earlier = drafts.published(number) if number else None
        if earlier is None or not is_called(earlier, wanted):
            raise NotFound(
                f"{self._settings(job).title} has no published record {wanted.compact}.",
                hint="Give the DOI of a published version, or that of all versions.",
            )
        versions = (earlier, last_version(drafts, earlier))
        for item in versions:
            stated = item.at("metadata", "version").text
            if stated and version_number(stated) == version_number(job.record.version or ""):
                raise SameVersion(
                    f"{doi_of(item) or id_of(item)} has the version {one_line(stated)} already."
                )
        if note := day_note(job.record, versions):
            job.log(note)
        return earlier


def _marked(drafts: InvenioDrafts, mark: str) -> Iterator[JsonNode]:
    for item in drafts.own():
        if mark and item.at("metadata", "version").text == mark and item["is_published"].value is not True:
            yield item


PUBLISHER = InvenioPublisher()
