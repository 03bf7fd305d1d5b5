# SPDX-License-Identifier: MIT
"""Recorded answers: documents of services as files, without access tokens, cookies and addresses of people.

Of the headers only those in `KEPT_HEADERS` are written. In texts, access tokens, e-mail addresses (as
`fairreg.email_addresses` finds them) and IP addresses are replaced by words in parentheses, also in base64;
`fairreg.redaction` masks secrets in web addresses.
"""

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fairreg.email_addresses import without_addresses_in_payload
from fairreg.errors import UsageError
from fairreg.redaction import redacted
from fairreg.settings import Service, Settings
from fairreg.storage.files import disk_faults
from fairreg.web import Response

__all__ = ["KEPT_HEADERS", "REPORT", "Recorder", "sanitised"]

REPORT = "report.json"
KEPT_HEADERS = frozenset(
    {
        "content-encoding",
        "content-type",
        "date",
        "deprecation",
        "etag",
        "last-modified",
        "link",
        "location",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "sunset",
        "x-github-api-version-selected",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-ratelimit-resource",
        "x-ratelimit-used",
    }
)
# Repetitions are bounded, so that a long text takes linear time.
_TOKEN = re.compile(r"(?:hf_|gh[pousr]_|github_pat_)\w{10,255}|\b(?i:bearer|basic)\s{1,4}[\w.~+/=-]{8,4096}")
_IP = re.compile(
    r"""
    (?:(?<![A-Za-z0-9.])|(?<=%[0-9A-Fa-f]{2}))  # a label, a user or an escape may precede, a port may follow
    (?P<four>\d{1,3}(?:\.\d{1,3}){3})(?![A-Za-z0-9]|\.\d)
    | (?<![\w.:])(?P<label>(?:[A-Za-z_-]{0,30}[G-Zg-z_-][A-Za-z_-]{0,30}:)?)  # IP:2001:db8::7
      (?P<six>(?=[0-9A-Fa-f]*:)[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?![\w:]|\.\d)
    """,
    re.VERBOSE,
)
_BASE64 = re.compile(
    r"(?<![\w+/=])(?:[A-Za-z0-9+/]|\\n|\n){16,}+={0,2}+"
)  # in lines also as JSON writes them
_DEEPEST = 3  # base64 in base64; only hostile text has more


class Recorder:
    """Writer of the recorded answers of one check into a folder. Raises UsageError for a folder in use."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        if folder.is_dir() and not (folder / REPORT).is_file() and any(folder.iterdir()):
            raise UsageError(
                f"The folder {folder} holds other files.",
                hint="Give a new folder, or one of an earlier check.",
            )
        with disk_faults(f"The folder {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._services = settings.services.values()
        self._tokens = [item.token for item in self._services if item.token]

    def write_source(self, name: str, payload: Any, answers: Sequence[Response]) -> None:
        """Write the answers of a source, and the payload that its harvester made of them."""
        for old in self._folder.glob(f"{name}-*.json"):
            old.unlink()
        if payload is not None:
            self._write(f"{name}-payload.json", payload)
        for number, answer in enumerate(answers, 1):
            self._write(f"{name}-answer-{number}.json", self._document(answer))

    def write_report(self, report: Any) -> None:
        """Write the differences that were found."""
        self._write(REPORT, report)

    def _document(self, answer: Response) -> dict[str, Any]:
        headers = {name: value for name, value in sorted(answer.headers.items()) if name in KEPT_HEADERS}
        body = _parsed(answer.body)
        return {"url": answer.url, "status": answer.status, "headers": headers, "body": body}

    def _write(self, name: str, document: Any) -> None:
        # Not ASCII: an escape such as \u0040 would hide an e-mail address.
        text = without_mirrors(json.dumps(document, indent=1, ensure_ascii=False), self._services)
        text = sanitised(text, self._tokens)
        with disk_faults(f"The file {name} in {self._folder}"):
            (self._folder / name).write_bytes(f"{text}\n".encode("utf-8", "backslashreplace"))


def without_mirrors(text: str, services: Iterable[Service]) -> str:
    """Replace the addresses of mirrors, which may be internal, by those of the public services."""
    moved = [service for service in services if service.configured]
    # Mirrors may share a host: whole addresses first, and of them the longest.
    for service in sorted(moved, key=lambda item: len(item.url), reverse=True):
        text = text.replace(service.url, service.public_url)
    for service in moved:
        public = urlsplit(service.public_url).netloc
        text = re.sub(rf"(?<![\w.-]){re.escape(service.netloc)}(?![\w.-])", public, text)
    return text


def sanitised(text: str, tokens: Sequence[str] = ()) -> str:
    """Return `text` without access tokens, `tokens` among them, e-mail addresses and IP addresses.

    A text in base64 inside it is read, too. JSON stays JSON.
    """
    return _sanitised(text, tokens, _DEEPEST)


def _sanitised(text: str, tokens: Sequence[str], layers: int) -> str:
    if layers:
        text = _BASE64.sub(lambda match: _sanitised_base64(match[0], tokens, layers - 1), text)
    for token in tokens:
        text = text.replace(token, "(access token)")
    text = _TOKEN.sub("(access token)", text)
    text = redacted(text)
    text = without_addresses_in_payload(text.encode("utf-8", "surrogatepass")).decode(
        "utf-8", "surrogatepass"
    )
    return _IP.sub(_without_address, text)


def _sanitised_base64(stated: str, tokens: Sequence[str], layers: int) -> str:
    """Return a text in base64 sanitised, in base64; other bytes stay."""
    try:
        content = base64.b64decode(stated.replace("\\n", ""))
        inner = content.decode()
    except (binascii.Error, UnicodeDecodeError):
        return stated
    left = _sanitised(inner, tokens, layers)
    return stated if left == inner else base64.b64encode(left.encode()).decode()


def _without_address(match: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(match["four"] or match["six"])
    except ValueError:
        return match[0]
    return f"{match['label'] or ''}(IP address)"


def _parsed(body: bytes) -> Any:
    """Return a body as JSON, else as text."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
