# SPDX-License-Identifier: MIT
"""Network requests of an assessment; each answer is stored as a `Probe`.

A service that does not respond is a probe with the outcome `failed`, never a finding against the model. Only
the addresses of the record itself, doi.org and the record's own source are requested, each once, within
`_BRIEF`; `HttpClient` refuses private addresses.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from fairreg import harvesters
from fairreg.assessment.evidence import Document, Outcome, Probe, ProbeKind, Role, Unread
from fairreg.assessment.lineage import is_closed
from fairreg.errors import AccessDenied, BadAnswer, FairregError, Gone, NotFound, RecordError
from fairreg.harvesters import Harvester, Hit
from fairreg.redaction import redacted
from fairreg.schemas.file_address import quoted_path
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import counted
from fairreg.schemas.timestamps import now
from fairreg.services.fetch.resolve import Resolution, StepOutcome
from fairreg.sources import DOI, REGISTRAR, ApiDescription, all_sources, source_named
from fairreg.storage.formats import HEAD_BYTES, format_of_head
from fairreg.web import HttpClient, Response, RetryPolicy

__all__ = ["ProbeResults", "datacite_probe", "listing", "probe_all"]

# Limits on seconds and bytes of one answer, against slow and endless responses.
_BRIEF = RetryPolicy(
    retries=1,
    longest_wait=10.0,
    connect_timeout=5.0,
    read_timeout=20.0,
    body_seconds=30.0,
    most_bytes=8 * 2**20,
)
_DATACITE_JSON = "application/vnd.datacite.datacite+json"
_SEARCHED = 50
_TITLE_WORDS = 4
_MARKUP: tuple[tuple[str, re.Pattern[str]], ...] = (
    # The content of a tag is bounded: otherwise a page of unclosed tags takes quadratic time.
    ("schema.org", re.compile(r"<script[^>]{1,500}application/ld\+json", re.IGNORECASE)),
    ("highwire", re.compile(r"<meta[^>]{1,500}name=[\"']citation_", re.IGNORECASE)),
    ("dublin_core", re.compile(r"<meta[^>]{1,500}name=[\"']dc\.", re.IGNORECASE)),
)
_SIGNPOSTING = re.compile(r"rel\s*=\s*\"?(?:cite-as|describedby|linkset|item)\b", re.IGNORECASE)
_OPENING = 4096
_EMBEDDED = re.compile(r"<script[^>]{1,500}application/ld\+json[^>]{0,500}>", re.IGNORECASE)
_MAX_TEXT = 65_536
_IN_WORDS = ("readme", "docs", "definitions")
_IN_A_STANDARD = ("standard",)


@dataclass(frozen=True)
class _Question:
    kind: ProbeKind
    url: str
    ask: Callable[[], Probe]
    # Published name of the file that is requested.
    file: str | None = None


@dataclass(frozen=True)
class ProbeResults:
    """Probes; of a dataset the metadata embedded in its landing page, and the documents beside the data.

    `unread` are the parts of these that were not read.
    """

    probes: tuple[Probe, ...]
    documents: tuple[Document, ...] = ()
    unread: tuple[Unread, ...] = ()

    def withheld(self, record: ModelRecord) -> str | None:
        """Return why the host does not give the files of `record`; None where it does.

        Of an open record no answer is no refusal.
        """
        probe = next((item for item in self.probes if item.kind == "file_range"), None)
        if probe is None or not (probe.withheld or (is_closed(record) and probe.outcome == "failed")):
            return None
        return probe.detail or "the host did not give the file that was requested"


def datacite_probe(resolution: Resolution) -> list[Probe]:
    """Return the probe of the DOI's record at DataCite, in a list that is empty where it was not asked."""
    outcomes: dict[StepOutcome, Outcome] = {"found": "ok", "absent": "absent", "unreachable": "failed"}
    return [
        Probe(kind="datacite", outcome=outcomes[step.outcome], detail=step.detail)
        for step in resolution.steps
        if step.service == REGISTRAR.name
    ]


def probe_all(web: HttpClient, record: ModelRecord) -> ProbeResults:
    """Make every applicable request about `record`, one after the other."""
    brief = web.with_policy(_BRIEF)
    embedded: list[Document | Unread] = []
    probes = tuple(_answered(question) for question in _questions(brief, record, embedded))
    if record.kind != "dataset":
        return ProbeResults(probes)
    found = (*embedded, *_beside_the_data(brief.anonymous(), record))
    documents = tuple(item for item in found if isinstance(item, Document))
    return ProbeResults(probes, documents, tuple(item for item in found if isinstance(item, Unread)))


def listing(web: HttpClient, record: ModelRecord, registered: ModelRecord | None) -> Probe | None:
    """Return the probe of the model registries that a record or its registration names.

    None for a dataset, and for the record of a registry itself. Registries are not searched: an entry that
    nothing of the model names is no cross-link (rubric, F4-3).
    """
    if record.kind == "dataset" or source_named(record.provenance.source).model_registry:
        return None
    named = _entries(record, registered)
    if not named:
        detail = "neither the record nor its registration names an entry in a model registry"
        return Probe(kind="registry_listing", outcome="absent", detail=detail, when=now())
    from fairreg.services.assess.registry_listing import registry_listing  # few records name one

    return registry_listing(web.with_policy(_BRIEF), named, record)


def _entries(record: ModelRecord, registered: ModelRecord | None) -> tuple[Identifier, ...]:
    """Return the models in registries that are named, each once, without datasets and applications."""
    registries = {scheme.name for row in all_sources() if row.model_registry for scheme in row.schemes}
    found: dict[tuple[str, str], Identifier] = {}
    for one in filter(None, (record, registered)):
        related = [item.target for item in one.relations if (item.target_kind or "").lower() != "dataset"]
        for item in (*one.identifiers, *related):
            if item.scheme in registries and not item.value.startswith(("datasets/", "spaces/")):
                found.setdefault(item.key, item)
    return tuple(found.values())


def _questions(
    web: HttpClient, record: ModelRecord, embedded: list[Document | Unread]
) -> Iterator[_Question]:
    if record.doi:
        address = f"{DOI.resolver}{quoted_path(record.doi)}"
        agency = f"{DOI.resolver}ra/{record.doi.partition('/')[0]}"
        yield _Question("registration_agency", agency, lambda: _agency(web, agency))
        yield _Question("content_negotiation", address, lambda: _negotiated(web, address))
        yield _Question("doi_resolves", address, lambda: _page(web, "doi_resolves", address))
    page = record.provenance.url
    if page:
        yield _Question("landing_page", page, lambda: _page(web, "landing_page", page, embedded))
    api = source_named(record.provenance.source).api
    if api is not None:
        yield _Question("source_api", api.url, lambda: _interface(web, api))
    from fairreg.assessment.probed_file import file_to_probe, is_side_file  # not for stored assessments

    file = file_to_probe(record)
    if file is not None and file.url is not None:
        name, url = file.name, file.url
        yield _Question("file_range", url, lambda: _first_bytes(web, name, url), name)
    if file is None or is_side_file(file.name):
        yield from _about_files(web.anonymous(), record)
    yield _Question("self_retrieval", record.provenance.source, lambda: _retrieved(web, record))


def _beside_the_data(web: HttpClient, record: ModelRecord) -> Iterator[Document | Unread]:
    """Yield the first document in words and the first in a standard (Croissant) among a dataset's files.

    Each only if it can be had and is not long; the others are unread.
    """
    from fairreg.assessment.content.documents import role_of

    listed = (item for item in record.distributions if item.url and not item.path)
    named = [(item, role) for item in listed if (role := role_of(item.name)) is not None]
    for roles in (_IN_WORDS, _IN_A_STANDARD):
        known = [(item, role) for item, role in named if role in roles]
        short = next((item for item, _ in known if (item.size or 0) <= _MAX_TEXT), None)
        for item, role in known:
            if item is short and item.url is not None:
                yield from _small_text(web, item.name, item.url, role)
            else:
                yield Unread(path=item.name, reason="not the first of its kind, or long", role=role)


def _small_text(web: HttpClient, name: str, url: str, role: Role) -> Iterator[Document | Unread]:
    """Yield a text, as far as it is read, and a note where that is not all of it."""
    try:
        body = _head(web, url, {}, _MAX_TEXT).body
    except FairregError as error:
        yield Unread(path=name, reason=f"not available ({error.message.rstrip('.')})", role=role)
        return
    digest, text = hashlib.sha256(body).hexdigest(), body.decode("utf-8", "replace")
    yield Document(role=role, path=name, text=text, sha256=digest)
    if len(body) >= _MAX_TEXT:
        yield Unread(path=name, reason="longer than what was read of it", role=role)


def _about_files(web: HttpClient, record: ModelRecord) -> Iterator[_Question]:
    """Ask for the list of the files of a record that is not open, else for its page."""
    if record.access is None or record.access.level == "open":
        return
    source, page = record.provenance.source, record.provenance.url
    listed = harvesters.get(source).files_address(record) if source in harvesters.names() else None
    if listed:
        yield _Question("file_access", listed, lambda: _file_list(web, listed))
    elif page:
        yield _Question("file_access", page, lambda: _page_only(web, page))


def _answered(question: _Question) -> Probe:
    """Return the probe of a question, also for a failed request."""
    try:
        return question.ask()
    except NotFound as error:
        return _silent(question, "absent", error)
    except AccessDenied as error:
        return _silent(question, "denied", error)
    except FairregError as error:
        return _silent(question, "failed", error)


def _silent(question: _Question, outcome: Outcome, error: FairregError) -> Probe:
    # A tombstone is evidence of a former object; the status codes of other refusals affect no verdict.
    status = HTTPStatus.GONE.value if isinstance(error, Gone) else None
    return Probe(
        kind=question.kind,
        outcome=outcome,
        status=status,
        url=redacted(question.url),
        detail=error.message.rstrip("."),
        when=now(),
        file=question.file,
    )


def _agency(web: HttpClient, url: str) -> Probe:
    answer = web.get(url)
    document = answer.json()
    listed = document if isinstance(document, list) else []
    names = tuple(str(item["RA"]) for item in listed if isinstance(item, dict) and "RA" in item)
    return _probe("registration_agency", answer, names)


def _negotiated(web: HttpClient, url: str) -> Probe:
    answer = web.get(url, accept=_DATACITE_JSON)
    answer.json()
    return _probe("content_negotiation", answer, (_DATACITE_JSON,))


def _page(
    web: HttpClient, kind: ProbeKind, url: str, embedded: list[Document | Unread] | None = None
) -> Probe:
    answer = web.get(url, accept="text/html")
    text = answer.body.decode("utf-8", "replace")
    if embedded is not None:
        embedded += _embedded(text)
    found = tuple(name for name, pattern in _MARKUP if pattern.search(text))
    signposted = (
        ("signposting",) if _SIGNPOSTING.search(answer.headers.get("link", "") + _link_tags(text)) else ()
    )
    return _probe(kind, answer, found + signposted)


def _embedded(text: str) -> Iterator[Document | Unread]:
    """The first JSON-LD of a page, unless it exceeds the size of a metadata file: then it is unread."""
    opening = _EMBEDDED.search(text)
    if opening is None:
        return
    held = text[opening.end() : opening.end() + _MAX_TEXT].partition("</script>")
    if not held[1]:
        reason = "too long to be read, or without an end"
        yield Unread(path="landing-page.jsonld", reason=reason, role="standard")
    elif held[0].strip():
        digest = hashlib.sha256(held[0].encode("utf-8", "replace")).hexdigest()
        yield Document(role="standard", path="landing-page.jsonld", text=held[0].strip(), sha256=digest)


def _link_tags(text: str) -> str:
    return " ".join(re.findall(r"<link[^>]{0,500}>", text, re.IGNORECASE))


def _interface(web: HttpClient, api: ApiDescription) -> Probe:
    answer = _head(web, api.url, {"Accept": "*/*"}, _OPENING)
    return _probe("source_api", answer, (api.kind,) if api.mark in answer.body else ())


def _first_bytes(web: HttpClient, name: str, url: str) -> Probe:
    """Probe without a login; where that is refused, `found` is what the host gives for the user's token."""
    try:
        return _file_head(web.anonymous(), name, url)
    except (AccessDenied, NotFound) as error:
        opened = _opened_by_token(web, name, url)
        if opened is None:
            raise
        outcome: Outcome = "absent" if isinstance(error, NotFound) else "denied"
        detail = f"{error.message.rstrip('.')}; it is given for a token"
        return msgspec.structs.replace(opened, outcome=outcome, status=None, url=redacted(url), detail=detail)


def _opened_by_token(web: HttpClient, name: str, url: str) -> Probe | None:
    if not any(item.authorization for item in web.settings.services.values()):
        return None
    try:
        return _file_head(web, name, url)
    except FairregError:
        return None


def _file_head(web: HttpClient, name: str, url: str) -> Probe:
    told = _head(web, url, {"Range": f"bytes=0-{HEAD_BYTES - 1}"}, HEAD_BYTES)
    found = _probe("file_range", told, (format_of_head(told.body, name),))
    return msgspec.structs.replace(found, file=name)


def _file_list(web: HttpClient, url: str) -> Probe:
    """Probe of a list of files, `absent` where it is empty. Raises BadAnswer for another document."""
    answer = web.get(url)
    document = answer.json()
    entries = document.get("entries") if isinstance(document, dict) else document
    if not isinstance(entries, list | dict):
        raise BadAnswer("the answer is no list of files")
    found = _probe("file_access", answer, ())
    return found if entries else msgspec.structs.replace(found, outcome="absent", detail="no file is listed")


def _page_only(web: HttpClient, url: str) -> Probe:
    """Probe of the page of a record: only a refusal, an error of `HttpClient`, tells of its files."""
    web.get(url, accept="text/html")
    raise BadAnswer("the page is given to anybody, and no file has an address")


def _head(web: HttpClient, url: str, headers: dict[str, str], size: int) -> Response:
    """Return the response with only the first `size` bytes of its body."""
    with web.stream(url, headers=headers) as (answer, chunks):
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= size:
                break
    return Response(answer.url, answer.status, answer.headers, head[:size])


def _retrieved(web: HttpClient, record: ModelRecord) -> Probe:
    """Rank of the record in the host's own search for the first words of its title."""
    harvester = harvesters.get(record.provenance.source).names_only()
    words = " ".join(re.findall(r"\w+", record.name)[:_TITLE_WORDS])
    hits = [hit for page in harvester.search(web, words, limit=_SEARCHED) for hit in page.hits]
    ids = [_source_id(harvester, hit) for hit in hits]
    found = record.provenance.source_id in ids
    unread = ids.count(None)
    if unread and unread == len(ids):
        raise BadAnswer(f"{harvester.title} found {counted(unread, 'item')}, none of which is a record.")
    left_out = f"; {unread} of {len(ids)} items were no records" if unread else ""
    return Probe(
        kind="self_retrieval",
        outcome="ok" if found else "absent",
        rank=ids.index(record.provenance.source_id) + 1 if found else None,
        detail=f"searched {harvester.title} for {words!r}{left_out}",
        when=now(),
    )


def _source_id(harvester: Harvester, hit: Hit) -> str | None:
    """Source id of a hit, which keeps its place in the ranking if it cannot be read: then None."""
    from fairreg.services.harvest.harvest import submission_of, withdrawal_of  # nor any search

    try:
        withdrawn = withdrawal_of(harvester, hit)
        return withdrawn[0] if withdrawn else submission_of(harvester, hit).record.provenance.source_id
    except RecordError:
        return None


def _probe(kind: ProbeKind, answer: Response, found: tuple[str, ...]) -> Probe:
    digest = "sha256:" + hashlib.sha256(answer.body).hexdigest()
    return Probe(
        kind=kind, outcome="ok", status=answer.status, url=answer.url, found=found, when=now(), digest=digest
    )
