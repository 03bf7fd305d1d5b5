# SPDX-License-Identifier: MIT
"""The one HTTP client: retries, Retry-After, pacing per host, redirects that stay public, size limits.

Every request of fairreg goes through `Web`. It follows redirects itself, because each hop must be http(s)
and lead to a public address or to a base URL that the user configured, and because a token goes only to
the host that it belongs to. What a service answers wrongly becomes an error of `fairreg.errors`.
"""

import ipaddress
import json
import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    FairregError,
    Gone,
    NotFound,
    Offline,
    RateLimited,
    Unreachable,
    UnsafeAddress,
)
from fairreg.settings import Service, Settings

if TYPE_CHECKING:
    import requests

__all__ = ["Answer", "Patience", "Web"]

Params = Mapping[str, str | int]
USER_AGENT = "fairreg/0.1 (+https://github.com/fairreg/fairreg)"
MAX_DOCUMENT_BYTES = 64 * 2**20
MAX_REDIRECTS = 10
CHUNK = 64 * 1024
# Requests a minute that each service allows a guest (Zenodo: developers.zenodo.org, search limit).
PACE_PER_MINUTE: Mapping[str, int] = {
    "zenodo": 30,
    "datacite": 120,
    "doi": 120,
    "huggingface": 90,
    "github": 30,
}


@dataclass(frozen=True)
class Patience:
    """How long to try: `retries` after the first attempt, waits of at most `longest_wait` seconds."""

    retries: int = 3
    first_wait: float = 0.5
    longest_wait: float = 60.0
    connect_timeout: float = 10.0
    read_timeout: float = 30.0


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
            what = (
                "HTML instead of JSON" if self.body.lstrip()[:1] == b"<" else "JSON that is broken or cut off"
            )
            raise BadAnswer(
                f"{host} answered with {what}.",
                hint="The service may be down for maintenance, or a login page stands between. Try again later.",
            ) from error


class Web:
    """HTTP for one command. Use as a context manager; `talk` gets a line when a wait is long."""

    def __init__(
        self,
        settings: Settings,
        *,
        talk: Callable[[str], None] = lambda _line: None,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._talk = talk
        self._sleep = sleep
        self._patience = patience or Patience()
        self._session: requests.Session | None = None
        self._next_slot: dict[str, float] = {}

    def __enter__(self) -> "Web":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def address(self, url: str) -> str:
        """Where a request for `url` really goes: a link to a public service follows its configured base URL."""
        parts = urlsplit(url)
        for service in self._settings.services.values():
            hosts = {urlsplit(service.public_url).netloc, *service.aliases}
            if parts.netloc.lower() in hosts:
                base = urlsplit(service.url)
                return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))
        return url

    def get(
        self,
        url: str,
        *,
        params: Params | None = None,
        accept: str = "application/json",
        headers: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> Answer:
        """GET a document of at most 64 MiB, following redirects.

        Raises NotFound, Gone, AccessDenied, RateLimited, Unreachable, BadAnswer or UnsafeAddress.
        """
        sent = {"Accept": accept, **(headers or {})}
        with self._open("GET", url, params, sent, patience or self._patience) as response:
            body = _read_bounded(response)
            return Answer(response.url, response.status_code, _headers(response), body)

    def location(self, url: str, *, patience: Patience | None = None) -> str | None:
        """Where `url` redirects to in one step, unfetched; None when it does not redirect."""
        with self._request("GET", self.address(url), None, {}, patience or self._patience) as response:
            target = response.headers.get("Location")
            if target is None:
                _raise_for_status(response)
            return urljoin(response.url, target) if target else None

    @contextmanager
    def stream(
        self, url: str, *, headers: Mapping[str, str] | None = None
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """Open a download: its head (empty body) and its chunks. Raises as `get`; so does reading a chunk."""
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        with self._open("GET", url, None, sent, self._patience) as response:
            head = Answer(response.url, response.status_code, _headers(response), b"")
            yield head, _chunks(response)

    @contextmanager
    def _open(
        self, method: str, url: str, params: Params | None, headers: Mapping[str, str], patience: Patience
    ) -> Iterator["requests.Response"]:
        target = self.address(url)
        for _ in range(MAX_REDIRECTS):
            with self._request(method, target, params, headers, patience) as response:
                onward = response.headers.get("Location") if _redirects(response) else None
                if onward is None:
                    _raise_for_status(response)
                    yield response
                    return
            target, params = self.address(urljoin(target, onward)), None
        raise BadAnswer(f"{urlsplit(url).netloc} redirects in circles.", hint="Try again later.")

    @contextmanager
    def _request(
        self, method: str, url: str, params: Params | None, headers: Mapping[str, str], patience: Patience
    ) -> Iterator["requests.Response"]:
        """One hop, tried again on faults that pass; the caller judges the status of what is left."""
        if self._settings.offline:
            raise Offline(
                f"Offline mode is on, so {urlsplit(url).netloc} was not asked.",
                hint="Unset FAIRREG_OFFLINE to allow it.",
            )
        self._check_address(url)
        response = self._attempts(method, url, params, {**headers, **self._authorization(url)}, patience)
        try:
            yield response
        finally:
            response.close()

    def _attempts(
        self, method: str, url: str, params: Params | None, headers: Mapping[str, str], patience: Patience
    ) -> "requests.Response":
        for attempt in range(patience.retries + 1):
            last = attempt == patience.retries
            try:
                response = self._once(method, url, params, headers, patience)
            except Unreachable:
                if last:
                    raise
                self._wait(url, _backoff(attempt, patience))
                continue
            if response.status_code not in _PASSING:
                return response
            # Zenodo sends Retry-After on good answers too: it counts only with these two.
            wait = _retry_after(response) if response.status_code in _SAYS_WHEN else None
            if last or (wait is not None and wait > patience.longest_wait):
                return response
            response.close()
            self._wait(url, _backoff(attempt, patience) if wait is None else wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _once(
        self, method: str, url: str, params: Params | None, headers: Mapping[str, str], patience: Patience
    ) -> "requests.Response":
        import requests

        self._pace(url)
        if self._session is None:
            self._session = requests.Session()
            self._session.trust_env = True
            self._session.headers["User-Agent"] = USER_AGENT
        try:
            return self._session.request(
                method,
                url,
                params=dict(params) if params else None,
                headers=dict(headers),
                stream=True,
                allow_redirects=False,
                timeout=(patience.connect_timeout, patience.read_timeout),
                auth=_no_netrc,
            )
        except (requests.RequestException, UnicodeError) as error:
            raise Unreachable(
                f"{urlsplit(url).netloc} could not be reached ({_reason(error)}).",
                hint="Check the connection and try again; what was downloaded so far is kept.",
            ) from error

    def _service_at(self, url: str) -> Service | None:
        netloc = urlsplit(url).netloc.lower()
        return next(
            (service for service in self._settings.services.values() if service.netloc == netloc), None
        )

    def _authorization(self, url: str) -> dict[str, str]:
        service = self._service_at(url)
        if service is None or service.token is None or not url.startswith(service.url):
            return {}
        return {"Authorization": f"Bearer {service.token}"}

    def _check_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UnsafeAddress(f"Refused to follow {url!r}: only http and https addresses are fetched.")
        configured = {service.netloc for service in self._settings.services.values() if service.configured}
        if parts.netloc.lower() not in configured and _is_private(parts.hostname):
            raise UnsafeAddress(
                f"Refused to follow a link to {parts.netloc}: it is a private address.",
                hint="If this is your own mirror, make it a base URL (for example FAIRREG_ZENODO_URL).",
            )

    def _pace(self, url: str) -> None:
        """Keep to the published rate of the public service; a configured mirror is not paced."""
        service = self._service_at(url)
        if service is None or service.configured or service.name not in PACE_PER_MINUTE:
            return
        now = time.monotonic()
        slot = max(now, self._next_slot.get(service.name, now))
        # A burst of a few requests is within every published limit; only a long run is slowed down.
        interval = 60 / PACE_PER_MINUTE[service.name]
        self._next_slot[service.name] = slot + interval
        if slot - now > 5 * interval:
            self._sleep(slot - now - 5 * interval)

    def _wait(self, url: str, seconds: float) -> None:
        if seconds > 1:
            self._talk(f"{urlsplit(url).netloc} asks to wait; trying again in {seconds:.0f} s")
        self._sleep(seconds)


def _no_netrc(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
    """Stands in for authentication, so that requests does not send passwords of a netrc file."""
    return request


def _is_private(host: str) -> bool:
    """Whether `host` is, or resolves to, an address that is not public. An unknown host is left to fail."""
    try:
        found = [ipaddress.ip_address(host)]
    except ValueError:
        try:
            found = [ipaddress.ip_address(item[4][0]) for item in socket.getaddrinfo(host, None)]
        except (OSError, UnicodeError):
            return host == "localhost" or host.endswith(".localhost")
    return any(not address.is_global for address in found)


def _headers(response: "requests.Response") -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _read_bounded(response: "requests.Response") -> bytes:
    body = bytearray()
    for chunk in _chunks(response):
        body += chunk
        if len(body) > MAX_DOCUMENT_BYTES:
            raise BadAnswer(f"{urlsplit(response.url).netloc} sent a document of more than 64 MiB.")
    return bytes(body)


def _chunks(response: "requests.Response") -> Iterator[bytes]:
    import requests

    try:
        yield from response.iter_content(CHUNK)
    except (requests.RequestException, OSError) as error:
        raise Unreachable(
            f"The connection to {urlsplit(response.url).netloc} broke off in the middle ({_reason(error)}).",
            hint="Run the command again: it resumes where it stopped.",
        ) from error


def _redirects(response: "requests.Response") -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.BAD_REQUEST


def _raise_for_status(response: "requests.Response") -> None:
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
        wait = _retry_after(response) or 60.0
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
    return BadAnswer(f"{host} rejected the request (HTTP {status}{': ' + said if said else ''}).")


def _said(response: "requests.Response") -> str | None:
    """What the body of an error says in the words of the service: a tombstone's reason, else its message."""
    import requests

    try:
        document = json.loads(response.raw.read(CHUNK, decode_content=True) or b"null")
    except (ValueError, requests.RequestException, OSError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    tombstone = document.get("tombstone")
    note = tombstone.get("note") or tombstone.get("removal_reason") if isinstance(tombstone, dict) else None
    said = note if isinstance(note, str) and note else document.get("message")
    return " ".join(str(said).split())[:300].rstrip(".") if said else None


def _retry_after(response: "requests.Response") -> float | None:
    """Seconds that Retry-After asks for, as a number or as an HTTP date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _backoff(attempt: int, patience: Patience) -> float:
    """Exponential, with jitter so that many clients do not come back together."""
    wait: float = patience.first_wait * 2**attempt * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return min(patience.longest_wait, wait)


def _reason(error: Exception) -> str:
    text = str(error)
    for sign, reason in _REASONS.items():
        if sign in text:
            return reason
    return type(error).__name__


_PASSING = frozenset({429, 500, 502, 503, 504})
_SAYS_WHEN = frozenset({429, 503})
_REASONS = {
    "NameResolution": "its name could not be resolved",
    "Name or service not known": "its name could not be resolved",
    "Connection refused": "connection refused",
    "timed out": "timed out",
    "CERTIFICATE": "its certificate is not valid",
    "IncompleteRead": "the answer was cut off",
    "Connection reset": "connection reset",
}
