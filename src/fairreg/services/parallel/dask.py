# SPDX-License-Identifier: MIT
"""Dask distributed as an engine: processes on this machine, or the workers of a scheduler."""

import logging
import platform
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from fairreg.errors import FairregError, MissingEngine, Unreachable, UsageError
from fairreg.services.parallel.base import Engine, PendingResult, TaskResult

__all__ = ["DaskEngine", "at_scheduler", "on_this_machine", "require"]

Task = TypeVar("Task")
Result = TypeVar("Result")

_SECONDS = 10
_CHECK_SECONDS, _START_SECONDS = (
    2.0,
    120.0,
)  # seconds between two looks for workers, and until none is too long
_RULES = {
    # A task whose worker died begins anew so often before it is looked at alone.
    "distributed.scheduler.allowed-failures": 1,
    # Workers compute as this process does: Dask would limit the threads of libraries, and give memory back so
    # eagerly that arrays cost a tenth more. Their log would come between what the command says.
    "distributed.nanny.pre-spawn-environ": {"DASK_LOGGING__DISTRIBUTED": "critical"},
}
_PORT = 8786  # Dask's own for a scheduler
_ANY_PORT = "127.0.0.1:0"


class DaskEngine(Engine):
    """The workers that a Dask client reaches; `revive` asks for new ones where all of them are gone."""

    def __init__(self, client: Any, place: str, revive: Callable[[], object] = lambda: None) -> None:
        self._client, self._place, self._revive = client, place, revive
        self._group, self._numbers = f"fairreg-{uuid4().hex}", count()
        self._under_way: dict[int, Any] = {}
        self.workers = max(1, sum(client.nthreads().values()))
        self.threads = 1
        self.remote = set(client.run(platform.node).values()) != {platform.node()}

    def submit(self, function: Callable[[Task], Result], task: Task) -> PendingResult:
        """Begin one task. No part of its argument is in its name, which logs and Dask's dashboard show."""
        future = self._client.submit(function, task, key=(self._group, next(self._numbers)), pure=False)
        self._under_way[id(future)] = future
        waiting: PendingResult = future
        return waiting

    def collect(
        self, function: Callable[[Task], Result], task: Task, waiting: PendingResult
    ) -> TaskResult[Task, Result]:
        """Wait for a task; one that seems to end its workers is tried once more with nothing beside it.

        Dask blames every task that a worker had when it died, of which one at most did it.
        """
        from distributed.scheduler import KilledWorker

        with self._reached():
            done = self._outcome(task, waiting)
            if isinstance(done.fault, KilledWorker):
                for other in list(self._under_way.values()):
                    self._asked(other.exception)
                done = self._outcome(task, self.submit(function, task))
        if isinstance(done.fault, KilledWorker):
            return TaskResult(task, fault=_fatal(self._place))
        return done

    def _outcome(self, task: Task, waiting: Any) -> TaskResult[Task, Any]:
        from distributed.scheduler import KilledWorker

        try:
            fault = self._asked(waiting.exception)
            # A result may be lost with its worker before it is here; Dask then has it computed once more.
            result = self._asked(waiting.result, growing=2) if fault is None else None
            return TaskResult(task, result, fault)
        except KilledWorker as error:
            return TaskResult(task, fault=error)
        finally:
            self._under_way.pop(id(waiting), None)

    def _asked(self, ask: Callable[..., Any], growing: int = 1) -> Any:
        """What `ask` answers, waited for as long as there are workers that could do it.

        What may take long to arrive needs longer waits, `growing` so many times with each.
        """
        seconds, alone = _CHECK_SECONDS, 0.0
        while alone < _START_SECONDS:
            try:
                return ask(timeout=seconds)
            except TimeoutError:
                alone = 0 if self._client.nthreads() else alone + seconds
                if alone:
                    # A process that dies while it starts is not always replaced.
                    self._revive()
                seconds *= growing
        raise Unreachable(
            f"The Dask scheduler at {self._place} has no workers any more.",
            hint="What was finished is kept; the same command goes on from there.",
        )

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Unreachable for what Dask raises when it has no connection any more."""
        from distributed import CancelledError

        try:
            yield
        except (CancelledError, OSError) as error:
            raise Unreachable(
                f"The Dask scheduler at {self._place} was lost.",
                hint="What was finished is kept; the same command goes on from there.",
            ) from error

    def differences(self) -> Iterator[str]:
        """What to know of workers whose Python or fairreg is not that of this process.

        Raises FairregError for workers that have no fairreg.
        """
        found = self._client.get_versions(packages=["fairreg"])
        own = found["client"]["packages"]
        for package in ("python", "fairreg"):
            theirs = {item["packages"].get(package) for item in found["workers"].values()}
            if None in theirs and own[package] is not None:
                raise FairregError(
                    f"A worker of the scheduler at {self._place} has no {package}.",
                    hint=f"Install it there, too: pip install {package}=={own[package]}",
                )
            if others := sorted(theirs - {own[package], None}):
                yield (
                    f"Warning: the workers run {package} {', '.join(others)}, this process {own[package]}; "
                    "results may differ."
                )


@contextmanager
def on_this_machine(workers: int) -> Iterator[DaskEngine]:
    """A cluster of `workers` processes that ends with the context. Raises MissingEngine."""
    require()
    import dask
    from distributed import Client, LocalCluster

    from fairreg.runners.cpu import processors

    with (
        _quiet(),
        dask.config.set(_RULES),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=_ANY_PORT,
            worker_dashboard_address=_ANY_PORT,
            # Who may send a task to a worker runs code as this user: nobody else on this machine shall.
            security=True,
            silence_logs=logging.CRITICAL,
        ) as processes,
        Client(processes, set_as_default=False) as client,
    ):
        client.register_plugin(_unresponsive())
        cluster = DaskEngine(client, processes.scheduler_address, partial(processes.scale, workers))
        cluster.threads = max(1, processors() // workers)
        yield cluster


def _unresponsive() -> Any:
    """What keeps workers from hearing the interrupt of the terminal, which means their command."""
    from distributed import WorkerPlugin

    class Deaf(WorkerPlugin):  # type: ignore[misc]  # Dask is not typed for its users
        """Is sent to every worker when it starts."""

        def setup(self, worker: Any) -> None:  # noqa: ARG002  Dask's signature
            """Leave the ending to the command."""
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Deaf()


@contextmanager
def at_scheduler(address: str) -> Iterator[DaskEngine]:
    """The workers of the scheduler at `address`, such as ``tcp://host:8786``; they outlive the context.

    Raises MissingEngine, UsageError for what is no address, Unreachable without an answer or workers.
    """
    require()
    from distributed import Client

    _check_reachable(address)
    with _quiet():
        try:
            client = Client(address, timeout=_SECONDS, set_as_default=False)
        except ValueError as error:
            raise _no_address(address) from error
        except OSError as error:
            raise _silent_scheduler(address) from error
        with client:
            _wait_for_workers(client, address)
            yield DaskEngine(client, address)


def require() -> None:
    """Raise MissingEngine without the extra ``dask``."""
    try:
        import cryptography  # noqa: F401  only whether they can be
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingEngine("Dask distributed", "dask") from error


def _check_reachable(address: str) -> None:
    """Find out whether anybody listens; a client that fails to connect leaves threads behind."""
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        host, port = parts.hostname, parts.port or _PORT
    except ValueError as error:
        raise _no_address(address) from error
    if parts.scheme not in {"tcp", "tls"} or not host:
        raise _no_address(address)
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except (OSError, UnicodeError) as error:
        raise _silent_scheduler(address) from error


def _wait_for_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_SECONDS)
    except TimeoutError as error:
        raise Unreachable(
            f"The Dask scheduler at {address} has no workers.",
            hint=f"Start some with: dask worker {address}",
        ) from error


def _no_address(address: str) -> UsageError:
    return UsageError(
        f"{address!r} is no address of a Dask scheduler.", hint="Give one such as tcp://host:8786."
    )


def _silent_scheduler(address: str) -> Unreachable:
    return Unreachable(
        f"There is no Dask scheduler that answers at {address}.",
        hint="Start one with `dask scheduler`, or use --workers N for processes on this machine.",
    )


def _fatal(place: str) -> FairregError:
    return FairregError(
        f"It ended every worker of {place} that it ran on.",
        hint="A worker that runs out of memory ends like this; see the log of the workers.",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Dask's log, which tells of every worker that comes or goes."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
