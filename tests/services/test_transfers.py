# SPDX-License-Identifier: MIT
"""Several downloads at a time: order, bounds, faults, and what an interrupt leaves."""

import hashlib
import inspect
import json
import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from werkzeug import Response

import fairreg
from fairreg.errors import AccessDenied, BadAnswer, FairregError, NotFound, RateLimited, Unreachable
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.download import cached_copy, download
from fairreg.services.fetch.fetch import download_files
from fairreg.services.fetch.fetch import fetch as fetch_with
from fairreg.services.fetch.transfer import DEFAULT_JOBS
from fairreg.services.fetch.transfer.parallel import transfer_all
from fairreg.services.fetch.transfer.stream import Transfer
from fairreg.settings import Settings
from fairreg.storage.cache import Cache
from fairreg.web import HttpClient
from fairreg.web import Response as HttpResponse

pytestmark = pytest.mark.engines("sqlite")

NAMES = [f"f{number:02}" for number in range(24)]
FILES = [Distribution(name=name) for name in NAMES]


class Watched:
    """A transfer that notes who runs beside it; `faults` are raised for the files of these names."""

    def __init__(self, **faults):
        self.faults, self.started = faults, []
        self._lock = threading.Lock()
        self._running = self.most = 0

    def __call__(self, file, progress):
        with self._lock:
            self.started.append(file.name)
            self._running += 1
            self.most = max(self.most, self._running)
        time.sleep(0.002)
        with self._lock:
            self._running -= 1
        if file.name in self.faults:
            raise self.faults[file.name]
        return file.name.upper()


@pytest.mark.parametrize("jobs", [1, 3, 50])
def test_results_come_in_the_order_of_the_files_and_jobs_bound_how_many_run(jobs):
    watched = Watched()
    assert transfer_all(watched, FILES, jobs=jobs) == tuple(name.upper() for name in NAMES)
    assert watched.most <= jobs
    assert (jobs == 1) == (watched.most == 1)


@pytest.mark.parametrize("jobs", [1, 4])
def test_one_fault_loses_no_other_file_and_the_first_in_order_is_raised(jobs):
    lines = []
    watched = Watched(f20=NotFound("f20 is gone."), f03=AccessDenied("f03 is closed."))
    with pytest.raises(AccessDenied, match="f03"):
        transfer_all(watched, FILES, jobs=jobs, log=lines.append)
    assert sorted(watched.started) == NAMES
    assert lines == [
        "f20: f20 is gone.",
        "22 of 24 files are in the cache; a repeated command brings only the others.",
    ]


@pytest.mark.parametrize(
    "fault", [RateLimited("Enough.", retry_after=3600), FairregError("The disk is full.")]
)
def test_a_fault_that_meets_all_files_stops_the_others(fault):
    watched = Watched(f03=fault)
    with pytest.raises(type(fault)):
        transfer_all(watched, FILES, jobs=2)
    assert len(watched.started) <= 6


def test_a_host_out_of_reach_is_asked_for_as_many_files_as_run_at_a_time():
    watched = Watched(**{name: Unreachable("No answer.") for name in NAMES})
    with pytest.raises(Unreachable):
        transfer_all(watched, FILES, jobs=3)
    assert len(watched.started) <= 6


def test_a_host_that_answers_for_other_files_is_asked_on():
    watched = Watched(**{name: Unreachable("No answer.") for name in NAMES[::2]})
    with pytest.raises(Unreachable):
        transfer_all(watched, FILES, jobs=1)
    assert len(watched.started) in {1, len(NAMES)}


def test_a_host_out_of_reach_does_not_lose_the_files_of_another():
    files = [
        Distribution(name=name, url=f"http://{'ab'[i % 2]}.example/{name}") for i, name in enumerate(NAMES)
    ]
    watched = Watched(**{name: Unreachable("No answer.") for name in NAMES[::2]})
    lines = []
    with pytest.raises(Unreachable):
        transfer_all(watched, files, jobs=1, log=lines.append)
    assert [name for name in watched.started if name in NAMES[::2]] == NAMES[:6:2]
    assert {*NAMES[1::2]} <= {*watched.started}
    assert lines[-1].startswith("12 of 24 files are in the cache")


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize(
    "fault",
    [
        BadAnswer("An HTML page.", status=200),
        Unreachable("An internal error (HTTP 500).", answered=True),
        RateLimited("Too many requests.", retry_after=0),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_host_that_answers_with_faults_is_asked_for_every_file(jobs, fault):
    watched = Watched(**dict.fromkeys(NAMES[:12], fault))
    with pytest.raises(type(fault)):
        transfer_all(watched, FILES, jobs=jobs)
    assert sorted(watched.started) == NAMES


def test_a_spent_limit_ends_the_files_of_its_host_only():
    files = [
        Distribution(name=name, url=f"http://{'ab'[i % 2]}.example/{name}") for i, name in enumerate(NAMES)
    ]
    watched = Watched(f00=RateLimited("Enough.", retry_after=3600))
    with pytest.raises(RateLimited):
        transfer_all(watched, files, jobs=1)
    assert watched.started == ["f00", *NAMES[1::2]]


@pytest.mark.sliced(3)
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}])
@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_file_that_its_host_refuses_loses_no_other(web, settings, httpserver, status, headers):
    refused = re.compile("/zenodo/files/f0[0-5]")
    httpserver.expect_request(refused).respond_with_data("", status=status, headers=headers)
    files, cache = served_files(httpserver), Cache(settings.cache)
    with pytest.raises(FairregError) as caught:
        transfer_all(lambda item, _progress: download(web, cache, item), files, jobs=1)
    assert not isinstance(caught.value, RateLimited)
    assert sum(cached_copy(cache, item) is not None for item in files) == len(NAMES) - 6


def test_an_error_in_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        transfer_all(Watched(f03=ZeroDivisionError()), FILES, jobs=2)


def test_the_defaults_of_the_command_the_api_and_the_service_agree():
    from fairreg.cli.run.fetch import fetch as command

    for function in (command, fairreg.fetch, fetch_with, download_files, transfer_all):
        assert inspect.signature(function).parameters["jobs"].default == DEFAULT_JOBS


CONTENTS = {name: name.encode() * 1000 for name in NAMES}


def served_files(httpserver, latency=0.0):
    def handle(request):
        time.sleep(latency)
        return Response(CONTENTS[request.path.rsplit("/", 1)[-1]])

    httpserver.expect_request(re.compile("/zenodo/files/.*")).respond_with_handler(handle)
    return [
        Distribution(
            name=name,
            url=f"https://zenodo.org/files/{name}",
            size=len(content),
            checksums=(f"md5:{hashlib.md5(content).hexdigest()}",),
        )
        for name, content in CONTENTS.items()
    ]


def test_files_are_brought_by_several_threads_with_progress_of_each(web, settings, httpserver):
    files, cache, seen = served_files(httpserver), Cache(settings.cache), {}
    found = transfer_all(
        lambda item, progress: download(web, cache, item, progress=progress),
        files,
        jobs=6,
        progress=lambda name, done, total: seen.update({name: (done, total)}),
    )
    assert [item.distribution.name for item in found] == NAMES
    assert all(item.file.path.read_bytes() == CONTENTS[item.distribution.name] for item in found)
    assert seen == {name: (len(content), len(content)) for name, content in CONTENTS.items()}


class Answering:
    """A client whose one answer has these headers."""

    def __init__(self, body, status, headers):
        self._body, self._head = body, HttpResponse("https://zenodo.org/f", status, headers, b"")

    @contextmanager
    def stream(self, _url, headers):
        yield self._head, iter([self._body])


NO_NUMBERS = ["1" * 5000, "\u00b2", "\u0665", "-5", ""]


def resumed(tmp_path, status, headers):
    """The checksum of a file of which half was there, and the one expected."""
    body, part = b"whole file", tmp_path / "f.part"
    part.write_bytes(body[:5])
    digest = hashlib.md5(body).hexdigest()
    file = Distribution(name="f", url="https://zenodo.org/f", size=len(body), checksums=(f"md5:{digest}",))
    with Transfer(Answering(body, status, headers), file, part, limit=1000) as transfer:
        return transfer.collect()["md5"], digest


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_a_content_length_that_is_no_number_counts_as_none(tmp_path, number):
    found, expected = resumed(tmp_path, 200, {"content-length": number})
    assert found == expected


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_a_content_range_that_is_no_number_is_no_internal_error(tmp_path, number):
    with suppress(BadAnswer):
        found, expected = resumed(tmp_path, 206, {"content-range": f"bytes {number}-9/10"})
        assert found == expected


def test_two_files_of_the_same_bytes_are_brought_once(web, settings, httpserver):
    (file, *_), cache = served_files(httpserver), Cache(settings.cache)
    same = [Distribution(name=name, url=file.url, size=file.size, checksums=file.checksums) for name in NAMES]
    found = transfer_all(lambda item, progress: download(web, cache, item, progress=progress), same, jobs=6)
    assert sum(not item.from_cache for item in found) == 1
    assert [item.file.path.name for item in found] == NAMES


class Keeping(socketserver.StreamRequestHandler):
    """A connection that stays open; the server counts the connections, and gives the answer to a path."""

    def handle(self):
        self.server.connections += 1
        while line := self.rfile.readline():
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            status, length, pieces = self.server.answer(line.split()[1].decode())
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            with suppress(OSError):
                self.wfile.write(head.encode())
                for piece in pieces:
                    self.wfile.write(piece)


@contextmanager
def keeping(answer):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Keeping) as server:
        server.daemon_threads, server.connections, server.answer = True, 0, answer
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_each_job_keeps_one_connection_open(tmp_path):
    with keeping(lambda path: ("200 OK", len(path), [path.encode()])) as server:
        settings = Settings.from_environment(
            {"FAIRREG_HOME": str(tmp_path), "FAIRREG_ZENODO_URL": server.url}
        )
        files = [Distribution(name=name, url=f"https://zenodo.org/{name}") for name in NAMES]
        with HttpClient(settings) as web:
            cache = Cache(settings.cache)
            transfer_all(lambda item, progress: download(web, cache, item, progress=progress), files, jobs=3)
        assert server.connections <= 3


LARGE = 50_000_000
URL = "https://zenodo.org"  # a link to it goes to the configured server


def dripping(flowing):
    """Answers of Zenodo: a record of two files, of which a few bytes arrive now and then, forever."""
    metadata = {
        "title": "Files",
        "publication_date": "2026-01-01",
        "creators": [{"name": "Rossi, Ada"}],
        "resource_type": {"type": "dataset"},
        "access_right": "open",
        "doi": "10.5281/zenodo.1000001",
    }
    files = [
        {
            "key": name,
            "size": LARGE,
            "checksum": f"md5:{name * 32}",
            "links": {"self": f"{URL}/files/{name}"},
        }
        for name in "ab"
    ]

    def drops():
        yield bytes(200_000)
        flowing.set()
        while True:
            time.sleep(0.05)
            yield b"x"

    def answer(path):
        if path.startswith("/files/"):
            return "200 OK", LARGE, drops()
        if path == "/api/records/1000001":
            document = {
                "id": 1000001,
                "recid": "1000001",
                "doi": "10.5281/zenodo.1000001",
                "metadata": metadata,
                "files": files,
            }
            body = json.dumps(document).encode()
            return "200 OK", len(body), [body]
        return "404 Not Found", 2, [b"{}"]

    return answer


# A shell that runs the tests in the background lets its processes ignore interrupts.
RUN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from fairreg.cli.app import main
sys.exit(main())
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_ends_all_downloads_and_keeps_their_beginnings(environment, tmp_path):
    flowing = threading.Event()
    with keeping(dripping(flowing)) as server:
        bases = dict.fromkeys(("FAIRREG_ZENODO_URL", "FAIRREG_DATACITE_URL", "FAIRREG_DOI_URL"), server.url)
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, "fetch", "zenodo:1000001"],
            env={**environment, **bases},
            stderr=subprocess.PIPE,
            cwd=tmp_path,
        )
        try:
            assert flowing.wait(60)
            parts = Path(environment["FAIRREG_HOME"]) / "cache/partial"
            while sum(part.stat().st_size > 100_000 for part in parts.glob("*.part")) < 2:
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            assert b"Traceback" not in process.stderr.read()
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
        assert [part.stat().st_size > 100_000 for part in parts.glob("*.part")] == [True, True]
