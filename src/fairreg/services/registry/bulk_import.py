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
from fairreg.registry import Carried, Page, Submission, packed, prepare, unpacked
from fairreg.registry.db.text_limits import admitted
from fairreg.schemas.record import ModelRecord
from fairreg.services.registry.export_format import Item, numbered, read_line

__all__ = ["Batch", "Reading"]

# Of the file, in one portion: about a thousand records.
_BYTES = 4 * 10**6
# Below this a second process takes longer to start than it saves.
_LARGE = 20 * 10**6
_MOST_PROCESSES = 4

Result = TypeVar("Result")


@dataclass(frozen=True)
class _Portion:
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
class Batch:
    """Some lines of a file: what sources say, ready to be written, and all else."""

    said: Page
    others: tuple[Item, ...]


class Reading:
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

    def batches(self) -> Iterator[Batch]:
        """All of the file in its order. Raises RecordError with the number of the first bad line."""
        for said, others in self._each(_prepared):
            yield Batch(unpacked(said), others)

    def _each(self, work: Callable[[_Portion], Result]) -> Iterator[Result]:
        """What `work` makes of each portion, in the order of the file."""
        portions = _portions(self._file)
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


def _portions(file: Path) -> Iterator[_Portion]:
    """All of the file; only line ends are looked for here."""
    start, first = 0, 1
    with file.open("rb") as stream:
        while content := stream.read(_BYTES):
            content += stream.readline()
            yield _Portion(file, start, stream.tell(), first)
            start, first = stream.tell(), first + content.count(b"\n")


def _counted(portion: _Portion) -> int:
    count = 0
    for name, text in portion.lines():
        item = read_line(text, name)
        if isinstance(item, Carried):
            _require_admitted(item.submission.record, name)
        count += 1
    return count


def _require_admitted(record: ModelRecord, name: str) -> None:
    """Raise RecordError for what a registry of an older release kept and not every one can."""
    try:
        admitted(record)
    except RecordError as error:
        raise RecordError(f"{name}: {error.message}", hint=error.hint) from error


def _prepared(portion: _Portion) -> tuple[bytes, tuple[Item, ...]]:
    others: list[Item] = []
    page = prepare(_said(portion, others))
    return packed(page), tuple(others)


def _said(portion: _Portion, others: list[Item]) -> Iterator[Submission]:
    """What sources say, one at a time so that none is kept longer than needed; all else goes to `others`."""
    for name, text in portion.lines():
        item = read_line(text, name)
        if isinstance(item, Carried) and item.tombstone is None:
            yield item.submission
        else:
            others.append(item)
