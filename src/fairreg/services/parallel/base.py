# SPDX-License-Identifier: MIT
"""Parallel execution: the interface of an engine, and threads of this process as the simplest one.

A task is one argument of a function; where it runs changes nothing of its result, and results come in the
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

# Tasks begun for each that can run at once: enough that a slow one does not leave the others idle.
_AHEAD = 4


@dataclass(frozen=True)
class ExecutionTarget:
    """Where tasks run: in `workers` processes on this machine, at a Dask `scheduler`, by default right here.

    Raises UsageError where both are given.
    """

    workers: int | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.scheduler is not None:
            raise UsageError(
                "--workers starts processes on this machine, --scheduler uses those that run already.",
                hint="Give one of the two.",
            )

    @property
    def in_process(self) -> bool:
        """Whether all is done in this process."""
        return self.workers is None and self.scheduler is None


@dataclass(frozen=True)
class TaskResult(Generic[Task, Result]):
    """A task with what it returned, or with the `fault` that it raised."""

    task: Task
    result: Result | None = None
    fault: BaseException | None = None


class PendingResult(Protocol):
    """A result that is to come, as `concurrent.futures` and Dask have it. Both methods wait."""

    def exception(self) -> BaseException | None:
        """What the task raised, None for nothing."""
        ...

    def result(self) -> Any:
        """What the task returned."""
        ...


class _Submitted(NamedTuple):
    task: Any
    waiting: PendingResult


class Engine(ABC):
    """Runs tasks, `workers` at a time; used as a context, which is left without waiting for what still runs.

    `threads` is how many threads one task may use, None for one a processor. `remote` says that a worker
    is on another machine.
    """

    workers: int = 1
    threads: int | None = None
    remote: bool = False

    @abstractmethod
    def submit(self, function: Callable[[Task], Result], task: Task) -> PendingResult:
        """Begin one task."""

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
        """Every task with its outcome, in the order of the tasks; few more are begun than are soon needed.

        What one raises stops no other. Raises Unreachable where the scheduler is lost.
        """
        begun: deque[_Submitted] = deque()
        for task in tasks:
            begun.append(_Submitted(task, self.submit(function, task)))
            if len(begun) >= self.workers * _AHEAD:
                yield self.collect(function, *begun.popleft())
        while begun:
            yield self.collect(function, *begun.popleft())


class ThreadEngine(Engine):
    """Daemon threads of this process: who interrupts a run need not wait for the services that it asked."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self._pool = ThreadPool(workers)

    def submit(self, function: Callable[[Task], Result], task: Task) -> PendingResult:
        """Begin one task, whose argument is not copied."""
        future: Future[Result] = Future()
        self._pool.apply_async(function, (task,), {}, future.set_result, future.set_exception)
        return future

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.terminate()


@contextmanager
def threads(workers: int = 1) -> Iterator[Engine]:
    """An engine in this process for as long as the context lasts."""
    engine = ThreadEngine(workers)
    try:
        yield engine
    finally:
        engine.close()


def chunked(items: Iterable[Task], size: int) -> Iterator[tuple[Task, ...]]:
    """The items in tuples of `size`, the last one shorter."""
    left = iter(items)
    while portion := tuple(islice(left, size)):
        yield portion
