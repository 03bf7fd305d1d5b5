# SPDX-License-Identifier: MIT
"""The one HTTP client: retries, Retry-After, pacing per host, redirects that stay public, size limits.

Every request of fairreg goes through `HttpClient`. It follows redirects itself, because each hop must be
http(s) and lead to a public address or to a base URL that the user configured, and because a token is sent
only to its own host. An address is parsed once (`fairreg.addresses`), and this form is judged and requested;
its name is judged where the connection is made (`web.judged_connections`). Invalid answers of a service
become errors of `fairreg.errors`.
"""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from threading import Lock, local
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fairreg import addresses
from fairreg.addresses import Address
from fairreg.errors import BadAnswer, FairregError, Gone, NotFound, Offline, Unreachable
from fairreg.settings import Service, Settings
from fairreg.source_row import RequestKind
from fairreg.sources import source_named
from fairreg.web.http_cache import HttpCache
from fairreg.web.pacing import BURST, RateLimiter, stated_limit
from fairreg.web.responses import (
    TRANSIENT,
    Response,
    chunks,
    host_of,
    raise_for_status,
    rate_limited,
    read_bounded,
    reason,
    redirects,
    refusal_body,
    requested_wait,
    shown_url,
    without_token,
)
from fairreg.web.responses import (
    headers as headers_of,
)

if TYPE_CHECKING:
    import requests

    from fairreg.web.sending import RequestBody, Sending

__all__ = [
    "AnswerObserver",
    "HttpClient",
    "Log",
    "RateLimiter",
    "RetryPolicy",
    "no_log",
    "no_observer",
]

Log = Callable[[str], None]
# Called with each complete answer; the body of a redirect is empty.
AnswerObserver = Callable[[Response], None]
Params = Mapping[str, str | int]
USER_AGENT = "fairreg/0.1 (+https://github.com/fairreg/fairreg)"
MAX_REDIRECTS = 10
DOCUMENT_SECONDS = 300.0
_TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS


def no_log(_line: str) -> None:
    """Discard a message: the default logger."""


def no_observer(_answer: Response) -> None:
    """Ignore an answer: the default observer."""


@dataclass(frozen=True)
class RetryPolicy:
    """Limits of retrying: `retries` after the first attempt, waits of at most `longest_wait` seconds.

    `body_seconds` and `most_bytes` limit the reading of one answer (None: 300 s and 64 MiB for a document,
    any download).
    """

    retries: int = 3
    first_wait: float = 0.5
    longest_wait: float = 60.0
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    body_seconds: float | None = None
    most_bytes: int | None = None


class _Sessions:
    """A session per thread, each with its own open connections: one is not made for several at a time."""

    def __init__(self, make: "Callable[[], requests.Session]") -> None:
        self._make, self._own, self._lock = make, local(), Lock()
        self._all: list[requests.Session] = []

    def of_this_thread(self) -> "requests.Session":
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._make()
            self._own.session = session
            with self._lock:
                self._all.append(session)
        return session

    def close(self) -> None:
        with self._lock:
            closed, self._all, self._own = self._all, [], local()
        for session in closed:
            session.close()


class HttpClient:
    """HTTP client of one command, for any number of threads. Use as a context manager.

    `log` is called before long waits, `observe` with every document that a service sends, also by harvesters
    with their own client.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        log: Log = no_log,
        patience: RetryPolicy | None = None,
        sleep: Callable[[float], None] | None = None,
        sessions: _Sessions | None = None,
        limiter: RateLimiter | None = None,
        kind: RequestKind = "record",
        observe: AnswerObserver = no_observer,
    ) -> None:
        self._kind = kind
        self.observe = observe
        self._settings = settings
        self._log = log
        self._sleep = sleep or time.sleep
        self._policy = patience or RetryPolicy()
        self._sessions = sessions or _Sessions(self._new_session)
        self._limiter = limiter or RateLimiter()
        self._cache = HttpCache(settings.http_cache)
        self._peers = frozenset(addresses.parse(url).origin for url in settings.peers)

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
            sessions=self._sessions,
            limiter=self._limiter,
            kind=kind or self._kind,
            observe=self.observe,
        )

    def _connect(self) -> "requests.Session":
        return self._sessions.of_this_thread()

    def _new_session(self) -> "requests.Session":
        from fairreg.web.judged_connections import JudgedSession

        services = self._settings.services.values()
        own = {addresses.parse(item.url).origin for item in services if item.configured}
        session = JudgedSession(own | self._peers)
        session.headers["User-Agent"] = USER_AGENT
        return session

    def close(self) -> None:
        """Close the connections of all threads."""
        self._sessions.close()

    def address(self, url: str) -> str:
        """Return the address to request for `url`: links to a public service get its configured base URL."""
        asked = addresses.parse(url)
        for service in self._settings.services.values():
            hosts = {addresses.parse(service.public_url).netloc, *service.aliases}
            if service.configured:
                hosts.update(service.file_hosts)
            if asked.netloc in hosts:
                return f"{service.url}{asked.path}{'?' if asked.query else ''}{asked.query}"
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
            seconds = policy.body_seconds or DOCUMENT_SECONDS
            body = read_bounded(response, most=policy.most_bytes, seconds=seconds)
            body = without_token(body, response)
            answer = Response(shown_url(response), response.status_code, headers_of(response), body)
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
            target = _onward(response)
            if target is None:
                self._raise_if_refused(response, self._kind)
            self.observe(Response(shown_url(response), response.status_code, headers_of(response), b""))
            return addresses.joined(str(response.url), target) if target else None

    @contextmanager
    def stream(
        self, url: str, *, headers: Mapping[str, str] | None = None
    ) -> Iterator[tuple[Response, Iterator[bytes]]]:
        """Open a download: its head (empty body) and its chunks as sent. Raises as `get`, also while reading.

        A Content-Encoding is not undone, because it was not asked for: servers label packed files with it.
        """
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        with self._open("file", url, None, sent, self._policy) as response:
            head = Response(shown_url(response), response.status_code, headers_of(response), b"")
            yield head, chunks(response, seconds=self._policy.body_seconds, decoded=False)

    def send(
        self,
        method: str,
        url: str,
        *,
        body: "RequestBody | None" = None,
        accept: str = "application/json",
        kind: RequestKind | None = None,
        policy: RetryPolicy | None = None,
        handled: Collection[int] = (),
    ) -> Response:
        """Send a request that changes something at a service, and return its answer.

        Answers with a status in `handled` are returned like good ones, with the first 64 KiB of their body;
        others raise as those to `get` do. Redirects are not followed: what was to be sent to one address is
        not sent to another one (BadAnswer). POST is not repeated where it may have been carried out.
        """
        from fairreg.web.sending import Sending  # most commands only ask

        policy, kind = policy or self._policy, kind or self._kind
        headers = {"Accept": accept, **({"Content-Type": body.media_type} if body else {})}
        sending = Sending(method, body, repeatable=method != "POST")
        with self._request(kind, self.address(url), None, headers, policy, sending=sending) as response:
            if redirects(response):
                raise BadAnswer(
                    f"{host_of(url)} redirects a request that changes something, which was not followed.",
                    hint="Check the base URL of the service.",
                    status=response.status_code,
                )
            if response.status_code not in handled:
                self._raise_if_refused(response, kind)
            refused = response.status_code >= HTTPStatus.BAD_REQUEST
            seconds = policy.body_seconds or DOCUMENT_SECONDS
            read = refusal_body(response) if refused else read_bounded(response, seconds=seconds)
            found = without_token(read, response)
            answer = Response(shown_url(response), response.status_code, headers_of(response), found)
        self.observe(answer)
        return answer

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
                onward = _onward(response, conditional="If-None-Match" in headers)
                if onward is None:
                    self._raise_if_refused(response, kind)
                    yield response
                    return
                onward = addresses.joined(str(response.url), onward)
            self._refuse_departure(target, onward)
            target, params = self.address(onward), None
        raise BadAnswer(f"{host_of(url)} redirects in a loop.", hint="Try again later.")

    def _refuse_departure(self, asked: str, onward: str) -> None:
        """Raise BadAnswer where another registry sends this client on to another origin."""
        origin = addresses.parse(asked).origin
        if origin in self._peers and addresses.parse(onward).origin != origin:
            raise BadAnswer(
                f"{host_of(asked)} redirects to {host_of(onward)}, which was not followed.",
                hint="If that is the same registry, give its address there.",
            )

    def _raise_if_refused(self, response: "requests.Response", kind: RequestKind) -> None:
        """Raise the error of a refused request, which the observer sees before."""
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            body, headers = refusal_body(response), headers_of(response)
            self.observe(Response(shown_url(response), response.status_code, headers, body))
        try:
            raise_for_status(response)
        except NotFound as error:
            if kind != "search" or isinstance(error, Gone):
                raise
            # A search names no identifier that could be wrong.
            raise NotFound(error.message, hint=self._hint_on_address(str(response.url))) from None

    def _hint_on_address(self, url: str) -> str:
        """Say what to check where a service has nothing at the address of its own search."""
        if addresses.parse(url).origin in self._peers:
            return "Give the address that `fairreg serve` prints, without what follows it."
        service = self._service_at(url)
        if service is None or not service.configured:
            return "Try again later; the service may have moved its search."
        variable = source_named(service.name).url_variable
        return f"Requests for {service.title} go to {service.url}; check {variable}."

    @contextmanager
    def _request(
        self,
        kind: RequestKind,
        url: str,
        params: Params | None,
        headers: Mapping[str, str],
        policy: RetryPolicy,
        *,
        sending: "Sending | None" = None,
    ) -> Iterator["requests.Response"]:
        """Request one hop, retrying on temporary faults; the caller checks the status of the answer."""
        asked = addresses.parse(url)
        if params:
            asked = asked._replace(query="&".join(filter(None, (asked.query, urlencode(params)))))
        if self._settings.offline:
            raise Offline(
                f"Offline mode is on, so no request was sent to {asked.netloc}.",
                hint=self._settings.online_hint,
            )
        sent = {**headers, **self._authorization(asked.url)}
        response = self._attempts(kind, asked, sent, policy, sending)
        try:
            yield response
        finally:
            response.close()

    def _attempts(
        self,
        kind: RequestKind,
        asked: Address,
        headers: Mapping[str, str],
        policy: RetryPolicy,
        sending: "Sending | None",
    ) -> "requests.Response":
        repeatable = sending is None or sending.repeatable
        for attempt in range(policy.retries + 1):
            last = attempt == policy.retries
            if not attempt:  # a repetition has waited as long as was required
                self.pace(asked.url, kind)
            try:
                response = self._once(asked, headers, policy, sending)
            except Unreachable:
                if last or not repeatable:
                    raise
                self.rest(asked.url, attempt, None, policy)
                continue
            wait = requested_wait(response)
            self._note_limits(asked.url, kind, response, wait)
            if response.status_code not in TRANSIENT and wait is None:
                return response
            if not repeatable and wait is None and response.status_code != _TOO_MANY:
                return response
            if last or (wait is not None and wait > policy.longest_wait):
                return response
            response.close()
            self.rest(asked.url, attempt, wait, policy)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _note_limits(
        self, url: str, kind: RequestKind, response: "requests.Response", wait: float | None
    ) -> None:
        """Keep the limits that an answer states, for the next requests of all threads."""
        if wait is not None:
            self.hold(url, wait)
        elif (limit := stated_limit(response.headers)) is not None:
            self._limiter.note(self._pace_name(url), kind, limit)

    def _once(
        self, asked: Address, headers: Mapping[str, str], policy: RetryPolicy, sending: "Sending | None"
    ) -> "requests.Response":
        with ExitStack() as opened:
            body, method = (sending.body, sending.method) if sending is not None else (None, "GET")
            data = None if body is None else opened.enter_context(body.opened())
            return self._exchange(asked, headers, policy, method, data)

    def _exchange(
        self, asked: Address, headers: Mapping[str, str], policy: RetryPolicy, method: str, data: Any
    ) -> "requests.Response":
        import requests
        from urllib3.exceptions import HTTPError

        session = self._connect()
        try:
            request = session.prepare_request(
                requests.Request(method, asked.url, headers=dict(headers), data=data, auth=_no_netrc)
            )
            request.url = asked.url  # requests rewrites escapes, and what was checked is what is sent
            around = session.merge_environment_settings(
                asked.url, proxies={}, stream=True, verify=None, cert=None
            )
            timeout = (policy.connect_timeout, policy.read_timeout)
            return session.send(request, timeout=timeout, allow_redirects=False, **around)
        # HTTPError: what requests does not translate, as the address of a proxy that urllib3 cannot read.
        except (requests.RequestException, HTTPError, UnicodeError) as error:
            kept = "; partial downloads are kept" if method == "GET" else ""
            raise Unreachable(
                f"{asked.netloc} could not be reached ({reason(error)}).",
                hint=f"Check the connection and try again{kept}.",
            ) from error
        except OSError as error:
            # requests looks for the files of REQUESTS_CA_BUNDLE before it connects.
            raise FairregError(
                f"The certificates to check {asked.netloc} with could not be read: {error}.",
                hint="Set REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) to a file of certificates, or unset it.",
            ) from error

    def _service_at(self, url: str) -> Service | None:
        """The service whose base URL is a prefix of `url`; the longest if there are several."""
        asked, services = addresses.parse(url), self._settings.services.values()
        own = (item for item in services if asked.begins_with(addresses.parse(item.url)))
        return max(own, key=lambda item: len(item.url), default=None)

    def _authorization(self, url: str) -> dict[str, str]:
        service = self._service_at(url)
        value = service.authorization if service is not None else None
        return {"Authorization": value} if value is not None else {}

    def pace(self, url: str, kind: RequestKind | None = None) -> None:
        """Wait for the next slot of the public service at `url`; a configured mirror is not paced.

        A host that stated that nothing remains of its limit, or required a wait, gets no request before, a
        mirror included. Raises RateLimited where that is longer than the policy allows. Every request of this
        client waits like this; harvesters with their own client call it first.
        """
        held = self._limiter.held(self._pace_name(url))
        if held > self._policy.longest_wait:
            raise rate_limited(addresses.parse(url).netloc, held)
        wait = max(self._wait_for_slot(self._service_at(url), kind or self._kind), held)
        if held > 1 and wait == held:
            self._log(f"{addresses.parse(url).netloc} takes no more requests for {held:.0f} s; waiting")
        if wait > 0:
            self._sleep(wait)

    def hold(self, url: str, seconds: float) -> None:
        """Send no request to the service at `url` for `seconds`, which a refusal required."""
        self._limiter.hold(self._pace_name(url), seconds)

    def rest(self, url: str, attempt: int, required: float | None, policy: RetryPolicy) -> None:
        """Wait before the repetition of a request, as long as `required` or, without that, ever longer."""
        wait = _backoff(attempt, policy) if required is None else required
        if wait > 1:
            self._log(f"{addresses.parse(url).netloc} is not responding; retrying in {wait:.0f} s")
        self._sleep(wait)

    def _wait_for_slot(self, service: Service | None, kind: RequestKind) -> float:
        if service is None or service.configured or service.allowed_pace is None:
            return 0.0
        published = 60 / service.allowed_pace.per_minute(kind)
        interval = self._limiter.interval(service.name, kind, published)
        return self._limiter.reserve(service.name, interval) - BURST * interval

    def _pace_name(self, url: str) -> str:
        service = self._service_at(url)
        return service.name if service is not None else addresses.parse(url).netloc


def _onward(response: "requests.Response", *, conditional: bool = False) -> str | None:
    """Return the target of a redirect; None for another answer, as 304 to a `conditional` request.

    Raises BadAnswer for a redirect to nowhere: its body is not what was asked for.
    """
    if not redirects(response) or (conditional and response.status_code == HTTPStatus.NOT_MODIFIED):
        return None
    target = _redirect_target(response)
    if target is None:
        host, status = host_of(response.url), response.status_code
        raise BadAnswer(
            f"{host} answered with a redirect that leads nowhere (HTTP {status}).",
            hint="Try again later.",
            status=status,
        )
    return target


def _redirect_target(response: "requests.Response") -> str | None:
    """Return the redirect target of an answer, without a token that the service may have put into it."""
    target = headers_of(response).get("location")
    try:  # headers are read as Latin-1, and many servers send UTF-8
        return target.encode("latin-1").decode("utf-8") if target else target
    except UnicodeError:
        return target


def _no_netrc(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
    """Authentication that does nothing, so that requests does not send passwords of a netrc file."""
    return request


def _backoff(attempt: int, policy: RetryPolicy) -> float:
    """Exponential wait in seconds, with jitter so that many clients do not return at the same time."""
    wait: float = policy.first_wait * 2**attempt * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return min(policy.longest_wait, wait)
