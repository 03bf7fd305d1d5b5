# SPDX-License-Identifier: MIT
"""Parallel execution: the interface of an engine, and threads of this process as the simplest one.

A task is one argument of a function; its result does not depend on where it runs, and results come in the
order of the tasks."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.pool import ThreadPool
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from fairreg.errors import UsageError

__all__ = ["Engine", "ExecutionTarget", "PendingResult", "TaskResult", "chunked", "threads"]

Task = TypeVar("Task")
Result = TypeVar("Result")

# Submitted tasks per worker: enough that a slow task does not leave the other workers idle.
_AHEAD = 4


@dataclass(frozen=True)
class ExecutionTarget:
    """Place of execution: `workers` processes on this machine, a Dask `scheduler`, or this process (default).

    Raises UsageError if both are given.
    """

    workers: int | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.scheduler is not None:
            raise UsageError(
                "--workers starts processes on this machine, --scheduler uses those of a running cluster.",
                hint="Give one of the two.",
            )

    @property
    def in_process(self) -> bool:
        """True if tasks run in this process."""
        return self.workers is None and self.scheduler is None


@dataclass(frozen=True)
class TaskResult(Generic[Task, Result]):
    """A task with its result, or with the `fault` that it raised."""

    task: Task
    result: Result | None = None
    fault: BaseException | None = None


class PendingResult(Protocol):
    """A future, as of `concurrent.futures` and Dask. Both methods wait."""

    def exception(self) -> BaseException | None:
        """The exception that the task raised, or None."""
        ...

    def result(self) -> Any:
        """The return value of the task."""
        ...


class _Submitted(NamedTuple):
    task: Any
    waiting: PendingResult


class Engine(ABC):
    """Runs tasks, `workers` at a time; a context manager that exits without waiting for running tasks.

    `threads` is the number of threads that one task may use, None for one per processor. `remote` is true if
    a worker is on another machine.
    """

    workers: int = 1
    threads: int | None = None
    remote: bool = False

    @abstractmethod
    def submit(self, function: Callable[[Task], Result], task: Task) -> PendingResult:
        """Submit one task."""

    def collect(
        self, function: Callable[[Task], Result], task: Task, waiting: PendingResult
    ) -> TaskResult[Task, Result]:
        """Wait for a task."""
        del function
        fault = waiting.exception()
        return TaskResult(task, fault=fault) if fault is not None else TaskResult(task, waiting.result())

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[TaskResult[Task, Result]]:
        """Yield every task with its outcome, in order; only a few tasks are submitted in advance.

        An exception in one task does not stop the others. Raises Unreachable if the scheduler is lost.
        """
        begun: deque[_Submitted] = deque()
        for task in tasks:
            begun.append(_Submitted(task, self.submit(function, task)))
            if len(begun) >= self.workers * _AHEAD:
                yield self.collect(function, *begun.popleft())
        while begun:
            yield self.collect(function, *begun.popleft())


class ThreadEngine(Engine):
    """Daemon threads of this process: an interrupt ends the run without waiting for pending requests."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self._pool = ThreadPool(workers)

    def submit(self, function: Callable[[Task], Result], task: Task) -> PendingResult:
        """Submit one task, whose argument is not copied."""
        future: Future[Result] = Future()
        self._pool.apply_async(function, (task,), {}, future.set_result, future.set_exception)
        return future

    def close(self) -> None:
        """Start no further tasks."""
        self._pool.terminate()


@contextmanager
def threads(workers: int = 1) -> Iterator[Engine]:
    """Context manager: an engine of threads in this process."""
    engine = ThreadEngine(workers)
    try:
        yield engine
    finally:
        engine.close()


def chunked(items: Iterable[Task], size: int) -> Iterator[tuple[Task, ...]]:
    """Yield the items in tuples of `size`, the last one possibly shorter."""
    left = iter(items)
    while portion := tuple(islice(left, size)):
        yield portion
