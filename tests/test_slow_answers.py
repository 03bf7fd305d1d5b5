# SPDX-License-Identifier: MIT
"""Answers that drip, stall or have no end: what came is kept, and nothing waits for the rest forever."""

import contextlib
import gzip
import hashlib
import io
import socketserver
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from fairreg.errors import NotFound, Unreachable
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.download import download
from fairreg.settings import Settings
from fairreg.storage.cache import Cache
from fairreg.web import HttpClient, RetryPolicy, client, judged_connections, responses

Answer = Callable[[Callable[[bytes], None]], None]
CONTENT = bytes(range(256)) * 1000
URL = "https://zenodo.org/files/a.bin"
LONG = b"Content-Length: 60000\r\n\r\n"


@pytest.fixture
def web_of(tmp_path: Path) -> Iterator[Callable[..., HttpClient]]:
    """Makes a client of a server whose answer is written by a function that is given `send`."""
    with contextlib.ExitStack() as stack:

        def start(answer: Answer, **policy: float) -> HttpClient:
            class Handler(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    self.request.recv(65536)
                    with contextlib.suppress(OSError):
                        answer(self.request.sendall)

            server = stack.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler))
            server.daemon_threads, server.block_on_close = True, False
            Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.shutdown)
            own = {
                "FAIRREG_HOME": str(tmp_path),
                "FAIRREG_ZENODO_URL": f"http://127.0.0.1:{server.server_address[1]}",
            }
            limits = RetryPolicy(retries=0, read_timeout=policy.get("read_timeout", 5))
            found = HttpClient(Settings.from_environment(own), patience=limits, sleep=lambda _: None)
            return stack.enter_context(found)

        yield start


def drip(send: Callable[[bytes], None], text: bytes = b" ") -> None:
    for _ in range(400):
        send(text)
        time.sleep(0.02)


def test_a_refusal_that_drips_is_that_refusal(
    web_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(send: Callable[[bytes], None]) -> None:
        send(b"HTTP/1.1 404 X\r\n" + LONG + b'{"message": "no"}')
        drip(send)

    monkeypatch.setattr(responses, "_REFUSAL_SECONDS", 0.3)
    begun = time.monotonic()
    with pytest.raises(NotFound):
        web_of(answer).get(URL)
    assert time.monotonic() - begun < 3


def test_what_a_slow_refusal_said_is_shown(
    web_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(send: Callable[[bytes], None]) -> None:
        send(b'HTTP/1.1 400 X\r\n\r\n{"message": "wrong')
        time.sleep(0.1)
        send(b' field"}')
        drip(send)

    monkeypatch.setattr(responses, "_REFUSAL_SECONDS", 0.5)
    with pytest.raises(Unreachable, match="wrong field"):
        web_of(answer).get(URL)


def test_a_refusal_without_end_is_read_to_a_bound(web_of: Callable[..., HttpClient]) -> None:
    def answer(send: Callable[[bytes], None]) -> None:
        send(b"HTTP/1.1 404 X\r\n\r\n")
        while True:
            send(b"x" * 65536)

    seen: list[int] = []
    web = web_of(answer)
    web.observe = lambda answer: seen.append(len(answer.body))
    with pytest.raises(NotFound):
        web.get(URL)
    assert seen == [responses.CHUNK]


def test_a_document_that_drips_has_a_deadline_by_default(
    web_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(send: Callable[[bytes], None]) -> None:
        send(b"HTTP/1.1 200 X\r\n" + LONG)
        drip(send)

    monkeypatch.setattr(client, "DOCUMENT_SECONDS", 0.3)
    begun = time.monotonic()
    with pytest.raises(Unreachable, match="did not complete its answer"):
        web_of(answer).get(URL)
    assert time.monotonic() - begun < 3


def test_interim_heads_without_end_are_a_broken_answer(web_of: Callable[..., HttpClient]) -> None:
    def answer(send: Callable[[bytes], None]) -> None:
        while True:
            send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    with pytest.raises(Unreachable, match="could not be reached"):
        web_of(answer).get(URL)


def test_a_few_interim_heads_are_skipped(web_of: Callable[..., HttpClient]) -> None:
    head = b"HTTP/1.1 100 Continue\r\n\r\n"
    web = web_of(lambda send: send(head * 20 + b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}"))
    assert web.get(URL).json() == {}


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("size", [b"-5", b"-fffffff", b"x", b"", b"f" * 40])
def test_a_chunk_of_a_senseless_size_is_a_broken_answer(
    web_of: Callable[..., HttpClient], status: int, size: bytes, tmp_path: Path
) -> None:
    head = b"HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\n" % status
    web = web_of(lambda send: send(head + size + b"\r\nhello\r\n0\r\n\r\n"))
    fault = NotFound if status == 404 else Unreachable
    with pytest.raises(fault):
        web.get(URL)
    with pytest.raises(fault):
        download(web, Cache(tmp_path / "cache"), Distribution(name="a.bin", url=URL))


def test_a_chunk_of_a_negative_size_adds_nothing_to_what_is_there(
    web_of: Callable[..., HttpClient], tmp_path: Path
) -> None:
    checksum = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
    head = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n"
    web = web_of(lambda send: send(head + b"-5\r\nhello\r\n0\r\n\r\n"))
    cache = Cache(tmp_path / "cache")
    with pytest.raises(Unreachable):
        download(web, cache, Distribution(name="a.bin", url=URL, checksums=(checksum,)))
    assert cache.partial(checksum).read_bytes() == b""


@pytest.mark.sliced(2)
@pytest.mark.parametrize("sent", [10, 60_000, 200_000])
@pytest.mark.parametrize("fault", ["stall", "cut"])
@pytest.mark.parametrize("chunked", [False, True])
def test_what_came_before_a_fault_is_kept_and_counted(
    web_of: Callable[..., HttpClient], tmp_path: Path, sent: int, fault: str, *, chunked: bool
) -> None:
    def answer(send: Callable[[bytes], None]) -> None:
        sized = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(CONTENT)
        send(b"HTTP/1.1 200 X\r\n" + sized + b"\r\n\r\n")
        send((b"%x\r\n" % len(CONTENT) if chunked else b"") + CONTENT[:sent])
        time.sleep(1.0 if fault == "stall" else 0)

    checksum = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
    cache, seen = Cache(tmp_path / "cache"), [0]
    file = Distribution(name="a.bin", url=URL, checksums=(checksum,))
    web = web_of(answer, read_timeout=0.2)
    with pytest.raises(Unreachable):
        download(web, cache, file, progress=lambda _name, done, _total: seen.append(done))
    assert cache.partial(checksum).read_bytes() == CONTENT[:sent]
    assert seen[-1] == sent


@pytest.mark.parametrize(
    ("start", "text"),
    [
        pytest.param(b"HTTP/1.1 200 X\r\nA: ", b"x", id="a line"),
        pytest.param(b"HTTP/1.1 200 X\r\n", b"A: b\r\n", id="lines"),
        pytest.param(b"", b"H", id="the first line"),
    ],
)
def test_a_head_that_drips_ends_with_the_time_of_a_read(
    web_of: Callable[..., HttpClient], start: bytes, text: bytes
) -> None:
    def answer(send: Callable[[bytes], None]) -> None:
        send(start)
        drip(send, text)

    begun = time.monotonic()
    with pytest.raises(Unreachable, match="timed out"):
        web_of(answer, read_timeout=0.3).get(URL)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("text", [b"1", b"0\r\nA: b\r\n"], ids=["size of a chunk", "trailers"])
def test_what_stands_between_chunks_has_the_deadline_of_the_document(
    web_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    def answer(send: Callable[[bytes], None]) -> None:
        send(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + text)
        drip(send, text[3:] or b"0")

    monkeypatch.setattr(client, "DOCUMENT_SECONDS", 0.3)
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        web_of(answer).get(URL)
    assert time.monotonic() - begun < 3


def endless(start: bytes, block: bytes) -> tuple[Answer, list[int]]:
    """An answer that goes on as long as somebody reads it; how many blocks were sent."""
    sent = [0]

    def answer(send: Callable[[bytes], None]) -> None:
        send(b"HTTP/1.1 200 X\r\n" + start)
        while True:
            send(block * 10_000)
            sent[0] += 10_000

    return answer, sent


# A member of gzip without content, and an empty block of deflate (RFC 1951, section 3.2.4) behind a head.
EMPTY_MEMBER = gzip.compress(b"", mtime=0)
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"


@pytest.mark.parametrize(
    ("start", "block"),
    [
        pytest.param(b"Content-Encoding: gzip\r\n\r\n" + EMPTY_MEMBER[:10], EMPTY_BLOCK, id="empty blocks"),
        pytest.param(b"Content-Encoding: gzip\r\n\r\n", EMPTY_MEMBER, id="empty members"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n", id="trailers"),
    ],
)
def test_bytes_without_content_are_counted(
    web_of: Callable[..., HttpClient], start: bytes, block: bytes
) -> None:
    answer, sent = endless(start, block)
    with pytest.raises(Unreachable, match="far more bytes than content"):
        web_of(answer).get(URL)
    assert sent[0] * len(block) < 32 * 2**20  # the buffers of the connection included


def test_content_of_any_size_needs_no_more_time_and_bytes_than_before(
    web_of: Callable[..., HttpClient],
) -> None:
    text = gzip.compress(b" " * 30 * 2**20 + b"{}", mtime=0)
    head = b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(text)
    assert web_of(lambda send: send(head + text)).get(URL).json() == {}


class _Drops(io.RawIOBase):
    """A connection that brings one byte per read, a second apart by the clock that it moves."""

    def __init__(self, clock: list[float]) -> None:
        self.clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.clock[0] += 1
        buffer[:1] = b"x"
        return 1


def test_reads_end_at_their_moment_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("fairreg.web.judged_connections.time.monotonic", lambda: clock[0])
    reads = judged_connections._BoundedReads(_Drops(clock))
    reads.allow(end=30.0)
    with pytest.raises(TimeoutError):
        io.BufferedReader(reads).readline()
    assert clock == [31.0]
