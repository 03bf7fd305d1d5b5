# SPDX-License-Identifier: MIT
"""Requests that no decent client sends, as bytes: wrong paths, headers, methods, bodies; unfinished ones."""

import random
import socket
from collections.abc import Iterator, Sequence

__all__ = ["hostile_requests", "status_after"]

_METHODS = ("GET",) * 12 + (
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "BREW",
    "get",
    "",
)
_SCRAPS = (
    "..",
    ".",
    "",
    "%2e%2e",
    "%00",
    "%0d%0aX-Injected:%201",
    "%ff%fe",
    "%c0%af",
    "%",
    "%zz",
    "a" * 300,
    "doi:10.5281",
    "zenodo.7305227",
    "10.5281%2Fzenodo.7305227",
    "hf:a/b",
    "%E2%80%AE",
    "%F0%9F%92%A9",
    "<script>alert(1)</script>",
    "'%20OR%201=1--",
    "{}",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "\\..\\",
    ";",
    "*",
    "http:%2F%2F127.0.0.1",
    "swh:1:cnt:",
    "arxiv:",
    "#",
    "~root",
    "-",
    "0",
    "null",
    "%25252e",
    "\xe9",
)
_NAMES = (
    "q",
    "kind",
    "task",
    "framework",
    "license",
    "source",
    "author",
    "year",
    "trained_on",
    "runnable",
    "min_fair",
    "sort",
    "limit",
    "offset",
    "facets",
    "since",
    "until",
    "cursor",
    "page",
    "format",
    "verb",
    "metadataPrefix",
    "resumptionToken",
    "identifier",
    "x",
    "",
    "__proto__",
    "q[]",
)
_VALUES = (
    *_SCRAPS,
    "1e309",
    "-1",
    "99999999999999999999",
    "NaN",
    "٣",
    "1_000",
    "2021-",
    "2026-13-45",
    "MTIz",
    "a+" * 50,
    "%22" * 40,
    "(" * 60,
    "* OR *",
    "a" * 2000,
    "true&true",
    "%EF%BF%BE",
    "\t",
    "AND",
    "NOT NOT",
    "0x10",
)
_HEADERS = (
    "Accept: ",
    "Accept: */*;q=x",
    "Accept: " + "a/b, " * 300,
    "Accept-Encoding: gzip;q=zz, *;;",
    "Accept: text/html",
    'Accept: application/ld+json;profile="',
    'If-None-Match: "',
    "If-None-Match: *",
    "If-None-Match: " + '"x",' * 500,
    "Range: bytes=0-,5-1",
    "X-Forwarded-For: " + "1.2.3.4," * 200,
    "X-Forwarded-Host: evil",
    "Host: evil\x00",
    "Host: ",
    "Transfer-Encoding: gzip, chunked",
    "Content-Length: -5",
    "Content-Length: 5\r\nContent-Length: 6",
    "X: " + "y" * 9000,
    "Expect: 100-continue",
    "Upgrade: websocket\r\nConnection: upgrade",
    "Connection: close, x",
    "Origin: null",
    "Origin: http://evil",
    "Access-Control-Request-Method: DELETE",
    "Cookie: " + "a=b; " * 500,
    "Content-Type: ;;;",
    " folded: x",
    "No-Colon",
    "X\x7f: y",
    "Content-Encoding: gzip",
    "X-HTTP-Method-Override: DELETE",
    "TE: trailers",
)


def hostile_requests(routes: Sequence[str], seed: int) -> Iterator[bytes]:
    """Yield requests without end; `routes` are patterns of what is there. A few are not complete."""
    dice = random.Random(seed)
    while True:
        yield _garbage(dice) if dice.random() < 0.03 else _request(dice, routes)


def _garbage(dice: random.Random) -> bytes:
    return dice.choice(
        (
            dice.randbytes(dice.randrange(1, 400)) + b"\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a client that speaks TLS
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * dice.choice((10, 2000)),
        )
    )


def _request(dice: random.Random, routes: Sequence[str]) -> bytes:
    method, target = dice.choice(_METHODS), _target(dice, routes)
    version = dice.choice(("1.1",) * 9 + ("1.0",))
    headers = ["Host: localhost", *dice.choices(_HEADERS, k=dice.choice((0, 0, 1, 2, 4)))]
    body = b"" if dice.random() < 0.7 else dice.randbytes(dice.choice((1, 100, 3000)))
    if body and dice.random() < 0.5:
        headers.append("Transfer-Encoding: chunked")
        body = dice.choice(
            (b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body), b"zz\r\nabc\r\n", b"FFFFFFFFFFFFFFFFF\r\n")
        )
    elif body:
        # Now and then it promises more than it sends.
        headers.append(f"Content-Length: {len(body) + dice.choice((0, 0, 0, 7))}")
    head = "\r\n".join((f"{method} {target} HTTP/{version}", *headers, "", ""))
    return head.encode("latin-1", "replace") + body


def _target(dice: random.Random, routes: Sequence[str]) -> str:
    path = dice.choice(routes)
    while "{" in path:
        start, _, rest = path.partition("{")
        path = start + "/".join(dice.choices(_SCRAPS, k=dice.choice((1, 1, 2, 4)))) + rest.partition("}")[2]
    if dice.random() < 0.3:
        place = dice.randrange(len(path) + 1)
        path = path[:place] + dice.choice(_SCRAPS) + path[place:]
    pairs = (f"{dice.choice(_NAMES)}={dice.choice(_VALUES)}" for _ in range(dice.choice((0, 1, 2, 5))))
    query = "&".join(pairs)
    return f"{path}?{query}" if query else path


def status_after(address: tuple[str, int], request: bytes, seconds: float = 30.0) -> int | None:
    """Send a request and no more; return the status of the answer, None where the connection just ends."""
    with socket.create_connection(address, timeout=seconds) as connection:
        got = b""
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while len(got) < 64 and (piece := connection.recv(4096)):
                got += piece
        except ConnectionError:
            pass  # the server refused to read the rest
    return int(got[9:12]) if got.startswith(b"HTTP/1.1 ") else None
