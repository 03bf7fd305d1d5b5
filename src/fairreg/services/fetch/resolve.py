# SPDX-License-Identifier: MIT
"""From a pasted identifier to the record at its source: DataCite, doi.org, then the source itself.

DataCite and doi.org state where a DOI leads; only the source knows the files. A step that fails is noted and
the next one tried, because a DOI of Zenodo identifies its source even while DataCite is down.
"""

import dataclasses
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from msgspec.structs import replace

from fairreg import harvesters
from fairreg.errors import BadAnswer, FairregError, Gone, NotFound, Unreachable
from fairreg.harvesters.base import FetchedPayload, Harvester
from fairreg.redaction import redacted
from fairreg.registry import catalogue
from fairreg.schemas.file_address import quoted_path
from fairreg.schemas.identifiers import DOI_SCHEMES, Identifier, RequestedIdentifier, normalise_doi, parse
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import ModelRecord, version_sort_key
from fairreg.schemas.timestamps import now
from fairreg.sources import CURATED, DOI, REGISTRAR, RESOLVER, SHORT_DOI, scheme_names
from fairreg.web import HttpClient, Log, RetryPolicy, no_log

__all__ = [
    "Resolution",
    "SourceRecord",
    "Step",
    "StepOutcome",
    "concept_note",
    "resolve",
    "stamped",
    "with_registration",
]

StepOutcome = Literal["found", "absent", "unreachable"]
# GitHub's address of a renamed repository.
_BY_NUMBER = re.compile(r"/repositories/\d+$", re.ASCII)
_STAYS = "Its data in the registry stay available: fairreg show, fairreg assess --offline."
# One attempt each: other steps can replace these two.
_BRIEF = RetryPolicy(retries=0, connect_timeout=5.0, read_timeout=15.0)


@dataclass(frozen=True)
class Step:
    """One service's answer during resolution; `detail` is a sentence for people."""

    service: str
    outcome: StepOutcome
    detail: str


@dataclass(frozen=True)
class SourceRecord:
    """A record with the bytes that it was read from; `withdrawn` is the reason in those of a tombstone."""

    record: ModelRecord
    raw: bytes
    withdrawn: str | None = None


@dataclass(frozen=True)
class Resolution:
    """Result of resolving an identifier.

    `source` is the record at the host of the files, None where it could not be read: `fault` is then the
    reason. `datacite` is the registered metadata. `is_concept`: a lineage was requested, and its newest
    version is returned.
    """

    requested: str
    asked: Identifier
    source: SourceRecord | None = None
    datacite: SourceRecord | None = None
    is_concept: bool = False
    fault: FairregError | None = None
    steps: tuple[Step, ...] = ()

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented

        return represented(self, f"{brief(self.requested)}:", _state_of(self))

    def _repr_html_(self) -> str:
        """View in a notebook."""
        from fairreg.services.fetch.files.resolution import resolution_view

        return resolution_view(self)

    @property
    def record(self) -> ModelRecord:
        """The best available record: the source's, else DataCite's. Raises the `fault`, or NotFound."""
        best = self.source or self.datacite
        if best is None:
            raise self.fault or NotFound(f"{self.requested} was not found.")
        return best.record


def _state_of(resolved: Resolution) -> str:
    best = resolved.source or resolved.datacite
    if best is None:
        return "not found"
    return best.record.provenance.source if resolved.source else "registered metadata only"


@dataclass
class _ResolutionLog:
    steps: list[Step] = field(default_factory=list)
    log: Log = no_log

    def note(self, service: str, outcome: StepOutcome, detail: str) -> None:
        detail = redacted(detail)  # where a DOI leads is what a service says
        self.steps.append(Step(service, outcome, detail))
        self.log(f"{service}: {detail}")


def resolve(
    web: HttpClient,
    pid: str | RequestedIdentifier,
    *,
    log: Log = no_log,
    version_of: Callable[[Identifier], Identifier | None] = lambda _concept: None,
    is_stored: Callable[[], bool] = lambda: False,
) -> Resolution:
    """Follow `pid`, in any spelling, to its record.

    `version_of` is the caller's lookup of a concept DOI's newest version; it is called last.
    `is_stored` tells whether the caller's registry has the object. When only the registered metadata could be
    read, they are returned with the `fault` of the source. Raises
    IdentifierError for other text, Gone for a withdrawn record, NotFound for an identifier unknown to every
    service, Unreachable where no service responds.
    """
    requested = RequestedIdentifier.of(pid)
    trail = _ResolutionLog(log=log)
    pid, asked = requested.text, _whole_doi(web, requested.require(), trail)
    registered = _registered(web, asked, trail) if asked.scheme in DOI_SCHEMES else None
    harvester, target = _source_of(web, asked, registered, trail)
    if harvester is None or target is None:
        return _without_source(pid, asked, registered, trail)
    try:
        fetched, target = _fetch(web, harvester, target, registered, version_of)
        found = SourceRecord(stamped(harvester.to_record(fetched.payload), fetched.raw), fetched.raw)
        renamed = check_answer(found.record, target, fetched, harvester.title)
    except Gone as error:
        reason = f": {error.reason}" if error.reason else ""
        raise Gone(
            f"{pid} was withdrawn from {harvester.title}{reason}.",
            reason=error.reason,
            hint=_STAYS if is_stored() else None,
        ) from error
    except FairregError as error:
        trail.note(harvester.name, _outcome(error), error.message)
        if registered is None:
            raise
        return Resolution(pid, asked, None, registered, fault=error, steps=tuple(trail.steps))
    is_concept = (
        fetched.asked_concept or asked.key == Identifier(DOI.name, found.record.concept_doi or "").key
    )
    trail.note(harvester.name, "found", _sentence(found.record, is_concept=is_concept) + renamed)
    return Resolution(pid, asked, found, registered, is_concept, steps=tuple(trail.steps))


def with_registration(web: HttpClient, resolution: Resolution, *, log: Log = no_log) -> Resolution:
    """Add DataCite's metadata on the record's own DOI, also where another identifier was requested.

    They take the place of those on the DOI of its concept, so that one record has one registration.
    """
    doi = resolution.record.doi
    if doi is None:
        return resolution
    own, others = Identifier(DOI.name, doi), [s for s in resolution.steps if s.service != REGISTRAR.name]
    if len(others) < len(resolution.steps) and resolution.asked.key == own.key:
        return resolution
    trail = _ResolutionLog(others, log)
    registered = _registered(web, own, trail)
    return dataclasses.replace(resolution, datacite=registered, steps=tuple(trail.steps))


def _fetch(
    web: HttpClient,
    harvester: Harvester,
    target: Identifier,
    registered: SourceRecord | None,
    version_of: Callable[[Identifier], Identifier | None],
) -> tuple[FetchedPayload, Identifier]:
    """Fetch the target's payload; for a concept unknown to the source, that of the newest known version.

    Returns it with the identifier that was asked for.
    """
    try:
        return harvester.fetch(web, target), target
    except NotFound as error:
        if isinstance(error, Gone):
            raise
        versions = registered.record.related("has_version") if registered else ()
        newest = max(versions, key=lambda item: version_sort_key(doi=item.value), default=None)
        newest = newest or version_of(target)
        if newest is None or newest.key == target.key or not harvester.handles(newest):
            raise
    return harvester.fetch(web, newest), newest


def check_answer(record: ModelRecord, asked: Identifier, fetched: FetchedPayload, service: str) -> str:
    """Compare the record that a service sent with the identifier that it was asked for.

    Returns words about a repository that the service has under a new name, empty without one. Raises
    BadAnswer where it is another record.
    """
    if fetched.asked_concept:
        return ""
    own = next((item for item in record.identifiers if item.scheme == asked.scheme), None)
    named = "/" in asked.value and asked.scheme not in DOI_SCHEMES and own is not None
    if named and own and _is_renamed(own, asked, fetched.url):
        return f"; {asked.whole.value} is its former name"
    # A record also states its earlier names, as GitHub's does: only the address tells of a new one.
    if _names(record, asked, own if named else None):
        return ""
    raise _other_answer(service, asked.compact, record.identifier)


def _is_renamed(own: Identifier, asked: Identifier, url: str) -> bool:
    """Tell whether the final address names no longer what was asked for, but the record or its number."""
    former, new = asked.whole.key[1], own.whole.key[1]
    final = unquote(url.partition("?")[0]).casefold()
    if former == new or f"/{former}/" in f"{final}/":
        return False
    return f"/{new}/" in f"{final}/" or _BY_NUMBER.search(final) is not None


def _other_answer(service: str, asked: str, answered: str) -> BadAnswer:
    return BadAnswer(
        f"{service} was asked for {asked} and answered with another record, {answered}.",
        hint="Nothing of the answer was used. Check the identifier, or try again later.",
    )


def _names(record: ModelRecord, asked: Identifier, own: Identifier | None) -> bool:
    """Tell whether a record states the identifier as one of its own, as a version or as its concept.

    `own` is the present name of a record that may have had others, None where any of them counts.
    """
    stated = record.identifiers if own is None else (own,)
    if any(item.key == asked.key for item in stated) or record.identifier == asked.compact:
        return True
    if asked.scheme in DOI_SCHEMES:
        dois = (record.doi, record.concept_doi)
        return any(doi is not None and doi.casefold() == asked.value.casefold() for doi in dois)
    return Identifier(asked.scheme, record.provenance.source_id).key == asked.key


def concept_note(asked: Identifier, record: ModelRecord) -> str | None:
    """Sentence for a requested concept DOI that names the returned version; None for other requests."""
    if record.concept_doi is None or asked.key != Identifier(DOI.name, record.concept_doi).key:
        return None
    return f"{asked.value} is a concept DOI; its newest version is {record.doi or record.identifier}."


def stamped(record: ModelRecord, raw: bytes) -> ModelRecord:
    """Add the current time and the digest of the payload to the provenance of a record.

    Raises RecordError for a record by an outside harvester that the registry could not read back.
    """
    digest = hashlib.sha256(raw).hexdigest()
    origin = replace(record.provenance, retrieved=now(), payload_sha256=digest)
    return ModelRecord.from_json(replace(record, provenance=origin).to_json())


def _whole_doi(web: HttpClient, asked: Identifier, trail: _ResolutionLog) -> Identifier:
    """The DOI that a short one stands for, by doi.org; any other identifier unchanged.

    Raises NotFound for an unknown one.
    """
    if asked.scheme != SHORT_DOI.name:
        return asked
    answer = JsonNode(web.get(f"{DOI.resolver}api/handles/{asked.value}").json())
    handle = answer["handle"].text
    if handle is not None and handle.casefold() != asked.value.casefold():
        raise _other_answer(RESOLVER.title, asked.value, handle)
    values = answer["values"].items()
    aliases = (item.at("data", "value").text or "" for item in values if item["type"].text == "HS_ALIAS")
    doi = next((found for text in aliases if (found := normalise_doi(text))), None)
    if doi is None:
        raise NotFound(f"{asked.value} is not a short DOI that doi.org knows.", hint="Give the whole DOI.")
    trail.note(RESOLVER.title, "found", f"{asked.value} is short for {doi}")
    return Identifier(DOI.name, doi)


def _registered(web: HttpClient, asked: Identifier, trail: _ResolutionLog) -> SourceRecord | None:
    """The DOI's metadata at DataCite, None where it has none or does not respond."""
    harvester = harvesters.get(REGISTRAR.name)
    try:
        fetched: FetchedPayload = harvester.fetch(web.with_policy(_BRIEF), Identifier(DOI.name, asked.value))
        record = stamped(harvester.to_record(fetched.payload), fetched.raw)
        check_answer(record, Identifier(DOI.name, asked.value), fetched, harvester.title)
    except FairregError as error:
        trail.note(REGISTRAR.name, _outcome(error), error.message)
        return None
    _, withdrawn = harvester.withdrawn(fetched.payload) or ("", None)
    more = f"; it was withdrawn by its source: {withdrawn}" if withdrawn else ""
    said = f"{asked.value} is registered and leads to {record.provenance.url}{more}"
    trail.note(REGISTRAR.name, "found", said)
    return SourceRecord(record, fetched.raw, withdrawn)


def _source_of(
    web: HttpClient, asked: Identifier, registered: SourceRecord | None, trail: _ResolutionLog
) -> tuple[Harvester | None, Identifier | None]:
    """The harvester for the host of the files, and the identifier to request from it."""
    direct = next(
        (harvester for harvester in harvesters.for_identifier(asked) if not harvester.general), None
    )
    if direct is not None:
        return direct, asked
    landing = registered.record.provenance.url if registered else _landing_page(web, asked, trail)
    for harvester in harvesters.all_harvesters():
        if landing and not harvester.general and harvester.handles_url(landing):
            return harvester, parse(landing)
    return None, None


def _landing_page(web: HttpClient, asked: Identifier, trail: _ResolutionLog) -> str | None:
    """Landing page from doi.org of a DOI for which DataCite gave no answer."""
    if asked.scheme not in DOI_SCHEMES:
        return None
    try:
        page = web.location(f"{DOI.resolver}{quoted_path(asked.value)}", policy=_BRIEF)
    except FairregError as error:
        trail.note(RESOLVER.title, _outcome(error), error.message)
        return None
    trail.note(RESOLVER.title, "found", f"{asked.value} leads to {page}")
    return page


def _without_source(
    pid: str, asked: Identifier, registered: SourceRecord | None, trail: _ResolutionLog
) -> Resolution:
    if registered is not None:
        where, reason = registered.record.provenance.url, registered.withdrawn
        fault: NotFound = NotFound(
            f"{pid} leads to {where}; fairreg cannot list the files there.",
            hint="Its registered metadata can be shown and assessed; download the files manually.",
        )
        if reason:
            fault = Gone(
                f"{pid} was withdrawn by its source: {reason.rstrip('.')}.",
                reason=reason,
                hint=f"Its registered metadata can still be shown and assessed; its page is {where}.",
            )
        return Resolution(pid, asked, None, registered, fault=fault, steps=tuple(trail.steps))
    found = [step.detail for step in trail.steps if step.outcome == "found"]
    if found:
        raise NotFound(
            f"{found[-1]}; fairreg cannot list the files there.", hint="Download the files manually."
        )
    silent = [step for step in trail.steps if step.outcome == "unreachable"]
    if silent:
        raise Unreachable(
            f"{pid} could not be resolved: {silent[-1].detail}", hint="Check the connection and try again."
        )
    if trail.steps:
        reason, hint = "DataCite and doi.org do not know it", "Check the identifier."
    else:
        reason = _why_unasked(asked)
        hint = "Give a DOI or a repository; `fairreg search` finds what the registry knows."
    raise NotFound(f"{pid} could not be resolved: {reason}.", hint=hint)


def _why_unasked(asked: Identifier) -> str:
    """The reason why no service is asked about an identifier."""
    if asked.scheme == CURATED.name and all(asked.compact != item.identifier for item in catalogue.records()):
        return "the packaged catalogue has no such entry"
    if asked.scheme in scheme_names("paper"):
        return "it identifies a paper, and fairreg asks no service about papers"
    if asked.scheme in scheme_names("person"):
        return "it identifies a person"
    if asked.scheme in scheme_names("organization"):
        return "it identifies an organisation"
    return f"fairreg asks no service about identifiers of the kind {asked.scheme!r}"


def _outcome(error: FairregError) -> StepOutcome:
    return "absent" if isinstance(error, NotFound) else "unreachable"


def _sentence(record: ModelRecord, *, is_concept: bool) -> str:
    version = f"version {record.version}" if record.version else "a version without a number"
    if is_concept:
        return f"a concept DOI, whose newest version is {record.doi or record.identifier} ({version})"
    return f"{record.identifier}, {version}"
