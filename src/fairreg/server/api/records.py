# SPDX-License-Identifier: MIT
"""``/api/records/{pid}``: an entry with its sources, versions, assessment and addresses."""

from starlette.requests import Request
from starlette.responses import Response

from fairreg.errors import Gone, IdentifierError, NotFound
from fairreg.registry import Entry, Registry, Statement
from fairreg.rubrics import VERSIONS
from fairreg.server.api.answers import document, require_known
from fairreg.server.api.documents import (
    ApiRecord,
    ApiStatement,
    RecordAssessment,
    RecordLinks,
    RecordStatement,
    RecordVersion,
)
from fairreg.server.query import single
from fairreg.server.records.representations import describing
from fairreg.server.site import Site, site_of

__all__ = ["record_answer", "record_api_url"]


def record_api_url(site: Site, identifier: str) -> str:
    """Return the address of the record in this API."""
    page = site.record_url(identifier)
    return f"{site.url('/api')}{page.removeprefix(site.base_url)}"


async def record_answer(request: Request) -> Response:
    """Answer with an entry, or with what one source states of it."""
    require_known(request, ("source",))
    site, pid = site_of(request), request.path_params["pid"]
    source = single("source", request.query_params)
    return document(await site.read(lambda registry: _found(site, registry, pid, source)))


def _found(site: Site, registry: Registry, pid: str, source: str | None) -> ApiRecord | ApiStatement:
    try:
        entry = registry.entry_for(pid)
    except NotFound as error:
        raise _departed(registry, pid) or error from None
    except IdentifierError as error:  # nothing can be at this address
        raise NotFound(error.message, hint=error.hint) from None
    change = registry.changes.of(entry.identifier, statements=True)
    said = () if change is None else change.statements
    if source is not None:
        return _statement(entry, said, source)
    return ApiRecord(
        identifier=entry.identifier,
        record=entry.present_record,
        runnable=entry.runnable,
        gone_at=entry.gone_at,
        gone_reason=entry.gone_reason,
        changed_at="" if change is None else change.changed_at,
        sources=[_source(item) for item in said],
        versions=_versions(site, registry, entry),
        assessment=_assessment(registry, entry),
        links=_links(site, entry),
    )


def _departed(registry: Registry, pid: str) -> Gone | None:
    """Return the error for an identifier that was an entry's, None for one that was not."""
    change = registry.changes.of(pid)
    if change is None or change.departed is None:
        return None
    if change.departed == "forgotten":
        return Gone(f"{pid} was removed from this registry.")
    return Gone(
        f"{pid} is now a part of another entry.", hint="Search for its name or its other identifiers."
    )


def _statement(entry: Entry, said: tuple[Statement, ...], source: str) -> ApiStatement:
    found = next((item for item in said if item.source == source), None)
    if found is None:
        names = ", ".join(dict.fromkeys(item.source for item in said))
        raise NotFound(f"{source[:40]!r} is not a source of {entry.identifier}.", hint=f"It has {names}.")
    return ApiStatement(identifier=entry.identifier, statement=_source(found), record=found.record)


def _source(said: Statement) -> RecordStatement:
    return RecordStatement(
        source=said.source,
        source_id=said.source_id,
        url=said.record.provenance.url,
        retrieved_at=said.retrieved_at,
        gone_at=said.gone_at,
        gone_reason=said.gone_reason,
    )


def _versions(site: Site, registry: Registry, entry: Entry) -> list[RecordVersion]:
    return [
        RecordVersion(
            identifier=item.identifier,
            version=item.record.version,
            date=item.record.date_published or item.record.date_created,
            gone=item.gone,
            url=site.record_url(item.identifier),
        )
        for item in registry.explain(entry).entries
    ]


def _assessment(registry: Registry, entry: Entry) -> RecordAssessment | None:
    """Return the newest assessment by a rubric of this release."""
    for item in registry.assessments.history(entry.identifier):
        if VERSIONS.get(item.rubric) == item.rubric_version:
            return RecordAssessment(
                rubric=item.rubric,
                rubric_version=item.rubric_version,
                assessed_at=item.assessed_at,
                offline=item.offline,
                overall=item.overall,
                coverage=item.coverage,
                letters=dict(item.letters),
            )
    return None


def _links(site: Site, entry: Entry) -> RecordLinks:
    page = site.record_url(entry.identifier)
    return RecordLinks(
        self=record_api_url(site, entry.identifier),
        page=page,
        formats={item.name: item.url(site, entry) for item in describing(entry.present_record)},
        source=entry.url,
    )
