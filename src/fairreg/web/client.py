# SPDX-License-Identifier: MIT
"""The one HTTP client: retries, Retry-After, pacing per host, redirects that stay public, size limits.

Every request of fairreg goes through `HttpClient`. It follows redirects itself, because each hop must be
http(s) and lead to a public address or to a base URL that the user configured, and because a token is sent
only to its own host. Invalid answers of a service become errors of `fairreg.errors`.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from fairreg.errors import (
    BadAnswer,
    Offline,
    Unreachable,
    UnsafeAddress,
)
from fairreg.settings import Service, Settings
from fairreg.source_row import RequestKind
from fairreg.web.http_cache import HttpCache
from fairreg.web.responses import (
    TRANSIENT,
    Response,
    chunks,
    raise_for_status,
    read_bounded,
    reason,
    redirects,
    requested_wait,
    without_token,
)
from fairreg.web.responses import (
    headers as headers_of,
)
from fairreg.web.url_safety import is_private

if TYPE_CHECKING:
    import requests

__all__ = ["AnswerObserver", "HttpClient", "Log", "RateLimiter", "RetryPolicy", "no_log", "no_observer"]

Log = Callable[[str], None]
# Called with each complete answer; the body of a redirect is empty.
AnswerObserver = Callable[[Response], None]
Params = Mapping[str, str | int]
USER_AGENT = "fairreg/0.1 (+https://github.com/fairreg/fairreg)"
MAX_REDIRECTS = 10


def no_log(_line: str) -> None:
    """Discard a message: the default logger."""


def no_observer(_answer: Response) -> None:
    """Ignore an answer: the default observer."""


@dataclass(frozen=True)
class RetryPolicy:
    """Limits of retrying: `retries` after the first attempt, waits of at most `longest_wait` seconds.

    `body_seconds` and `most_bytes` limit the reading of one answer (None: 64 MiB, any download).
    """

    retries: int = 3
    first_wait: float = 0.5
    longest_wait: float = 60.0
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    body_seconds: float | None = None
    most_bytes: int | None = None


class RateLimiter:
    """Next time slot of each service; shared by all clients and threads of one command.

    Each of `processes` processes that send requests at the same time takes its part of the allowed rate.
    """

    def __init__(self, processes: int = 1) -> None:
        self._lock, self._processes = Lock(), processes
        self._next: dict[str, float] = {}

    def reserve(self, name: str, interval: float) -> float:
        """Take the next slot, `interval` seconds after the last one; return the seconds until then."""
        with self._lock:
            now = time.monotonic()
            slot = max(now, self._next.get(name, now))
            self._next[name] = slot + interval * self._processes
        return slot - now


class HttpClient:
    """HTTP client of one command. Use as a context manager; `log` is called before long waits.

    `observe` is called with every document that a service sends, also by harvesters with their own client.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        log: Log = no_log,
        patience: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        session: "requests.Session | None" = None,
        limiter: RateLimiter | None = None,
        kind: RequestKind = "record",
        observe: AnswerObserver = no_observer,
    ) -> None:
        self._kind = kind
        self.observe = observe
        self._settings = settings
        self._log = log
        self._sleep = sleep
        self._policy = patience or RetryPolicy()
        self._session = session
        self._limiter = limiter or RateLimiter()
        self._cache = HttpCache(settings.http_cache)

    def __enter__(self) -> "HttpClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        """Settings of the client: services and offline mode."""
        return self._settings

    @property
    def policy(self) -> RetryPolicy:
        """Retry policy of its requests."""
        return self._policy

    def with_policy(self, policy: RetryPolicy) -> "HttpClient":
        """Return a client with another retry policy over the same connections; closing it closes both."""
        return self._derived(policy=policy)

    def asking(self, kind: RequestKind) -> "HttpClient":
        """Return this client with the pace of `kind` (default: record, and file for downloads)."""
        return self._derived(kind=kind)

    def anonymous(self) -> "HttpClient":
        """Return a client over the same connections that sends no tokens."""
        services = {name: replace(item, token=None) for name, item in self._settings.services.items()}
        settings = replace(self._settings, services=services)
        return self._derived(settings=settings)

    def _derived(
        self,
        *,
        settings: Settings | None = None,
        policy: RetryPolicy | None = None,
        kind: RequestKind | None = None,
    ) -> "HttpClient":
        return HttpClient(
            settings or self._settings,
            log=self._log,
            patience=policy or self._policy,
            sleep=self._sleep,
            session=self._connect(),
            limiter=self._limiter,
            kind=kind or self._kind,
            observe=self.observe,
        )

    def _connect(self) -> "requests.Session":
        import requests

        if self._session is None:
            self._session = requests.Session()
            self._session.headers["User-Agent"] = USER_AGENT
        return self._session

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def address(self, url: str) -> str:
        """Return the address to request for `url`: links to a public service get its configured base URL."""
        parts = _split(url)
        for service in self._settings.services.values():
            hosts = {urlsplit(service.public_url).netloc, *service.aliases}
            if service.configured:
                hosts.update(service.file_hosts)
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
        policy: RetryPolicy | None = None,
        use_cache: bool = False,
    ) -> Response:
        """GET a document of at most 64 MiB, following redirects.

        With `use_cache` an answer with an ETag is cached in the home folder; later requests are conditional,
        and the cached answer is returned if it has not changed (304).
        Raises NotFound, Gone, AccessDenied, RateLimited, Unreachable, BadAnswer or UnsafeAddress.
        """
        sent = {"Accept": accept, **(headers or {})}
        if use_cache:
            return self._get_cached(url, params, sent, policy or self._policy)
        return self._get(url, params, sent, policy or self._policy)

    def _get(
        self, url: str, params: Params | None, headers: Mapping[str, str], policy: RetryPolicy
    ) -> Response:
        with self._open(self._kind, url, params, headers, policy) as response:
            body = read_bounded(response, most=policy.most_bytes, seconds=policy.body_seconds)
            body = without_token(body, response)
            answer = Response(response.url, response.status_code, headers_of(response), body)
        self.observe(answer)
        return answer

    def _get_cached(
        self, url: str, params: Params | None, headers: Mapping[str, str], policy: RetryPolicy
    ) -> Response:
        target = self.address(url)
        # Answers for the owner of a token may differ from those for guests.
        key = (
            target,
            sorted((params or {}).items()),
            sorted({**headers, **self._authorization(target)}.items()),
        )
        cached = self._cache.find(repr(key))
        asked = {**headers, "If-None-Match": cached.headers["etag"]} if cached else headers
        answer = self._get(url, params, asked, policy)
        if cached is not None and answer.status == HTTPStatus.NOT_MODIFIED:
            return cached
        self._cache.store(repr(key), answer)
        return answer

    def location(self, url: str, *, policy: RetryPolicy | None = None) -> str | None:
        """Return the first redirect target of `url` without fetching it; None if it does not redirect."""
        with self._request(self._kind, self.address(url), None, {}, policy or self._policy) as response:
            target = _redirect_target(response)
            if target is None:
                raise_for_status(response)
            self.observe(Response(response.url, response.status_code, headers_of(response), b""))
            return _joined(response.url, target) if target else None

    @contextmanager
    def stream(
        self, url: str, *, headers: Mapping[str, str] | None = None
    ) -> Iterator[tuple[Response, Iterator[bytes]]]:
        """Open a download: its head (empty body) and its chunks. Raises as `get`, also while reading."""
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        with self._open("file", url, None, sent, self._policy) as response:
            head = Response(response.url, response.status_code, headers_of(response), b"")
            yield head, chunks(response, seconds=self._policy.body_seconds)

    @contextmanager
    def _open(
        self,
        kind: RequestKind,
        url: str,
        params: Params | None,
        headers: Mapping[str, str],
        policy: RetryPolicy,
    ) -> Iterator["requests.Response"]:
        target = self.address(url)
        for _ in range(MAX_REDIRECTS):
            with self._request(kind, target, params, headers, policy) as response:
                onward = _redirect_target(response) if redirects(response) else None
                if onward is None:
                    raise_for_status(response)
                    yield response
                    return
            target, params = self.address(_joined(target, onward)), None
        raise BadAnswer(f"{urlsplit(url).netloc} redirects in a loop.", hint="Try again later.")

    @contextmanager
    def _request(
        self,
        kind: RequestKind,
        url: str,
        params: Params | None,
        headers: Mapping[str, str],
        policy: RetryPolicy,
    ) -> Iterator["requests.Response"]:
        """Request one hop, retrying on temporary faults; the caller checks the status of the answer."""
        if self._settings.offline:
            raise Offline(
                f"Offline mode is on, so no request was sent to {urlsplit(url).netloc}.",
                hint="Unset FAIRREG_OFFLINE to allow it.",
            )
        self._check_address(url)
        response = self._attempts(kind, url, params, {**headers, **self._authorization(url)}, policy)
        try:
            yield response
        finally:
            response.close()

    def _attempts(
        self,
        kind: RequestKind,
        url: str,
        params: Params | None,
        headers: Mapping[str, str],
        policy: RetryPolicy,
    ) -> "requests.Response":
        for attempt in range(policy.retries + 1):
            last = attempt == policy.retries
            try:
                response = self._once(kind, url, params, headers, policy)
            except Unreachable:
                if last:
                    raise
                self._wait(url, _backoff(attempt, policy))
                continue
            wait = requested_wait(response)
            if response.status_code not in TRANSIENT and wait is None:
                return response
            if last or (wait is not None and wait > policy.longest_wait):
                return response
            response.close()
            self._wait(url, _backoff(attempt, policy) if wait is None else wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _once(
        self,
        kind: RequestKind,
        url: str,
        params: Params | None,
        headers: Mapping[str, str],
        policy: RetryPolicy,
    ) -> "requests.Response":
        import requests

        self.pace(url, kind)
        try:
            return self._connect().request(
                "GET",
                url,
                params=dict(params) if params else None,
                headers=dict(headers),
                stream=True,
                allow_redirects=False,
                timeout=(policy.connect_timeout, policy.read_timeout),
                auth=_no_netrc,
            )
        except (requests.RequestException, UnicodeError) as error:
            raise Unreachable(
                f"{urlsplit(url).netloc} could not be reached ({reason(error)}).",
                hint="Check the connection and try again; partial downloads are kept.",
            ) from error

    def _service_at(self, url: str) -> Service | None:
        """The service whose base URL is a prefix of `url`; the longest if there are several."""
        own = (item for item in self._settings.services.values() if (url + "/").startswith(item.url + "/"))
        return max(own, key=lambda item: len(item.url), default=None)

    def _authorization(self, url: str) -> dict[str, str]:
        service = self._service_at(url)
        if service is None or service.token is None:
            return {}
        return {"Authorization": f"Bearer {service.token}"}

    def _check_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UnsafeAddress(f"Refused to follow {url!r}: only http and https are supported.")
        configured = {service.netloc for service in self._settings.services.values() if service.configured}
        if parts.netloc.lower() not in configured and is_private(parts.hostname):
            raise UnsafeAddress(
                f"Refused to follow a link to {parts.netloc}: it is a private address.",
                hint="If this is your own mirror, set it as a base URL (for example FAIRREG_ZENODO_URL).",
            )

    def pace(self, url: str, kind: RequestKind | None = None) -> None:
        """Wait for the next slot of the public service at `url`; a configured mirror is not paced.

        Every request of this client waits like this; harvesters with their own client call it first.
        """
        service = self._service_at(url)
        if service is None or service.configured or service.pace is None:
            return
        # A burst of a few requests is within every published limit; only longer runs are slowed down.
        interval = 60 / service.pace.per_minute(kind or self._kind)
        wait = self._limiter.reserve(service.name, interval) - 5 * interval
        if wait > 0:
            self._sleep(wait)

    def _wait(self, url: str, seconds: float) -> None:
        if seconds > 1:
            self._log(f"{urlsplit(url).netloc} is not responding; retrying in {seconds:.0f} s")
        self._sleep(seconds)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise UnsafeAddress(f"Refused to follow {url!r}: it is not a valid address.") from error


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError as error:
        raise UnsafeAddress(
            f"Refused to follow a redirect to {target!r}: it is not a valid address."
        ) from error


def _redirect_target(response: "requests.Response") -> str | None:
    """Return the redirect target of an answer, without a token that the service may have put into it."""
    return headers_of(response).get("location")


def _no_netrc(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
    """Authentication that does nothing, so that requests does not send passwords of a netrc file."""
    return request


def _backoff(attempt: int, policy: RetryPolicy) -> float:
    """Exponential wait in seconds, with jitter so that many clients do not return at the same time."""
    wait: float = policy.first_wait * 2**attempt * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return min(policy.longest_wait, wait)
