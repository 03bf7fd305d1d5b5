# SPDX-License-Identifier: MIT
"""What services answer: bounded bodies, and the error that each refusal becomes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fairreg.errors import AccessDenied, BadAnswer, FairregError, Gone, NotFound, RateLimited, Unreachable

if TYPE_CHECKING:
    import requests

__all__ = [
    "PASSING",
    "SAYS_WHEN",
    "Answer",
    "chunks",
    "headers",
    "raise_for_status",
    "read_bounded",
    "reason",
    "redirects",
    "retry_after",
]

MAX_DOCUMENT_BYTES = 64 * 2**20
CHUNK = 64 * 1024
# Faults that pass, and the two of them whose Retry-After counts (Zenodo sends it on good answers too).
PASSING = frozenset({429, 500, 502, 503, 504})
SAYS_WHEN = frozenset({429, 503})
_REASONS = {
    "NameResolution": "its name could not be resolved",
    "Name or service not known": "its name could not be resolved",
    "Connection refused": "connection refused",
    "timed out": "timed out",
    "CERTIFICATE": "its certificate is not valid",
    "IncompleteRead": "the answer was cut off",
    "Connection reset": "connection reset",
}


@dataclass(frozen=True)
class Answer:
    """A complete answer: final address, status, lower-case headers and the bounded body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises BadAnswer when it is anything else."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            host = urlsplit(self.url).netloc
            is_page = self.body.lstrip()[:1] == b"<"
            what = "HTML instead of JSON" if is_page else "JSON that is broken or cut off"
            raise BadAnswer(
                f"{host} answered with {what}.",
                hint="It may be down for maintenance, or a login page stands between. Try again later.",
            ) from error


def headers(response: "requests.Response") -> dict[str, str]:
    """Header names in lower case."""
    return {name.lower(): value for name, value in response.headers.items()}


def read_bounded(response: "requests.Response") -> bytes:
    """The body of a document. Raises BadAnswer beyond 64 MiB."""
    body = bytearray()
    for chunk in chunks(response):
        body += chunk
        if len(body) > MAX_DOCUMENT_BYTES:
            raise BadAnswer(f"{urlsplit(response.url).netloc} sent a document of more than 64 MiB.")
    return bytes(body)


def chunks(response: "requests.Response") -> Iterator[bytes]:
    """The body as it arrives. Raises Unreachable when the connection breaks."""
    import requests

    try:
        yield from response.iter_content(CHUNK)
    except (requests.RequestException, OSError) as error:
        raise Unreachable(
            f"The connection to {urlsplit(response.url).netloc} broke off in the middle ({reason(error)}).",
            hint="Run the command again: it resumes where it stopped.",
        ) from error


def redirects(response: "requests.Response") -> bool:
    """Whether the answer is a redirect."""
    return HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.BAD_REQUEST


def raise_for_status(response: "requests.Response") -> None:
    """Raise the error that a refusal (4xx, 5xx) becomes."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        raise _status_error(response)


def _status_error(response: "requests.Response") -> FairregError:
    status, where, said = response.status_code, urlsplit(response.url), _said(response)
    host, what = where.netloc, where.netloc + where.path
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"{what} does not exist.", hint="Check the identifier.")
    if status == HTTPStatus.GONE:
        return Gone(f"{what} was withdrawn{': ' + said if said else ''}.", reason=said)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.FORBIDDEN and "rate limit" in (said or "").lower()
    ):
        wait = retry_after(response) or 60.0
        return RateLimited(
            f"{host} asks to wait {wait:.0f} s before the next request.",
            retry_after=wait,
            hint="Try again later.",
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AccessDenied(
            f"{host} refused access to {what}.", hint="It may need an access token or the owner's consent."
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(f"{host} has a fault of its own (HTTP {status}).", hint="Try again later.")
    return BadAnswer(
        f"{host} rejected the request (HTTP {status}{': ' + said if said else ''}).", status=status
    )


def _said(response: "requests.Response") -> str | None:
    """What the body of an error says in the words of the service: a tombstone's reason, else its message."""
    from urllib3.exceptions import HTTPError

    try:
        document = json.loads(response.raw.read(CHUNK, decode_content=True) or b"null")
    except (ValueError, HTTPError, OSError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    tombstone = document.get("tombstone")
    note = tombstone.get("note") or tombstone.get("removal_reason") if isinstance(tombstone, dict) else None
    said = note if isinstance(note, str) and note else document.get("message")
    return " ".join(str(said).split())[:300].rstrip(".") if said else None


def retry_after(response: "requests.Response") -> float | None:
    """Seconds that Retry-After asks for, as a number or as an HTTP date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def reason(error: Exception) -> str:
    """Why a request got no answer, in words for people."""
    text = str(error)
    for sign, reason in _REASONS.items():
        if sign in text:
            return reason
    return type(error).__name__
