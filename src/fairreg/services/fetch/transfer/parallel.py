# SPDX-License-Identifier: MIT
"""Several transfers at a time: results in the order of the files, and one fault that loses no other file."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from fairreg.errors import FairregError, Offline, RateLimited, Unreachable
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.transfer import DEFAULT_JOBS, Progress
from fairreg.services.parallel.base import threads
from fairreg.web import Log, no_log

__all__ = ["transfer_all"]

# Fewer files without an answer do not tell of the next ones.
_LEAST_UNANSWERED = 3
_NAMED = 10  # faults that are logged one by one
Result = TypeVar("Result")


def transfer_all(
    transfer: Callable[[Distribution, Progress | None], Result],
    files: Sequence[Distribution],
    *,
    jobs: int = DEFAULT_JOBS,
    progress: Progress | None = None,
    log: Log = no_log,
    whole: bool = False,
) -> tuple[Result, ...]:
    """Call `transfer` for each file, `jobs` at a time in threads; return the results in order.

    A fault of one file does not stop the others, except one that meets all of them: a full disk, or for the
    files of one host its spent limit, or no answer for `jobs` of them in a row (3 at least). Once all have
    ended, the fault of the first file that has one is raised, and the others are logged. Where only the
    `whole` is of use, no file is begun after a fault. An interrupt ends the transfers at their next bytes.
    """
    attempts = [_Attempt[Result](item) for item in files]
    group = _Group(transfer, jobs, progress, whole=whole)
    with threads(max(1, min(jobs, len(files)))) as engine:
        try:
            waiting = [engine.submit(group.run, item) for item in attempts]
            for item in waiting:
                item.result()
        finally:
            group.interrupt()
    return _results(attempts, log)


class _Attempt(Generic[Result]):
    """A file with the result of its transfer, or its fault; neither if it was not started."""

    def __init__(self, file: Distribution) -> None:
        self.file = file
        self.results: tuple[Result, ...] = ()
        self.fault: FairregError | None = None


class _InterruptedError(Exception):
    """The command is over: its result is of no use to anybody."""


class _Group(Generic[Result]):
    """Transfers that run at the same time. `interrupt` ends them."""

    def __init__(
        self,
        transfer: Callable[[Distribution, Progress | None], Result],
        jobs: int,
        progress: Progress | None,
        *,
        whole: bool,
    ) -> None:
        self._whole = whole
        self._transfer, self._jobs, self._progress = transfer, jobs, progress
        self._lock = threading.Lock()
        self._unanswered: Counter[str] = Counter()  # files in a row, by host
        self._closed: set[str] = set()  # hosts that are asked for no more files
        self._ended = self._interrupted = False

    def interrupt(self) -> None:
        """End the transfers at their next bytes, and start no other."""
        self._ended = self._interrupted = True

    def run(self, attempt: _Attempt[Result]) -> None:
        """Transfer one file, unless a fault meets all of them, or all of its host."""
        host = urlsplit(str(attempt.file.url or "")).netloc
        if self._ended or host in self._closed:
            return
        try:
            attempt.results = (self._transfer(attempt.file, self._passed),)
        except _InterruptedError:
            return
        except FairregError as error:
            attempt.fault = error
        with self._lock:
            self._note(attempt.fault, host)

    def _note(self, fault: FairregError | None, host: str) -> None:
        """Draw the consequences of a fault, or of none, for the files that follow."""
        self._unanswered[host] = self._unanswered[host] + 1 if _is_unanswered(fault) else 0
        limited = isinstance(fault, RateLimited) and fault.retry_after > 0
        if limited or self._unanswered[host] >= max(self._jobs, _LEAST_UNANSWERED):
            self._closed.add(host)
        of_no_use = self._whole and fault is not None
        self._ended = self._ended or of_no_use or _meets_all(fault)

    def _passed(self, name: str, done: int, total: int | None) -> None:
        if self._interrupted:
            raise _InterruptedError
        if self._progress is not None:
            with self._lock:
                self._progress(name, done, total)


def _is_unanswered(fault: FairregError | None) -> bool:
    return isinstance(fault, Unreachable) and not fault.answered


def _meets_all(fault: FairregError | None) -> bool:
    """Tell whether the next files would meet the same fault, such as a disk that cannot be written."""
    return isinstance(fault, Offline) or type(fault) is FairregError


def _results(attempts: Sequence[_Attempt[Result]], log: Log) -> tuple[Result, ...]:
    faults = [(item.file, item.fault) for item in attempts if item.fault is not None]
    if not faults:
        return tuple(result for item in attempts for result in item.results)
    for file, fault in faults[1 : _NAMED + 1]:
        log(f"{file.name}: {fault.message}")
    if len(faults) > _NAMED + 1:
        log(f"{len(faults) - _NAMED - 1} more files failed.")
    there = sum(len(item.results) for item in attempts)
    log(f"{there} of {len(attempts)} files are in the cache; a repeated command brings only the others.")
    raise faults[0][1]
