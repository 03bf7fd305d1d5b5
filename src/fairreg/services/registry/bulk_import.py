# SPDX-License-Identifier: MIT
"""Reading an exported file for the registry: a large one in several processes, which do most of the work."""

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Self, TypeVar

from fairreg.errors import RecordError
from fairreg.registry import (
    ExportedStatement,
    StatementBatch,
    Submission,
    build_batch,
    decode_batch,
    encode_batch,
)
from fairreg.registry.db.text_limits import storable_json
from fairreg.schemas.record import ModelRecord
from fairreg.services.registry.export_format import Item, numbered, read_line

__all__ = ["ExportReader", "ImportBatch"]

# Of the file, in one portion: about a thousand records.
_BYTES = 4 * 10**6
# Below this a second process takes longer to start than it saves.
_LARGE = 20 * 10**6
_MOST_PROCESSES = 4

Result = TypeVar("Result")


@dataclass(frozen=True)
class _FileChunk:
    """Some whole lines of a file, by bytes, with the number of the first line."""

    file: Path
    start: int
    stop: int
    first: int

    def lines(self) -> Iterator[tuple[str, bytes]]:
        """The lines that are not empty, each with what an error calls it."""
        with self.file.open("rb") as stream:
            stream.seek(self.start)
            content = BytesIO(stream.read(self.stop - self.start))
        for number, text in numbered(content, self.first):
            yield f"{self.file.name} line {number}", text


@dataclass(frozen=True)
class ImportBatch:
    """Some lines of a file: what sources say, ready to be written, and all else."""

    statements: StatementBatch
    others: tuple[Item, ...]


class ExportReader:
    """An exported file that is read, as a context that ends the processes which help with a large one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        processes = _processes()
        large = processes > 1 and file.stat().st_size > _LARGE
        self._pool = _pool(processes) if large else None
        self._ahead = processes + 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def count(self) -> int:
        """How many items the file has. Raises RecordError with the number of the first bad line."""
        return sum(self._each(_counted))

    def batches(self) -> Iterator[ImportBatch]:
        """All of the file in its order. Raises RecordError with the number of the first bad line."""
        for said, others in self._each(_prepared):
            yield ImportBatch(decode_batch(said), others)

    def _each(self, work: Callable[[_FileChunk], Result]) -> Iterator[Result]:
        """What `work` makes of each portion, in the order of the file."""
        portions = _file_chunks(self._file)
        if self._pool is None:
            yield from map(work, portions)
            return
        waiting: deque[Future[Result]] = deque()
        for portion in portions:
            waiting.append(self._pool.submit(work, portion))
            if len(waiting) > self._ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _pool(processes: int) -> ProcessPoolExecutor:
    # Started afresh: a forked process would share the database connection of this one. Records refer to each
    # other in no circle, so looking for circles is only lost time: a tenth of all.
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=gc.disable)


def _processes() -> int:
    return min(_MOST_PROCESSES, os.cpu_count() or 1)


def _file_chunks(file: Path) -> Iterator[_FileChunk]:
    """All of the file; only line ends are looked for here."""
    start, first = 0, 1
    with file.open("rb") as stream:
        while content := stream.read(_BYTES):
            content += stream.readline()
            yield _FileChunk(file, start, stream.tell(), first)
            start, first = stream.tell(), first + content.count(b"\n")


def _counted(portion: _FileChunk) -> int:
    count = 0
    for name, text in portion.lines():
        item = read_line(text, name)
        if isinstance(item, ExportedStatement):
            _require_admitted(item.submission.record, name)
        count += 1
    return count


def _require_admitted(record: ModelRecord, name: str) -> None:
    """Raise RecordError for what a registry of an older release kept and not every one can."""
    try:
        storable_json(record)
    except RecordError as error:
        raise RecordError(f"{name}: {error.message}", hint=error.hint) from error


def _prepared(portion: _FileChunk) -> tuple[bytes, tuple[Item, ...]]:
    others: list[Item] = []
    batch = build_batch(_said(portion, others))
    return encode_batch(batch), tuple(others)


def _said(portion: _FileChunk, others: list[Item]) -> Iterator[Submission]:
    """What sources say, one at a time so that none is kept longer than needed; all else goes to `others`."""
    for name, text in portion.lines():
        item = read_line(text, name)
        if isinstance(item, ExportedStatement) and item.tombstone is None:
            yield item.submission
        else:
            others.append(item)
