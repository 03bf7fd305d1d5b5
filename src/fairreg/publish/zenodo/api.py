# SPDX-License-Identifier: MIT
"""Requests of InvenioRDM's records API about one draft, and its refusals as errors.

Manual of InvenioRDM, reference/rest_api_drafts_records and file_transfer (8064a4b, August 2026). Addresses
are made here of the base URL and the draft's id, never taken from an answer; those of parts of a file, which
may be at a store of objects, are the exception, and get no token there.
"""

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fairreg.errors import AccessDenied, BadAnswer, FairregError, NotFound
from fairreg.publish.base import FieldFault
from fairreg.publish.zenodo.metadata import record_field
from fairreg.schemas.file_address import quoted_path
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.text import one_line
from fairreg.settings import Service
from fairreg.source_row import RequestKind
from fairreg.sources import source_named
from fairreg.web import HttpClient, Response, RetryPolicy
from fairreg.web.sending import FilePart, JsonBody

__all__ = ["InvenioDrafts", "PublicationRefused", "denied", "fault_words", "faults_of", "is_record_id"]

# The native shape where a service has another one by default, as Zenodo for published records.
_NATIVE = "application/vnd.inveniordm.v1+json, application/json;q=0.9"
_ID = re.compile(r"[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,3}")
# What a service computes over a whole file, or sends to DataCite, takes longer than a document.
_LONG = RetryPolicy(read_timeout=600.0)
_REFUSED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
)
_MOST_FAULTS = 100


class PublicationRefused(FairregError):
    """The service refuses a step; `faults` are the fields that it names."""

    def __init__(self, message: str, *, faults: tuple[FieldFault, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.faults = faults


def is_record_id(text: str) -> bool:
    """Tell whether a text is the id of a record or draft: digits at Zenodo, ``4d0ns-ntd89`` elsewhere."""
    return _ID.fullmatch(text) is not None


def faults_of(answer: Any) -> tuple[FieldFault, ...]:
    """Return the fields that a document names in its `errors`, each with its messages."""
    found = []
    for item in list(JsonNode(answer)["errors"].items())[:_MOST_FAULTS]:
        field = item["field"].text or ""
        words = "; ".join(text for message in item["messages"].items() if (text := message.text))
        found.append(FieldFault(one_line(field), one_line(words) or "not valid", record_field(field)))
    return tuple(found)


def fault_words(faults: Sequence[FieldFault]) -> str:
    """Return refused fields in words, each with the field of the record that it came from."""
    named = (
        f"{item.field} (from {item.record_field})" if item.record_field else item.field for item in faults
    )
    return "; ".join(f"{name}: {item.message.rstrip('.')}" for name, item in zip(named, faults, strict=True))


class InvenioDrafts:
    """The drafts of one user at one instance. Raises AccessDenied for a token that may not do a step."""

    def __init__(self, web: HttpClient, service: Service, scopes: tuple[str, ...]) -> None:
        self._web, self._service, self._scopes = web, service, scopes
        self._base = f"{service.url}/api"

    def create(self, document: Mapping[str, Any]) -> JsonNode:
        """Make a draft (201)."""
        return self._document("POST", "/records", document)

    def new_version(self, number: str) -> JsonNode:
        """Make the draft of a version after `number`, or return the one that is there already."""
        return self._document("POST", f"/records/{number}/versions", what=f"a new version of record {number}")

    def draft(self, number: str) -> JsonNode | None:
        """Return a draft as it is now, None where there is none of this id."""
        return self._read(f"/records/{number}/draft")

    def published(self, number: str) -> JsonNode | None:
        """Return a published record, None where there is none; that of a concept is its last version."""
        return self._read(f"/records/{number}")

    def published_files(self, number: str) -> dict[str, JsonNode]:
        """Return the files of a published record by name; none where the service does not list them."""
        return self._files_at(f"/records/{number}/files")

    def own(self) -> list[JsonNode]:
        """Return the newest records and drafts of the user."""
        found = self._read("/user/records?size=25&sort=newest")
        return list(found.at("hits", "hits").items()) if found is not None else []

    def reserve(self, number: str) -> JsonNode:
        """Reserve a DOI (201). Raises PublicationRefused where the draft has one."""
        return self._document("POST", f"/records/{number}/draft/pids/doi")

    def update(self, number: str, document: Mapping[str, Any]) -> JsonNode:
        """Replace the metadata; the answer names invalid fields in `errors`."""
        return self._document("PUT", f"/records/{number}/draft", document)

    def publish(self, number: str) -> JsonNode:
        """Publish the draft (202)."""
        return self._document("POST", f"/records/{number}/draft/actions/publish", policy=_LONG)

    def edit(self, number: str) -> JsonNode:
        """Make the draft in which the metadata of a published record change (201), or return it again."""
        return self._document("POST", f"/records/{number}/draft", what=f"a change of record {number}")

    def files(self, number: str) -> dict[str, JsonNode]:
        """Return the files of a draft by name."""
        return self._files_at(f"/records/{number}/draft/files")

    def _files_at(self, path: str) -> dict[str, JsonNode]:
        found = self._read(path)
        entries = found["entries"].items() if found is not None else ()
        return {key: item for item in entries if (key := item["key"].text)}

    def announce(self, number: str, files: list[dict[str, Any]]) -> None:
        """Announce files, each with its `key` and perhaps a `transfer`."""
        self._document("POST", f"/records/{number}/draft/files", files)

    def file(self, number: str, name: str) -> JsonNode | None:
        """Return one file of a draft, None where it has none of this name."""
        return self._read(self._file(number, name))

    def send_content(self, number: str, name: str, part: FilePart) -> None:
        """Send the bytes of an announced file."""
        self._call("PUT", f"{self._base}{self._file(number, name)}/content", name, part)

    def send_part(self, address: str, name: str, part: FilePart) -> None:
        """Send one part of a file to the address that the service gave."""
        self._call("PUT", address, name, part)

    def commit(self, number: str, name: str) -> JsonNode:
        """Complete a file; the answer has its size and checksum."""
        return self._document("POST", f"{self._file(number, name)}/commit", policy=_LONG)

    def remove(self, number: str, name: str) -> None:
        """Remove a file of a draft; one that is not there any more is no error."""
        try:
            self._call("DELETE", f"{self._base}{self._file(number, name)}", name)
        except NotFound:
            return

    def part_address(self, address: str) -> str:
        """Return the whole address of a part, which may be stated without its host.

        Raises PublicationRefused for one that is neither at the service nor secure: bytes would go there.
        """
        if address.startswith("/"):
            return f"{self._service.url}{address}"
        if address.startswith(("https://", f"{self._service.url}/")):
            return address
        raise PublicationRefused(f"{self._service.title} wants a part of a file at an address without https.")

    def _file(self, number: str, name: str) -> str:
        return f"/records/{number}/draft/files/{quoted_path(name)}"

    def _read(self, path: str) -> JsonNode | None:
        try:
            with self._scoped():
                answer = self._web.get(f"{self._base}{path}", accept=_NATIVE)
        except NotFound:
            return None
        return _object(answer)

    def _document(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        what: str = "the draft",
        policy: RetryPolicy | None = None,
    ) -> JsonNode:
        body = None if document is None else JsonBody(document)
        return _object(self._call(method, f"{self._base}{path}", what, body, policy=policy))

    def _call(
        self,
        method: str,
        url: str,
        what: str,
        body: JsonBody | FilePart | None = None,
        *,
        policy: RetryPolicy | None = None,
    ) -> Response:
        kind: RequestKind = "file" if isinstance(body, FilePart) else "record"
        with self._scoped():
            answer = self._web.send(
                method, url, body=body, kind=kind, policy=policy, accept=_NATIVE, handled=_REFUSED
            )
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(answer, what)
        return answer

    def _refusal(self, answer: Response, what: str) -> FairregError:
        try:
            said: Any = json.loads(answer.body)
        except (ValueError, RecursionError):
            said = None
        faults = faults_of(said)
        title, message = self._service.title, one_line(JsonNode(said)["message"].text or "").rstrip(".")
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return PublicationRefused(
                f"{title} refuses {what}: it is larger than the service takes (HTTP 413).",
                hint="Ask the service for a larger quota, or leave the file out with --exclude.",
            )
        if answer.status == HTTPStatus.FORBIDDEN:
            return denied(self._service, self._scopes, said=message or "HTTP 403", what=what)
        words = ": ".join(filter(None, (message, fault_words(faults)))) or "without a reason"
        verb = "reports a conflict over" if answer.status == HTTPStatus.CONFLICT else "refuses"
        return PublicationRefused(f"{title} {verb} {what}: {words} (HTTP {answer.status}).", faults=faults)

    def _scoped(self) -> "_Scopes":
        return _Scopes(self._service, self._scopes)


class _Scopes:
    """Context manager: an access that was denied is told with the permissions that the token needs."""

    def __init__(self, service: Service, scopes: tuple[str, ...]) -> None:
        self._service, self._scopes = service, scopes

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, AccessDenied):
            raise denied(self._service, self._scopes) from error


def denied(
    service: Service, scopes: tuple[str, ...], *, said: str | None = None, what: str = "the draft"
) -> AccessDenied:
    """Return the error for a token that is missing, not valid, or may not do what is needed.

    `said` are the words of a service that knows the token, and refuses `what` to it.
    """
    variable = source_named(service.name).token_variable
    needed = " and ".join(scopes)
    hint = f"Make a token with the scopes {needed} at {service.url}/account/settings/applications/"
    hint = f"{hint} and set {variable}."
    if service.token is None and service.login is None:
        message = f"Publishing at {service.title} needs an access token, and {variable} is not set."
    elif said is None:
        message = f"{service.title} does not allow this to the access token: it needs the scopes {needed}."
    else:
        message = (
            f"{service.title} does not allow {what} ({said}): the record is not the account's to change, "
            f"or the token lacks the scopes {needed}."
        )
        hint = f"Ask the owner of the record for the permission to edit it. Or: {hint}"
    return AccessDenied(message, hint=hint)


def _object(answer: Response) -> JsonNode:
    found = JsonNode(answer.json())
    if not found.is_object:
        raise BadAnswer(f"{answer.url} answered with JSON that is not an object.", hint="Try again later.")
    return found
