# SPDX-License-Identifier: MIT
"""Answers of services: bounded bodies, and the errors for refused requests."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from fairreg.errors import AccessDenied, BadAnswer, FairregError, Gone, NotFound, RateLimited, Unreachable
from fairreg.redaction import echoes, redacted
from fairreg.web.pacing import retry_after, stated_limit

if TYPE_CHECKING:
    import requests

__all__ = [
    "TRANSIENT",
    "Response",
    "chunks",
    "headers",
    "host_of",
    "masked",
    "masked_header",
    "masked_words",
    "raise_for_status",
    "rate_limited",
    "read_bounded",
    "reason",
    "redirects",
    "refusal_body",
    "requested_wait",
    "shown_url",
    "without_token",
]

# Replacement of an access token that a service sent back.
MASK = b"(access token)"
# Shorter texts might be words of a document; in the words of an error they are masked as well.
_SHORTEST_TOKEN = 8
MAX_DOCUMENT_BYTES = 64 * 2**20
CHUNK = 64 * 1024
_LARGEST_READ = 2**20
_LARGEST_FRAMING = 2**20  # bytes of a connection that bring no content
_REFUSAL_SECONDS = 10.0
# Temporary faults, and the two of them whose Retry-After counts (Zenodo sends it on good answers too).
TRANSIENT = frozenset({429, 500, 502, 503, 504})
WITH_RETRY_AFTER = frozenset({429, 503})
# GitHub's limits also answer 403; its secondary one often states only this, and requires at least a minute
# (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
_LIMIT_WORDS = ("rate limit", "abuse detection")
_SECONDARY_WAIT = 60.0
_DAMAGED = "Try again later; if it stays so, narrow the query, or report it to the service."
_UNFIT = "It may be down for maintenance, or require a login. Try again later."
_REASONS = {
    # The address itself was parsed before, so that only the one of a proxy can be wrong.
    "Failed to parse": "the address of its proxy is not valid",
    "proxy URL": "the address of its proxy is not valid",
    "connect to proxy": "its proxy could not be reached",
    "NameResolution": "its name could not be resolved",
    "Name or service not known": "its name could not be resolved",
    "Connection refused": "connection refused",
    "timed out": "timed out",
    "NO_CERTIFICATE_OR_CRL_FOUND": "the file of certificates to check it with holds none",
    "CERTIFICATE": "its certificate is not valid",
    "SSL": "no secure connection could be made",
    "far more bytes than content": "its answer has far more bytes than content",
    "IncompleteRead": "the answer was incomplete",
    "Connection reset": "connection reset",
}


@dataclass(frozen=True)
class Response:
    """A complete answer: final address without secrets, status, lower-case headers and the bounded body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Parse the body as JSON. Raises BadAnswer for other content."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            host = host_of(self.url)
            is_page = self.body.lstrip()[:1] == b"<"
            what = "HTML instead of JSON" if is_page else "invalid or truncated JSON"
            raise BadAnswer(
                f"{host} answered with {what}.",
                hint=_UNFIT,
            ) from error

    def listing(self) -> Any:
        """Parse the body as a page of items, of which one bad item spoils no other (`web.listings`).

        Raises BadAnswer where the page as a whole is damaged, and for far more items than are ever asked for.
        """
        from fairreg.web.listings import (
            MOST_ITEMS,
            has_too_many_items,
            parse_listing,
        )  # not for single records

        host = host_of(self.url)
        try:
            page = parse_listing(self.body)
        except ValueError as error:
            if self.body.lstrip()[:1] == b"<":
                raise BadAnswer(f"{host} answered with HTML instead of JSON.", hint=_UNFIT) from error
            raise BadAnswer(f"{host} answered with {error}.", hint=_DAMAGED) from error
        if has_too_many_items(page):
            raise BadAnswer(f"{host} answered with a page of more than {MOST_ITEMS:,} items.", hint=_DAMAGED)
        return page


def host_of(url: str) -> str:
    """Return host and port of an address, without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def shown_url(response: "requests.Response") -> str:
    """Return the address of an answer without its secrets, as signed links have them."""
    return redacted(str(response.url))


def headers(response: "requests.Response") -> dict[str, str]:
    """Return the headers by lower-case name, without the sent token."""
    sent = _authorization(response)
    return {name.lower(): masked_header(value, sent) for name, value in response.headers.items()}


def read_bounded(
    response: "requests.Response", *, most: int | None = None, seconds: float | None = None
) -> bytes:
    """Read a document's body. Raises BadAnswer beyond `most` bytes (64 MiB), Unreachable after `seconds`."""
    limit = min(most or MAX_DOCUMENT_BYTES, MAX_DOCUMENT_BYTES)
    body = bytearray()
    for chunk in chunks(response, seconds=seconds):
        body += chunk
        if len(body) > limit:
            size = f"{limit / 2**20:.0f} MiB"
            raise BadAnswer(f"{host_of(response.url)} sent a document of more than {size}.")
    return bytes(body)


def without_token(text: bytes, response: "requests.Response") -> bytes:
    """Remove the sent access token from `text` of an answer, because some services echo it.

    So neither a document nor anything derived from it (error, record, cached answer) can contain a token.
    """
    return masked(text, _authorization(response))


def _authorization(response: "requests.Response") -> str:
    sent = response.request.headers.get("Authorization", "") if response.request is not None else ""
    return sent if isinstance(sent, str) else sent.decode()


def masked(text: bytes, authorization: str, shortest: int = _SHORTEST_TOKEN) -> bytes:
    """Remove the credentials of a sent `authorization` from `text`, in any spelling."""
    pattern = echoes(authorization, shortest)
    return pattern.sub(MASK, text) if pattern is not None else text


def masked_header(value: str, authorization: str) -> str:
    """Remove the credentials of a sent `authorization` from a header."""
    # Headers are read as Latin-1, whatever their bytes are.
    charset = "utf-8" if any(letter > "\xff" for letter in value) else "latin-1"
    return masked(value.encode(charset, "surrogateescape"), authorization).decode(charset, "surrogateescape")


def masked_words(text: str, authorization: str) -> str:
    """Remove the credentials of a sent `authorization` from the words of an error, short ones as well."""
    return masked(text.encode("utf-8", "replace"), authorization, shortest=1).decode("utf-8", "replace")


def chunks(
    response: "requests.Response", *, seconds: float | None = None, decoded: bool = True
) -> Iterator[bytes]:
    """Yield the body as it arrives, `decoded` from its Content-Encoding or as it was sent.

    Raises Unreachable if the connection breaks or takes over `seconds`.
    """
    import requests
    import urllib3

    try:
        yield from _available(response, seconds, decoded=decoded)
    # ValueError: http.client on the size of a chunk that is negative.
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise Unreachable(
            f"The connection to {host_of(response.url)} was interrupted ({reason(error)}).",
            hint="Run the command again: it resumes where it stopped.",
        ) from error


def _available(response: "requests.Response", seconds: float | None, *, decoded: bool) -> Iterator[bytes]:
    """Yield what is there at once: whole chunks could delay the deadline forever, and be lost by a fault."""
    end = math.inf if seconds is None else time.monotonic() + seconds
    while chunk := _next_chunk(response, end, decoded=decoded):
        if _chunk_is_negative(response):  # http.client takes all that follows for its content
            raise ValueError("a chunk of the body has a negative size")
        yield chunk
        if time.monotonic() > end:
            raise Unreachable(
                f"{host_of(response.url)} did not complete its answer within {seconds:.0f} s.",
                hint="Try again later.",
            )


def _next_chunk(response: "requests.Response", end: float, *, decoded: bool) -> bytes:
    """Read what is there; b"" at the end. Lines of chunks and blocks of gzip may go on without content."""
    allow = getattr(getattr(response.raw, "_original_response", None), "allow", None)
    if allow is not None:
        allow(end, _LARGEST_READ + _LARGEST_FRAMING)
    chunk: bytes = response.raw.read1(_LARGEST_READ, decode_content=decoded)
    return chunk


def _chunk_is_negative(response: "requests.Response") -> bool:
    left = getattr(getattr(response.raw, "_original_response", None), "chunk_left", None)
    return isinstance(left, int) and left < 0


def redirects(response: "requests.Response") -> bool:
    """Tell whether the answer is a redirect."""
    return HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.BAD_REQUEST


def raise_for_status(response: "requests.Response") -> None:
    """Raise the error for a refused request (4xx, 5xx)."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        raise _status_error(response)


def _status_error(response: "requests.Response") -> FairregError:
    status, host, said = response.status_code, host_of(response.url), _service_message(response)
    wait, what = requested_wait(response), host + urlsplit(response.url).path
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"{what} does not exist.", hint="Check the identifier.")
    if status == HTTPStatus.GONE:
        return Gone(f"{what} was withdrawn{': ' + said if said else ''}.", reason=said)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and wait):
        return rate_limited(host, wait)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AccessDenied(
            f"{host} refused access to {what}.", hint="It may need an access token or the owner's permission."
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(
            f"{host} reports an internal error (HTTP {status}).", hint="Try again later.", answered=True
        )
    return BadAnswer(
        f"{host} rejected the request (HTTP {status}{': ' + said if said else ''}).", status=status
    )


def rate_limited(host: str, wait: float | None) -> RateLimited:
    """Return the error for a host that takes no request for `wait` seconds; None: it does not say so long."""
    asked = f"requires a wait of {wait:.0f} s before the next request" if wait else "had too many requests"
    return RateLimited(
        f"{host} {asked}.", retry_after=_SECONDARY_WAIT if wait is None else wait, hint="Try again later."
    )


# The body of an error can be read only once, but retries, errors and observers need it.
_REFUSALS: "WeakKeyDictionary[requests.Response, bytes]" = WeakKeyDictionary()


def refusal_body(response: "requests.Response") -> bytes:
    """Return the beginning of the body of a refused request, without the token; empty if it is unreadable.

    What comes within some seconds is enough: an error is shown whether its text is complete or not.
    """
    if response not in _REFUSALS:
        body = bytearray()
        with suppress(Unreachable):
            for chunk in chunks(response, seconds=_REFUSAL_SECONDS):
                body += chunk
                if len(body) >= CHUNK:
                    break
        _REFUSALS[response] = without_token(bytes(body[:CHUNK]), response)
    return _REFUSALS[response]


def _service_message(response: "requests.Response") -> str | None:
    """The service's own message: the reason of a tombstone, else the message with its details on fields."""
    try:
        document = json.loads(refusal_body(response) or b"null")
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    from fairreg.email_addresses import without_addresses  # only errors need it

    tombstone = document.get("tombstone")
    note = tombstone.get("note") or tombstone.get("removal_reason") if isinstance(tombstone, dict) else None
    said = note if isinstance(note, str) and note else document.get("message")
    details = " ".join(_details(document.get("errors")))
    text = f"{said}: {details}" if said and details else said
    if not text:
        return None
    public = without_addresses(masked_words(str(text), _authorization(response)))
    return " ".join(public.split())[:300].rstrip(".")


def _details(errors: object) -> Iterator[str]:
    """Yield the fault of each field: GitHub's `message` or `code`, a list of `messages` elsewhere."""
    for item in errors if isinstance(errors, list) else []:
        if isinstance(item, dict):
            said = item.get("message") or item.get("messages") or item.get("code")
            words = said if isinstance(said, list) else [said]
            yield " ".join(str(word) for word in (item.get("field"), *words) if word)


def requested_wait(response: "requests.Response") -> float | None:
    """Return the seconds to wait that a refusal requests; None without a request.

    From Retry-After, else from an exhausted limit that the headers state, else from the text of a 403. On
    other answers Retry-After is ignored (Zenodo sends it with good ones).
    """
    status = response.status_code
    if status not in WITH_RETRY_AFTER and status != HTTPStatus.FORBIDDEN:
        return None
    wait = retry_after(response.headers)
    if wait is not None:
        return wait
    limit = stated_limit(response.headers)
    if limit is not None and not limit.remaining:
        return limit.seconds
    if response.headers.get("X-RateLimit-Remaining", "").strip() == "0":
        return _SECONDARY_WAIT if status == HTTPStatus.FORBIDDEN else None
    limited = status == HTTPStatus.FORBIDDEN and any(
        words in (_service_message(response) or "").lower() for words in _LIMIT_WORDS
    )
    return _SECONDARY_WAIT if limited else None


def reason(error: Exception) -> str:
    """Describe, for people, why a request got no answer."""
    text = str(error)
    for sign, reason in _REASONS.items():
        if sign in text:
            return reason
    return type(error).__name__
