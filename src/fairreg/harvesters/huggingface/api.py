# SPDX-License-Identifier: MIT
"""The Hub's HTTP API through huggingface_hub's own session.

Requests go through its retries of broken connections (`http_stream_backoff`) and its errors
(`hf_raise_for_status`). Refusals that pass are repeated here: huggingface_hub sleeps without limit as long as
the Hub says, and reads the body of a refusal without limit. `HfApi.list_models` and `HfApi.model_info`
themselves are not used: they hide the Link cursor that a harvest resumes at, and turn the JSON that the
registry keeps into objects.
Address, token and headers are passed with each request, so that nothing comes from the variables that
huggingface_hub reads; its telemetry is never called. Only the Hub's base URL is requested, which no answer
can change.
"""

import logging
import re
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from fairreg.addresses import joined, parse
from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    FairregError,
    NotFound,
    Offline,
    RateLimited,
    Unreachable,
    UnsafeAddress,
)
from fairreg.harvesters.base import Payload
from fairreg.harvesters.huggingface.cursor import Cursor, next_cursor
from fairreg.harvesters.huggingface.evaluations import RESULT_FILES
from fairreg.harvesters.huggingface.mapping import repository_of
from fairreg.harvesters.huggingface.query import HubQuery
from fairreg.schemas.file_address import quoted_part, quoted_path
from fairreg.schemas.json_reader import JsonNode
from fairreg.source_row import RequestKind
from fairreg.sources import HUGGING_FACE
from fairreg.web import HttpClient, Response, RetryPolicy
from fairreg.web.listings import payload_of
from fairreg.web.pacing import retry_after, stated_limit
from fairreg.web.responses import TRANSIENT, WITH_RETRY_AFTER, masked, masked_header, masked_words, reason

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

__all__ = ["Hub"]

Params = list[tuple[str, str]]
MAX_BYTES = 64 * 2**20
MAX_CARD_BYTES = 2 * 2**20
MAX_RESULT_BYTES = 64 * 2**10
MOST_RESULT_FILES = 20
MAX_REDIRECTS = 5
USER_AGENT = "fairreg/0.1 (+https://github.com/fairreg/fairreg)"
# Properties that records use; without downloads and likes, which change hourly while the model does not.
EXPAND = (
    "author", "cardData", "config", "createdAt", "disabled", "evalResults", "gated", "gguf", "lastModified",
    "library_name", "model-index", "pipeline_tag", "private", "safetensors", "sha", "siblings", "tags",
)  # fmt: skip


# A refusal is read so far, and no longer.
_REFUSAL_BYTES = 64 * 1024
_REFUSAL_SECONDS = 10.0
# One compression expands a chunk of 64 kB to 66 MB at most (zlib's ratio is 1 to 1032); two have no limit.
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
# Addresses of its API, and of a file at a revision; the base URL may have a path of its own.
_ASKED = re.compile(r"(?:^|/)api/(model|dataset|space)s(?:/(.+?)(?:/(?:revision|tree|resolve)/.*)?)?$")
_FILE = re.compile(r"([^/]+/[^/]+)/(?:resolve|raw)/[^/]+/(.+)$")
_UNSTATED_WAIT = 300.0  # the window of the Hub's limits, in seconds


class _Refusal(NamedTuple):
    """A refused request: its error, its answer without the body, and the seconds to wait that it stated."""

    error: FairregError
    answer: Response
    wait: float | None


@dataclass
class Hub:
    """The Hub's API through the session of huggingface_hub. Raises the errors of fairreg."""

    web: HttpClient  # for the pace and the waits of all requests to the Hub
    policy: RetryPolicy
    _seen: set[str] = field(default_factory=set, init=False, repr=False)  # cursors of the list

    def page(self, query: str, cursor: Cursor, size: int) -> tuple[list[Payload], Cursor | None]:
        """Return the infos of one page and the position of the next."""
        params: Params = [("sort", cursor.order), ("direction", "-1"), ("limit", str(size))]
        params += [("expand", name) for name in EXPAND]
        params += HubQuery.of(query).params
        params += [("cursor", cursor.value)] if cursor.value else []
        answer = self.get("api/models", params, kind="search")
        infos = answer.listing()
        if not isinstance(infos, list):
            raise BadAnswer("The Hub did not answer with a list of models.", hint="Try again later.")
        onward = next_cursor(answer.headers.get("link", ""))
        self._seen.add(cursor.value)
        if onward and onward in self._seen:
            raise BadAnswer("The Hub keeps repeating the same page.", hint="Try again later.")
        found = [payload_of(info) for info in infos]
        return found, Cursor(cursor.order, onward) if onward and infos else None

    def card(self, info: Payload, *, dataset: bool) -> str | None:
        """Return the text of the README; None where there is none or the Hub does not give it."""
        return self._text(info, "README.md", MAX_CARD_BYTES, dataset=dataset)

    def results(self, info: Payload) -> dict[str, str]:
        """Return the texts of a model's files of results that can be read, by their names."""
        names = (item["rfilename"].text or "" for item in JsonNode(info)["siblings"].items())
        files = (name for name in names if name.startswith(RESULT_FILES) and name.endswith((".yaml", ".yml")))
        chosen = sorted(dict.fromkeys(files))[:MOST_RESULT_FILES]
        texts = ((name, self._text(info, name, MAX_RESULT_BYTES, dataset=False)) for name in chosen)
        return {name: text for name, text in texts if text}

    def _text(self, info: Payload, file: str, limit: int, *, dataset: bool) -> str | None:
        node = JsonNode(info)
        name, revision = repository_of(node), node["sha"].text or "main"
        if name is None or all(item["rfilename"].text != file for item in node["siblings"].items()):
            return None
        folder = f"datasets/{name}" if dataset else name
        try:
            answer = self.get(
                f"{quoted_path(folder)}/resolve/{quoted_part(revision)}/{quoted_path(file)}",
                limit=limit,
                kind="file",
            )
        except (NotFound, AccessDenied, UnsafeAddress, BadAnswer):
            return None  # one repository must not stop a list
        from fairreg.formats.model_card import decoded  # not needed to list the sources

        return decoded(answer.body)

    def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        limit: int = MAX_BYTES,
        kind: RequestKind = "record",
    ) -> Response:
        """GET `path`, following redirects within the Hub; BadAnswer beyond `limit` bytes."""
        url = f"{self.web.settings.service('huggingface').url}/{path}"
        for _ in range(MAX_REDIRECTS):
            self.web.pace(url, kind)
            answer = self._once(url, params, limit)
            onward = answer.headers.get("location")
            if onward is None or answer.status < HTTPStatus.MULTIPLE_CHOICES:
                self.web.observe(answer)
                return answer
            url, params = self._within(url, onward), None
        raise BadAnswer("The Hub redirects in circles.", hint="Try again later.")

    def _once(self, url: str, params: Params | None, limit: int) -> Response:
        """Return the answer to one request, repeated while the Hub refuses it for the moment."""
        for attempt in range(self.policy.retries + 1):
            answer = self._sent(url, params, limit)
            if not isinstance(answer, _Refusal):
                return answer
            if answer.wait is not None:
                self.web.hold(url, answer.wait)
            too_long = answer.wait is not None and answer.wait > self.policy.longest_wait
            if attempt == self.policy.retries or answer.answer.status not in TRANSIENT or too_long:
                self.web.observe(answer.answer)
                raise answer.error
            self.web.rest(url, attempt, answer.wait, self.policy)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _sent(self, url: str, params: Params | None, limit: int) -> Response | _Refusal:
        if self.web.settings.offline:
            raise Offline(
                "Offline mode is on, so no request was sent to the Hub.",
                hint=self.web.settings.online_hint,
            )
        from huggingface_hub.errors import OfflineModeIsEnabled
        from huggingface_hub.utils import http_stream_backoff  # type: ignore[attr-defined] # lazy export

        policy = self.policy
        # It logs each attempt with all its parameters; the final failure is reported by our own error.
        logging.getLogger("huggingface_hub.utils._http").setLevel(logging.ERROR)

        try:
            with http_stream_backoff(
                "GET",
                f"{url}?{urlencode(params)}" if params else url,
                headers=self._headers(),
                timeout=policy.read_timeout,
                follow_redirects=False,
                max_retries=policy.retries,
                base_wait_time=policy.first_wait,
                retry_on_status_codes=(),
            ) as response:
                if response.status_code >= HTTPStatus.BAD_REQUEST:
                    return _refusal(response, url)
                return _answer(response, url, limit)
        except OfflineModeIsEnabled as error:
            raise Offline(
                "HF_HUB_OFFLINE is set: no request was sent to the Hub.", hint="Unset it."
            ) from error
        except _transport_error() as error:
            raise _fault(error, url) from error
        except OSError as error:
            raise FairregError(
                f"The certificates to check the Hub with could not be read: {error}.",
                hint="Set SSL_CERT_FILE to a file of certificates, or unset it.",
            ) from error
        except (AttributeError, TypeError, ValueError) as error:
            # hf_raise_for_status expects an object as the body of a refusal.
            raise BadAnswer(
                "The Hub refused the request in an unknown format.", hint="Try again later."
            ) from error

    def _headers(self) -> dict[str, str]:
        authorization = self.web.settings.service("huggingface").authorization
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json, text/plain, */*"}
        return {**headers, "Authorization": authorization} if authorization else headers

    def _within(self, url: str, onward: str) -> str:
        """Return the redirect target of `url` if it is at the Hub: a token goes nowhere else."""
        service = self.web.settings.service("huggingface")
        target = joined(url, onward)
        for root in (service.public_url + "/", urljoin(service.url, "/")):
            # A mirror below a path passes on redirects that the Hub gives from its root.
            if target.startswith(root) and not target.startswith(service.url + "/"):
                target = f"{service.url}/{target.removeprefix(root)}"
        address = parse(target)
        if not address.begins_with(parse(service.url)):
            raise UnsafeAddress(f"Refused to follow the Hub to {address.netloc}.")
        return address.url


def _transport_error() -> Any:
    """Return httpx.HTTPError; huggingface_hub 2 takes it from httpx2, so it is looked up where it is used."""
    from huggingface_hub.errors import HfHubHTTPError

    return HfHubHTTPError.__bases__[0]


def _answer(response: Any, url: str, limit: int) -> Response:
    """Return the complete answer. Errors are translated here: the retries outside would fail on them."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise BadAnswer(
            f"The Hub sent a document in the encoding {encoding[:60]!r}.", hint="Try again later."
        )
    try:
        body = _bounded(response.iter_bytes(), limit)
    except _transport_error() as error:
        raise _fault(error, url) from error
    return Response(url, response.status_code, _headers_of(response), masked(body, _authorization(response)))


def _refusal(response: Any, url: str) -> _Refusal:
    """Return the error that huggingface_hub tells from a refusal, which it would read without limit."""
    from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined] # lazy export

    status, known = response.status_code, ("x-error-code", "x-error-message", "content-type")
    kept = {name: response.headers[name] for name in known if name in response.headers}
    content = _refusal_content(response)
    short = type(response)(status, headers=kept, content=content, request=response.request)
    wait = None
    if status in WITH_RETRY_AFTER:
        wait, stated = retry_after(response.headers), stated_limit(response.headers)
        if stated is not None and not stated.remaining:
            wait = max(wait or 0.0, stated.seconds)
    try:
        hf_raise_for_status(short)
    except _transport_error() as error:
        answer = Response(url, status, _headers_of(response), b"")
        return _Refusal(_fault(error, url, wait), answer, wait)
    raise AssertionError("unreachable: every status of a refusal raises")


def _refusal_content(response: Any) -> bytes:
    """Return the beginning of the body of a refusal, empty if it is in an unknown encoding."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    end, raw = time.monotonic() + _REFUSAL_SECONDS, bytearray()
    try:
        for chunk in response.iter_raw():
            raw += chunk
            if len(raw) >= _REFUSAL_BYTES or time.monotonic() > end:
                break
    except _transport_error():
        pass  # what has arrived says enough
    if encoding in {"", "identity"}:
        return bytes(raw[:_REFUSAL_BYTES])
    try:
        # 32 more than the window: gzip and zlib are told apart by their heads.
        decoder = zlib.decompressobj(zlib.MAX_WBITS + 32)
        return decoder.decompress(bytes(raw), _REFUSAL_BYTES) if encoding in _ENCODINGS else b""
    except zlib.error:
        return b""


def _headers_of(response: Any) -> dict[str, str]:
    """Return the headers by names in small letters, without the access token."""
    sent = _authorization(response)
    return {name.lower(): masked_header(value, sent) for name, value in response.headers.items()}


def _authorization(response: Any) -> str:
    """Return the credentials that were sent, "" where there were none."""
    sent: str = response.request.headers.get("authorization", "")
    return sent


def _fault(error: Exception, url: str, wait: float | None = None) -> FairregError:
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        return _translated(error, _named(url), wait)
    return Unreachable(
        f"The Hub at {urlsplit(url).netloc} could not be reached ({reason(error)}).",
        hint="Check the connection and try again.",
    )


def _named(url: str) -> str:
    """Name in words what an address of the Hub's API or of a file stands for."""
    path = unquote(urlsplit(url).path).strip("/")
    asked, file = _ASKED.search(path), _FILE.search(path)
    if asked is None:
        return f"file {file[2]} in {file[1]}" if file else path
    kind, name = asked.groups()
    return f"{kind} {name}" if name else f"search of {kind}s at {urlsplit(url).netloc}/{path}"


def _bounded(chunks: Iterator[bytes], limit: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise BadAnswer(f"The Hub sent a document of more than {limit // 2**20} MiB.")
    return bytes(body)


def _translated(error: "HfHubHTTPError", what: str, wait: float | None) -> FairregError:
    from huggingface_hub.errors import DisabledRepoError, GatedRepoError, RepositoryNotFoundError

    status, said = error.response.status_code, _error_message(error.response)
    subject = what[:1].upper() + what[1:]
    if isinstance(error, GatedRepoError):
        return AccessDenied(
            f"{subject} is gated on the Hub.",
            hint="Ask for access on its page, then set HF_TOKEN.",
        )
    if isinstance(error, DisabledRepoError):
        return AccessDenied(f"{subject} was disabled on the Hub.", hint="It cannot be fetched there.")
    if status == HTTPStatus.UNAUTHORIZED and said.startswith("Invalid credentials"):
        return AccessDenied("The Hub rejected the access token.", hint="Check HF_TOKEN.")
    # A guest gets 401 both for a missing and for a private repository.
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND} or isinstance(
        error, RepositoryNotFoundError
    ):
        if what.startswith("search "):
            return NotFound(
                f"The Hub has no {what}.", hint=f"Check {HUGGING_FACE.url_variable}, if it is set."
            )
        return NotFound(
            f"The Hub has no {what}, or it is private.", hint="Check the name; set HF_TOKEN if it is yours."
        )
    return _of_status(status, said, wait)


def _of_status(status: int, said: str, wait: float | None) -> FairregError:
    if status == HTTPStatus.FORBIDDEN:
        return AccessDenied(
            "The Hub refused access.", hint=said or "It may need an access token: set HF_TOKEN."
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = _UNSTATED_WAIT if wait is None else wait
        return RateLimited(
            f"The Hub asks to wait {wait:.0f} s before the next request.",
            retry_after=wait,
            hint="Try again later, or set HF_TOKEN for a higher limit.",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(f"The Hub has a fault of its own (HTTP {status}).", hint="Try again later.")
    return BadAnswer(
        f"The Hub rejected the request (HTTP {status}{': ' + said if said else ''}).", status=status
    )


def _error_message(response: Any) -> str:
    stated = masked_words(response.headers.get("x-error-message", ""), _authorization(response))
    return " ".join(stated.split())[:300].rstrip(".")
