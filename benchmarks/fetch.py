# SPDX-License-Identifier: MIT
"""Fetch one large file and many small ones, beside the tools that people use for it.

    python benchmarks/fetch.py [--runs 3] [--megabytes 500] [--files 2000] [--jobs 4 32]
        [--zenodo-get PYTHON] [--hf HF]

Servers on this machine answer as Zenodo and the Hugging Face Hub do, the large file by sendfile(2), the small
ones of 4 kB after 40 ms each. The tools run in turn, each as a process of its own with empty folders, so that
a busy machine disturbs all alike:

- fairreg: ``fairreg fetch`` with each number of --jobs, which verifies the published MD5, in a home that has
  a registry already;
- curl: ``curl``, then ``md5sum`` and ``sha256sum`` of what came, the large file only;
- zenodo_get: --zenodo-get is a Python that has it; its host, which is fixed, is replaced by the server's;
- hf: --hf is the program ``hf``, without Xet, which only the Hub's servers speak; it computes no digest.

Tools that are not given or not found are named as absent. It prints the median seconds of each, the median
CPU time, and fairreg's speed relative to the best of the others: the median of the ratios within a round.
Last, the large file is cut twice on its way and the bytes that crossed the wire are counted.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

RUN = "import sys; from fairreg.cli.app import main; sys.exit(main())"
ZENODO_GET = """
import sys, httpx2
build = httpx2.Client.build_request
def local(self, method, url, **more):
    return build(self, method, str(url).replace("https://zenodo.org", host), **more)
httpx2.Client.build_request = local
host, sys.argv = sys.argv[1], ["zenodo_get", *sys.argv[2:]]
from zenodo_get.zget import cli
cli()
"""
COMMIT = "0" * 40
RECORD = 1000001
LATENCY = 0.04
SMALL = 4000


class Shelf(NamedTuple):
    """Files of one record by name, and the seconds before each answer."""

    files: Mapping[str, Path]
    digests: Mapping[str, tuple[str, str]]
    latency: float


class Server(threading.Thread):
    """A server of one shelf, a thread per connection; `sent` counts the bytes of bodies of files."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(daemon=True)
        self._shelf = shelf
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.sent, self.cuts = 0, []  # type: int, list[int]
        self._lock = threading.Lock()
        self._documents = self._made()

    def run(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _made(self) -> dict[str, bytes]:
        sizes = {name: path.stat().st_size for name, path in self._shelf.files.items()}
        listed = [
            {
                "key": name,
                "size": size,
                "checksum": f"md5:{self._shelf.digests[name][0]}",
                "links": {"self": f"{self.url}/api/records/{RECORD}/files/{name}/content"},
            }
            for name, size in sizes.items()
        ]
        metadata = {
            "title": "Files", "publication_date": "2026-01-01", "creators": [{"name": "Rossi, Ada"}],
            "resource_type": {"type": "dataset"}, "access_right": "open", "doi": f"10.5281/zenodo.{RECORD}",
        }  # fmt: skip
        record = {
            "id": RECORD,
            "recid": str(RECORD),
            "doi": metadata["doi"],
            "metadata": metadata,
            "files": listed,
        }
        tree = [
            {"type": "file", "path": name, "size": size, "oid": self._shelf.digests[name][1][:40],
             "lfs": {"oid": self._shelf.digests[name][1], "size": size, "pointerSize": 130}}
            for name, size in sizes.items()
        ]  # fmt: skip
        info = {"id": "org/files", "sha": COMMIT, "siblings": [{"rfilename": name} for name in sizes]}
        return {
            f"/api/records/{RECORD}": json.dumps(record).encode(),
            "/api/models/org/files/revision/main": json.dumps(info).encode(),
            f"/api/models/org/files/tree/{COMMIT}": json.dumps(tree).encode(),
        }

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as requests:
            try:
                while line := requests.readline():
                    method, target, _ = line.decode("latin-1").split()
                    wanted = ""
                    while (header := requests.readline()) not in (b"\r\n", b""):
                        if header.lower().startswith(b"range:"):
                            wanted = header.decode("latin-1")
                    if not self._answer(connection, method, unquote(urlsplit(target).path), wanted):
                        return
            except OSError:
                return

    def _answer(self, connection: socket.socket, method: str, path: str, wanted: str) -> bool:
        """Answer one request; return whether the connection stays open."""
        file = path.removesuffix("/content").rsplit("/", 1)[-1]
        if file in self._shelf.files:
            time.sleep(self._shelf.latency)
            return self._send_file(connection, method, file, wanted)
        body = self._documents.get(path, b"{}")
        status = "200 OK" if path in self._documents else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + (b"" if method == "HEAD" else body))
        return True

    def _send_file(self, connection: socket.socket, method: str, name: str, wanted: str) -> bool:
        size, digest = self._shelf.files[name].stat().st_size, self._shelf.digests[name][1]
        found = re.search(r"bytes=(\d+)-(\d*)", wanted)
        start = int(found[1]) if found else 0
        status = (
            f"206 Partial Content\r\nContent-Range: bytes {start}-{size - 1}/{size}" if found else "200 OK"
        )
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Length: {size - start}\r\n"
            f'ETag: "{digest}"\r\nX-Linked-Etag: "{digest}"\r\nX-Linked-Size: {size}\r\n'
            f"X-Repo-Commit: {COMMIT}\r\nAccept-Ranges: bytes\r\n\r\n"
        ).encode()
        if method == "HEAD":
            connection.sendall(head)
            return True
        with self._lock:
            end = self.cuts.pop(0) if self.cuts else size
        connection.sendall(head, socket.MSG_MORE if hasattr(socket, "MSG_MORE") else 0)
        with self._shelf.files[name].open("rb") as source:
            sent = connection.sendfile(source, start, end - start) if end > start else 0
        with self._lock:
            self.sent += sent
        return end == size


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--jobs", type=int, nargs="+", default=[4, 32])
    parser.add_argument("--zenodo-get", metavar="PYTHON")
    parser.add_argument("--hf", metavar="HF")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        serve(asked.serve)
        return
    size = asked.megabytes * 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        large = made(Path(folder) / "large", 1, size)
        small = made(Path(folder) / "small", asked.files, SMALL)
        home = prepared(Path(folder) / "home")
        with served(large, 0) as (url, _):
            found = tools(asked, url, home, ["large.bin"], asked.jobs[:1])
            compare(f"1 file of {asked.megabytes} MB", found, asked.runs)
        with served(small, LATENCY) as (url, _):
            found = tools(asked, url, home, [], asked.jobs)
            compare(f"{asked.files} files of 4 kB, 40 ms each", found, asked.runs)
        resumed(large, home, size)


def made(folder: Path, count: int, size: int) -> Path:
    """Make files of random bytes."""
    folder.mkdir()
    for number in range(count):
        with (folder / ("large.bin" if count == 1 else f"f{number:04}.bin")).open("wb") as out:
            for left in range(size, 0, -1_000_000):
                out.write(os.urandom(min(left, 1_000_000)))
    return folder


def shelf(folder: Path, latency: float) -> Shelf:
    files = {path.name: path for path in sorted(folder.iterdir())}
    digests = {}
    for name, path in files.items():
        content = path.read_bytes()
        digests[name] = (hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest())
    return Shelf(files, digests, latency)


def serve(folder: Path) -> None:
    """Serve a folder in this process, and report bytes on standard output as standard input asks for them."""
    server = Server(shelf(folder, float(os.environ["LATENCY"])))
    server.start()
    print(server.url, flush=True)
    for line in sys.stdin:
        server.cuts, server.sent = (
            [int(item) for item in line.split()],
            server.sent if not line.split() else 0,
        )
        print(server.sent, flush=True)


@contextmanager
def served(folder: Path, latency: float) -> Iterator[tuple[str, Callable[[str], int]]]:
    """Serve a folder in a process of its own: the address, and a function that cuts or counts."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "LATENCY": str(latency)},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    questions, answers = process.stdin, process.stdout

    def ask(line: str) -> int:
        questions.write(f"{line}\n")
        questions.flush()
        return int(answers.readline())

    try:
        yield answers.readline().strip(), ask
    finally:
        process.kill()
        process.wait()


class Taken(NamedTuple):
    """Seconds of one run."""

    wall: float
    cpu: float


def tools(
    asked: argparse.Namespace, url: str, home: Path, names: Sequence[str], jobs: Sequence[int]
) -> dict[str, Callable[[Path], None]]:
    """The tools that are here, each as a function of an empty folder."""
    found: dict[str, Callable[[Path], None]] = {
        f"fairreg --jobs {number}": partial(fairreg, url, home, number) for number in jobs
    }
    if names and all(map(shutil.which, ("curl", "md5sum", "sha256sum"))):
        found["curl + md5sum + sha256sum"] = partial(curl, url, names[0])
    if asked.zenodo_get:
        found["zenodo_get"] = partial(zenodo_get, asked.zenodo_get, url)
    else:
        print("absent: zenodo_get (give --zenodo-get)")
    if asked.hf:
        found["hf download"] = partial(hf, asked.hf, url)
    else:
        print("absent: hf (give --hf)")
    return found


def fairreg(url: str, home: Path, jobs: int, folder: Path) -> None:
    shutil.copytree(home, folder, dirs_exist_ok=True)
    bases = dict.fromkeys(("FAIRREG_ZENODO_URL", "FAIRREG_DATACITE_URL", "FAIRREG_DOI_URL"), url)
    command = [sys.executable, "-c", RUN, "fetch", f"zenodo:{RECORD}", "--jobs", str(jobs)]
    run(command, folder, {**bases, "FAIRREG_HOME": str(folder)})


def prepared(home: Path) -> Path:
    """A home with a registry, which the first command makes."""
    run([sys.executable, "-c", RUN, "sources"], home.parent, {"FAIRREG_HOME": str(home)})
    return home


def curl(url: str, name: str, folder: Path) -> None:
    run(["curl", "-sS", "-o", name, f"{url}/api/records/{RECORD}/files/{name}/content"], folder)
    run(["md5sum", name], folder)
    run(["sha256sum", name], folder)


def zenodo_get(python: str, url: str, folder: Path) -> None:
    run([python, "-c", ZENODO_GET, url, "-v", "0", str(RECORD)], folder)


def hf(program: str, url: str, folder: Path) -> None:
    more = {"HF_ENDPOINT": url, "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1"}  # fmt: skip
    run([program, "download", "org/files", "--quiet", "--local-dir", str(folder / "out")], folder, more)


def run(command: Sequence[str], folder: Path, more: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **(more or {})}, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr.decode()[-2000:]}")


def compare(what: str, found: Mapping[str, Callable[[Path], None]], runs: int) -> None:
    rounds = [{name: taken(tool) for name, tool in found.items()} for _ in range(runs)]
    print(f"{what}: median of {runs} rounds")
    peers = [name for name in found if not name.startswith("fairreg")]
    for name in found:
        wall, cpu = (statistics.median(item[name][number] for item in rounds) for number in (0, 1))
        ratio = ""
        if peers and name not in peers:
            others = (min(item[peer].wall for peer in peers) / item[name].wall for item in rounds)
            ratio = f", {statistics.median(others):.2f} times the speed of the best other"
        print(f"  {name}: {wall:.2f} s ({cpu:.2f} s of CPU){ratio}")


def taken(tool: Callable[[Path], None]) -> Taken:
    with tempfile.TemporaryDirectory() as folder:
        before, begun = os.times(), time.perf_counter()
        tool(Path(folder))
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return Taken(time.perf_counter() - begun, cpu)


def resumed(folder: Path, home: Path, size: int) -> None:
    with served(folder, 0) as (url, ask), tempfile.TemporaryDirectory() as fresh:
        ask(f"{size // 3} {2 * size // 3}")
        fairreg(url, home, 1, Path(fresh))
        sent = ask("")
    print(f"cut after one and two thirds: {sent} bytes crossed the wire for a file of {size}")


if __name__ == "__main__":
    main()
