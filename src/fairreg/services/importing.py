# SPDX-License-Identifier: MIT
"""Reading an exported file for the registry: a large one in several processes, which do most of the work."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Self, TypeVar

from fairreg.errors import RecordError
from fairreg.registry import Carried, Prepared, packed, prepare, unpacked
from fairreg.registry.texts import admitted
from fairreg.schemas.record import ModelRecord
from fairreg.services.exported import Item, numbered, read_line

__all__ = ["Batch", "Reading"]

_BATCH = 1000
# Below this a second process takes longer to start than it saves.
_LARGE = 20 * 10**6
_MOST_PROCESSES = 4

Result = TypeVar("Result")
Lines = Sequence[tuple[int, bytes]]


@dataclass(frozen=True)
class Batch:
    """Some lines of a file: what sources say, ready to be written, and all else."""

    said: tuple[Prepared, ...]
    others: tuple[Item, ...]


class Reading:
    """An exported file that is read, as a context that ends the processes which help with a large one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        processes = _processes()
        large = processes > 1 and file.stat().st_size > _LARGE
        # Started afresh: a forked process would share the database connection of this one.
        self._pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn")) if large else None
        self._ahead = 2 * processes

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
            yield Batch(tuple(unpacked(said)), others)

    def _each(self, work: Callable[[str, Lines], Result]) -> Iterator[Result]:
        """What `work` makes of each portion, in the order of the file."""
        portions = _portions(numbered(self._file))
        if self._pool is None:
            yield from (work(self._file.name, portion) for portion in portions)
            return
        waiting: deque[Future[Result]] = deque()
        for portion in portions:
            waiting.append(self._pool.submit(work, self._file.name, portion))
            if len(waiting) > self._ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _processes() -> int:
    return min(_MOST_PROCESSES, os.cpu_count() or 1)


def _portions(lines: Iterator[tuple[int, bytes]]) -> Iterator[Lines]:
    while portion := list(islice(lines, _BATCH)):
        yield portion


def _items(name: str, lines: Lines) -> Iterable[Item]:
    return (read_line(text, f"{name} line {number}") for number, text in lines)


def _counted(name: str, lines: Lines) -> int:
    for number, text in lines:
        item = read_line(text, f"{name} line {number}")
        if isinstance(item, Carried):
            _require_admitted(item.submission.record, f"{name} line {number}")
    return len(lines)


def _require_admitted(record: ModelRecord, name: str) -> None:
    """Raise RecordError for what a registry of an older release kept and not every one can."""
    try:
        admitted(record)
    except RecordError as error:
        raise RecordError(f"{name}: {error.message}", hint=error.hint) from error


def _prepared(name: str, lines: Lines) -> tuple[bytes, tuple[Item, ...]]:
    said, others = [], []
    for item in _items(name, lines):
        if isinstance(item, Carried) and item.tombstone is None:
            said.append(prepare(item.submission))
        else:
            others.append(item)
    return packed(said), tuple(others)
