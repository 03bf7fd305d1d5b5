# SPDX-License-Identifier: MIT
"""Transfer of one file: resumed where it was cut, and hashed while its bytes arrive."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path

from fairreg.errors import BadAnswer, Unreachable
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.transfer import Progress, wanted_checksums
from fairreg.storage.checksums import RunningChecksums, checksums_of, read_published
from fairreg.storage.files import disk_faults
from fairreg.web import HttpClient, Response
from fairreg.web.pacing import whole_number
from fairreg.web.responses import host_of

__all__ = ["Transfer"]

# Bytes that packing can add to a file.
_FRAMING, _SHARE = 2**16, 1000
# Answers to a request for the rest of a file after which the whole file may still be had.
_NO_RESUMPTION = {HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, HTTPStatus.PARTIAL_CONTENT}
# RFC 9110, section 14.4; longer numbers are no sizes.
_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.ASCII)
_PAGES = {"text/html", "application/xhtml+xml"}
_OF_SIZE = "git-blob-sha1"  # covers the size before the first byte


class Transfer:
    """The transfer of a file to `part`, of at most `limit` bytes. Use as a context manager.

    What `part` already holds is read and hashed once, before the first request.
    """

    def __init__(
        self,
        web: HttpClient,
        distribution: Distribution,
        part: Path,
        *,
        limit: int,
        progress: Progress | None = None,
    ) -> None:
        self._web, self._distribution, self._part = web, distribution, part
        self._limit, self._progress = limit, progress
        self._published = read_published(distribution.checksums).known
        self._algorithms = wanted_checksums(distribution)
        self._running = self._new_checksums(None)
        self._hashed = 0
        self._encoding = ""

    def __enter__(self) -> "Transfer":
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def collect(self) -> Mapping[str, str]:
        """Append to the part until it is complete; return the checksums of its bytes as they arrived.

        A cut transfer is resumed as long as each attempt makes progress; where the server cannot resume it,
        the file is requested whole, once. Raises Unreachable, BadAnswer and the other errors of
        `HttpClient.stream`.
        """
        whole = restarted = False
        ended_at = None  # size of the part when a body of this command ended as its server stated
        while not self._is_complete():
            before = _size(self._part)
            try:
                self._receive(whole=whole)
            except BadAnswer as error:
                if error.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and before == ended_at:
                    break  # nothing follows the bytes that it sent, so the file is of another size
                if error.status not in _NO_RESUMPTION or not before or restarted:
                    raise
                # The part is longer than the file, and so of another one, or the server knows no ranges.
                whole = restarted = True
            except Unreachable:
                if _size(self._part) <= before:
                    raise
                whole = False
            else:
                if self._has_arrived(before):
                    break
                whole, ended_at = False, _size(self._part)
        return self._checksums()

    def _is_complete(self) -> bool:
        """Tell whether nothing has to be requested: all bytes of an earlier attempt are there."""
        size = self._distribution.exact_size
        if size is None or size != _size(self._part) or not (self._published or size == 0):
            return False
        self._part.touch()
        self._resumed(size)
        return True

    def _has_arrived(self, before: int) -> bool:
        """Tell whether the body that ended is the whole file. Raises Unreachable if nothing of it came."""
        size, now = self._distribution.exact_size, _size(self._part)
        if self._encoding or size is None or now >= size:
            return True
        if now <= before:
            raise Unreachable(
                f"The download of {self._distribution.name} stopped at {now} of {size} bytes.",
                hint="Run the command again: it resumes where it stopped.",
            )
        return False

    def _receive(self, *, whole: bool) -> None:
        # Without a published checksum a change of the file between two parts would go unnoticed.
        done = _size(self._part) if self._published and not whole else 0
        self._resumed(done)
        headers = {"Range": f"bytes={done}-"} if done else {}
        with self._web.stream(str(self._distribution.url), headers=headers) as (head, chunks):
            self._refuse_page(head)
            start = self._start(head, done)
            self._encoding = _encoding(head)
            total = _total(head, start)
            if start != self._hashed or not start:
                self._restart(None if self._encoding else total)
            self._write(start, self._counted(chunks, start, total))

    def _resumed(self, done: int) -> None:
        """Bring the checksums to the first `done` bytes of the part."""
        if done != self._hashed:
            self._restart(None)
            if done:
                self._running.read(self._part, done)
        self._hashed = done

    def _restart(self, size: int | None) -> None:
        self._running.close()
        self._running, self._hashed = self._new_checksums(size), 0

    def _new_checksums(self, size: int | None) -> RunningChecksums:
        stated = self._distribution.exact_size if self._distribution.exact_size is not None else size
        known = self._algorithms if stated is not None else self._algorithms - {_OF_SIZE}
        return RunningChecksums(known, stated)

    def _write(self, start: int, chunks: Iterator[bytes]) -> None:
        """Write chunks behind the first `start` bytes of the part.

        They are not forced to the disk: a file that a power failure has damaged shows at its next use.
        """
        limit = self._limit + (_FRAMING + self._limit // _SHARE if self._encoding else 0)
        with disk_faults("The cache"), self._part.open("r+b" if start else "wb") as out:
            out.seek(start)
            for chunk in chunks:
                out.write(chunk)
                self._running.update(chunk)
                self._hashed += len(chunk)
                if self._hashed > limit:
                    break
            out.truncate()

    def _counted(self, chunks: Iterator[bytes], start: int, total: int | None) -> Iterator[bytes]:
        done = start
        for chunk in chunks:
            done += len(chunk)
            if self._progress is not None:
                self._progress(self._distribution.name, done, self._distribution.exact_size or total)
            yield chunk

    def _checksums(self) -> Mapping[str, str]:
        """Checksums of the complete part, its Content-Encoding undone where it is not the file without."""
        found = self._running.values()
        if self._algorithms - found.keys():
            found = checksums_of(self._part, self._algorithms)
        if not self._encoding or self._is_published(found):
            return found
        from fairreg.services.fetch.transfer.content_encoding import (  # hardly any server needs it
            is_known,
            undo,
            unknown,
        )

        if not is_known(self._encoding):
            name, sizes = self._distribution.name, (_size(self._part), self._distribution.exact_size)
            if sizes[1] is None or sizes[0] == sizes[1]:
                return found  # a checksum that differs is the message, and the label may be empty
            self._part.unlink()
            raise unknown(self._encoding, name, (sizes[0], sizes[1]))
        if undo(self._part, self._encoding, self._limit):
            return checksums_of(self._part, self._algorithms)
        return found

    def _is_published(self, checksums: Mapping[str, str]) -> bool:
        size = self._distribution.exact_size
        same_size = size is None or size == _size(self._part)
        return same_size and all(checksums[algorithm] == value for algorithm, value in self._published)

    def _start(self, head: Response, done: int) -> int:
        """First byte of the file that a body brings: 0, or `done` for its rest. Raises BadAnswer."""
        if head.status == HTTPStatus.OK:
            return 0
        if head.status == HTTPStatus.PARTIAL_CONTENT and self._continues(head, done):
            return done
        is_part = head.status == HTTPStatus.PARTIAL_CONTENT
        what = (
            "another part than the one requested" if is_part else f"HTTP {head.status}, which is not a file"
        )
        raise BadAnswer(
            f"{host_of(head.url)} answered the request for {self._distribution.name} with {what}.",
            hint="Try again later.",
            status=head.status,
        )

    def _continues(self, head: Response, done: int) -> bool:
        """Tell whether a partial body is the rest from `done` on; a part of it where the size is known."""
        match = _CONTENT_RANGE.fullmatch(head.headers.get("content-range", "").strip())
        if match is None or int(match[1]) != done:
            return False
        if self._distribution.exact_size is not None:
            return True
        # Without a total only a published checksum shows whether the end is there.
        return int(match[3]) == int(match[2]) + 1 if match[3] != "*" else bool(self._published)

    def _refuse_page(self, head: Response) -> None:
        name = self._distribution.name
        media_type = head.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type in _PAGES and not name.lower().endswith((".html", ".htm", ".xhtml")):
            raise BadAnswer(
                f"The server sent an HTML page instead of {name}.",
                hint="The service may be down for maintenance, or the file may need a login. "
                "Try again later.",
            )


def _encoding(head: Response) -> str:
    """Content-Encoding of a body; empty for the one that changes nothing."""
    stated = head.headers.get("content-encoding", "").strip().lower()
    return "" if stated == "identity" else stated


def _total(head: Response, start: int) -> int | None:
    length = whole_number(head.headers.get("content-length", ""))
    return start + length if length is not None else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
