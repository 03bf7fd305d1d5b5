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
from fairreg.publish.zenodo.transfer import PartSizes, changed_files, is_as_sent, upload
from fairreg.schemas.identifiers import Identifier, normalise_doi
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
        return with_sent(_deposit(known, draft), part_digests(draft))

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
            if there is None or _doi(there) is None:
                raise error from None
            reserved = there
        if _doi(reserved) is None:
            raise PublicationRefused(f"{self._settings(job).title} reserved no DOI for the draft.")
        return _deposit(deposit, reserved)

    def holder(self, job: PublishingJob, doi: str) -> Deposit | None:
        """Return the record, its versions' DOI included, or the draft that has a DOI."""
        drafts, wanted = self._drafts(job), Identifier(DOI.name, doi)
        number = _record_id(wanted)
        if number is None:
            return None
        none = Deposit(NAME, self._settings(job).url, "")
        try:
            record = drafts.published(number)
            if record is not None:
                called = _is_called(record, wanted)
                return _deposit(replace(none, status="published"), record) if called else None
            draft = drafts.draft(number)
        except AccessDenied:  # of somebody else
            return None
        return _deposit(none, draft) if draft is not None and _is_called(draft, wanted) else None

    def upload(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Send the files; `sizes` says which of them in parts."""
        return upload(job, self._drafts(job), deposit, self.sizes)

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
            changed += [] if job.take_over else edit_faults(there, sent, content)
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
        number = _record_id(job.version_of) if job.version_of is not None else None
        return drafts.published(number) if number else None

    def publish(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Publish the draft; where the answer is lost, look whether it was."""
        drafts = self._drafts(job)
        try:
            return _deposit(replace(deposit, status="published"), drafts.publish(deposit.id))
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
        return _deposit(deposit, drafts.publish(deposit.id))

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
            found = _deposit(replace(known, status="published"), record)
            return self._with_public_files(drafts, found) if known.status == "draft" else found
        draft = drafts.draft(known.id)
        return _deposit(known, draft) if draft is not None else None

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
            draft = drafts.new_version(_id(earlier))
            return with_sent(_deposit(begun, draft), inherited_parts(draft, earlier))
        except FairregError as error:
            is_refusal = isinstance(error, BadAnswer) and error.status is not None
            if isinstance(error, Unreachable) and not is_refusal:
                raise
            is_first = known is not None and VERSION_OF not in known.details
            job.save(known if known is not None and is_first else replace(begun, status="discarded"))
            raise

    def _published_version(self, job: PublishingJob, drafts: InvenioDrafts, wanted: Identifier) -> JsonNode:
        """Return the record to follow. SameVersion where it, or the last version, has the job's number."""
        number = _record_id(wanted)
        earlier = drafts.published(number) if number else None
        if earlier is None or not _is_called(earlier, wanted):
            raise NotFound(
                f"{self._settings(job).title} has no published record {wanted.compact}.",
                hint="Give the DOI of a published version, or that of all versions.",
            )
        versions = (earlier, self._last_version(drafts, earlier))
        for item in versions:
            stated = item.at("metadata", "version").text
            if stated and _number(stated) == _number(job.record.version or ""):
                raise SameVersion(f"{_doi(item) or _id(item)} has the version {one_line(stated)} already.")
        if note := day_note(job.record, versions):
            job.log(note)
        return earlier

    def _last_version(self, drafts: InvenioDrafts, record: JsonNode) -> JsonNode:
        """Return the newest version of a record; the service makes the next one after that."""
        concept = record.at("parent", "id").text or record["conceptrecid"].text or ""
        return (drafts.published(concept) if is_record_id(concept) else None) or record


def _marked(drafts: InvenioDrafts, mark: str) -> Iterator[JsonNode]:
    for item in drafts.own():
        if mark and item.at("metadata", "version").text == mark and item["is_published"].value is not True:
            yield item


def _deposit(known: Deposit, answer: JsonNode) -> Deposit:
    """Return a deposit with what an answer of the service says of it."""
    doi, concept = _doi(answer), _concept(answer)
    published = known.status == "published"
    return replace(
        known,
        id=known.id or _id(answer),
        page=answer.at("links", "self_html").address or known.page,
        identifier=f"{DOI.name}:{doi}" if doi else known.identifier if published else None,
        concept=f"{DOI.name}:{concept}" if concept else known.concept,
    )


def _id(answer: JsonNode) -> str:
    number = answer["id"].text or ""
    if not is_record_id(number):
        raise PublicationRefused("The service made a draft without an id that fairreg knows.")
    return number


def _doi(answer: JsonNode) -> str | None:
    stated = answer.at("pids", "doi", "identifier").text or answer["doi"].text
    return normalise_doi(stated or "")


def _number(version: str) -> str:
    """Return a version as it is compared: v1.0 is 1.0."""
    return version.strip().lower().removeprefix("v")


def _concept(answer: JsonNode) -> str | None:
    stated = answer.at("parent", "pids", "doi", "identifier").text or answer["conceptdoi"].text
    return normalise_doi(stated or "")


def _record_id(identifier: Identifier) -> str | None:
    """Return the id of a record at the service by its own name or its DOI; None for another identifier."""
    if identifier.scheme == NAME:
        return identifier.value
    last = identifier.value.rpartition("/")[2].rpartition(".")[2] if identifier.scheme == DOI.name else ""
    return last if is_record_id(last) else None


def _is_called(record: JsonNode, wanted: Identifier) -> bool:
    """Tell whether a record, or its concept, has an identifier: an answer may be about another one."""
    if wanted.scheme == NAME:
        return wanted.value in {
            record["id"].text,
            record.at("parent", "id").text,
            record["conceptrecid"].text,
        }
    return wanted.value.casefold() in {_doi(record), _concept(record)}


PUBLISHER = InvenioPublisher()
