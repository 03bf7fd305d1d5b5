# SPDX-License-Identifier: MIT
"""Reading of an exported file for the registry, in several processes for a large file."""

import gc
import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from fairreg import rubrics
from fairreg.errors import RecordError
from fairreg.registry import (
    Assessment,
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

# Bytes of the file per chunk: about a thousand records.
_BYTES = 4 * 10**6
# Below this size a second process takes longer to start than it saves.
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
        """Yield the non-empty lines, each with its name for error messages."""
        with self.file.open("rb") as stream:
            stream.seek(self.start)
            content = BytesIO(stream.read(self.stop - self.start))
        for number, text in numbered(content, self.first):
            yield f"{self.file.name} line {number}", text


@dataclass(frozen=True)
class ImportBatch:
    """Some lines of a file: statements of sources, ready to be written, and other items."""

    statements: StatementBatch
    others: tuple[Item, ...]


class ExportReader:
    """Context manager that reads an exported file and ends the processes that help with a large one."""

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
        """Count the items of the file. Raises RecordError with the number of the first bad line."""
        return sum(self._each(_counted))

    def batches(self) -> Iterator[ImportBatch]:
        """Yield the whole file in order. Raises RecordError with the number of the first bad line."""
        for said, others in self._each(_prepared):
            yield ImportBatch(decode_batch(said), others)

    def _each(self, work: Callable[[_FileChunk], Result]) -> Iterator[Result]:
        """Yield the results of `work` for each chunk, in the order of the file."""
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
    # Spawned: a forked process would share the database connection of this one. Records contain no reference
    # cycles, so the cyclic garbage collector is off: it would cost a tenth of the time.
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=gc.disable)


def _processes() -> int:
    return min(_MOST_PROCESSES, os.cpu_count() or 1)


def _file_chunks(file: Path) -> Iterator[_FileChunk]:
    """Divide the file into chunks at line ends, without parsing it."""
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
        if isinstance(item, Assessment) and (fault := _fault_of(item)):
            raise RecordError(f"{name} is not an assessment: {fault}.", hint=_HINT)
        count += 1
    return count


def _require_admitted(record: ModelRecord, name: str) -> None:
    """Raise RecordError for values that older releases stored and not every database accepts."""
    try:
        storable_json(record)
    except RecordError as error:
        raise RecordError(f"{name}: {error.message}", hint=error.hint) from error


# As `fairreg.schemas.timestamps.now` writes it: texts of this form sort by time.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00")
_HINT = "Import files written by fairreg export."


def _fault_of(item: Assessment) -> str | None:
    """Return what no assessment can state, which would stand beside the scores of others; else None."""
    numbers = {"overall": item.overall, "coverage": item.coverage, **item.letters}
    wrong = [name for name, value in numbers.items() if value is not None and not 0 <= value <= 1]
    strange = sorted(set(item.letters) - set("FAIR"))
    latest = (datetime.now(UTC) + timedelta(days=1)).isoformat()  # clocks differ
    times = {"assessed_at": item.assessed_at, "judged_at": item.judged_at or item.assessed_at}
    odd = [name for name, value in times.items() if not _is_time(value) or value > latest]
    if strange:
        return f"there is no letter {', '.join(strange)}"
    if wrong:
        return f"{', '.join(wrong)}: not between 0 and 1"
    if odd:
        return f"{', '.join(odd)}: not a past time such as 2026-11-22T00:00:00+00:00"
    # Rubrics before 2.0 had numbers at any coverage; scores of an older rubric are never shown.
    return _fault_of_scores(item) if item.rubric_version == rubrics.VERSIONS.get(item.rubric) else None


class _ReportedScores(msgspec.Struct):
    """The scores in a stored report."""

    rubric: str
    rubric_version: str
    overall: float | None
    coverage: float
    letters: dict[str, float | None]
    letter_intervals: dict[str, tuple[float, float] | None]


_REPORT = msgspec.json.Decoder(_ReportedScores)


def _fault_of_scores(item: Assessment) -> str | None:
    """Return why the scores are not those of a report by the present rubric; None where they are."""
    if item.overall is not None and item.coverage < rubrics.ENOUGH:
        return f"an overall score needs a coverage of {rubrics.ENOUGH:.0%}, not {item.coverage:.0%}"
    try:
        report = _REPORT.decode(item.report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "its report holds no scores"
    own = (item.rubric, item.rubric_version, item.overall, item.coverage, dict(item.letters))
    told = (report.rubric, report.rubric_version, report.overall, report.coverage, report.letters)
    if own != told:
        return "its scores are not those of its report"
    lacking = [
        letter
        for letter in "FAIR"
        if report.letters.get(letter) is None and report.letter_intervals.get(letter, _ANY) is not None
    ]
    if item.overall is not None and lacking:
        return f"an overall score needs a number for {', '.join(lacking)}"
    return None


_ANY = (0.0, 1.0)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _TIME.fullmatch(text) is not None


def _prepared(portion: _FileChunk) -> tuple[bytes, tuple[Item, ...]]:
    others: list[Item] = []
    batch = build_batch(_submissions(portion, others))
    return encode_batch(batch), tuple(others)


def _submissions(portion: _FileChunk, others: list[Item]) -> Iterator[Submission]:
    """Yield the submissions of sources one by one, to bound the memory; add all other items to `others`."""
    for name, text in portion.lines():
        item = read_line(text, name)
        if isinstance(item, ExportedStatement) and item.tombstone is None:
            yield item.submission
        else:
            others.append(item)
