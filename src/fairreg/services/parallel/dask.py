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
)  # seconds between two checks for workers, and the longest time without any
_RULES = {
    # Number of retries of a task whose worker died, before it is retried alone.
    "distributed.scheduler.allowed-failures": 1,
    # Workers compute as this process does: Dask would limit the threads of libraries, and return memory so
    # eagerly that arrays cost a tenth more. Their log would mix with the messages of the command.
    "distributed.nanny.pre-spawn-environ": {"DASK_LOGGING__DISTRIBUTED": "critical"},
}
_PORT = 8786  # Dask's own for a scheduler
_ANY_PORT = "127.0.0.1:0"


class DaskEngine(Engine):
    """The workers of a Dask client; `revive` requests new ones where all are gone."""

    def __init__(self, client: Any, place: str, revive: Callable[[], object] = lambda: None) -> None:
        self._client, self._place, self._revive = client, place, revive
        self._group, self._numbers = f"fairreg-{uuid4().hex}", count()
        self._under_way: dict[int, Any] = {}
        self.workers = max(1, sum(client.nthreads().values()))
        self.threads = 1
        self.remote = set(client.run(platform.node).values()) != {platform.node()}

    def submit(self, function: Callable[[Task], Result], task: Task) -> PendingResult:
        """Submit one task, under a name without its argument, because logs and Dask's dashboard show it."""
        future = self._client.submit(function, task, key=(self._group, next(self._numbers)), pure=False)
        self._under_way[id(future)] = future
        waiting: PendingResult = future
        return waiting

    def collect(
        self, function: Callable[[Task], Result], task: Task, waiting: PendingResult
    ) -> TaskResult[Task, Result]:
        """Wait for a task; one that seems to kill its workers is retried once, alone.

        Dask blames every task on a worker that died, although at most one of them was the cause.
        """
        from distributed.scheduler import KilledWorker

        with self._reached():
            done = self._outcome(task, waiting)
            if isinstance(done.fault, KilledWorker):
                for other in list(self._under_way.values()):
                    self._await(other.exception)
                done = self._outcome(task, self.submit(function, task))
        if isinstance(done.fault, KilledWorker):
            return TaskResult(task, fault=_fatal(self._place))
        return done

    def _outcome(self, task: Task, waiting: Any) -> TaskResult[Task, Any]:
        from distributed.scheduler import KilledWorker

        try:
            fault = self._await(waiting.exception)
            # A result may be lost with its worker before it is transferred; Dask then computes it again.
            result = self._await(waiting.result, growing=2) if fault is None else None
            return TaskResult(task, result, fault)
        except KilledWorker as error:
            return TaskResult(task, fault=error)
        finally:
            self._under_way.pop(id(waiting), None)

    def _await(self, ask: Callable[..., Any], growing: int = 1) -> Any:
        """Wait for the answer of `ask` as long as there are workers that could compute it.

        For large results each wait is `growing` times as long as the one before.
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
            f"The Dask scheduler at {self._place} has lost all workers.",
            hint="Finished work is kept; repeat the command to resume.",
        )

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Context manager: turn Dask's errors of a lost connection into Unreachable."""
        from distributed import CancelledError

        try:
            yield
        except (CancelledError, OSError) as error:
            raise Unreachable(
                f"The connection to the Dask scheduler at {self._place} was lost.",
                hint="Finished work is kept; repeat the command to resume.",
            ) from error

    def differences(self) -> Iterator[str]:
        """Yield warnings on workers whose Python or fairreg differs from that of this process.

        Raises FairregError for workers without fairreg.
        """
        found = self._client.get_versions(packages=["fairreg"])
        own = found["client"]["packages"]
        for package in ("python", "fairreg"):
            theirs = {item["packages"].get(package) for item in found["workers"].values()}
            if None in theirs and own[package] is not None:
                raise FairregError(
                    f"A worker of the scheduler at {self._place} has no {package}.",
                    hint=f"Install it on the workers: pip install {package}=={own[package]}",
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
            # Sending a task to a worker runs code as this user: TLS excludes other users of this machine.
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
    """Return a plugin that makes workers ignore the interrupt of the terminal, meant for their command."""
    from distributed import WorkerPlugin

    class IgnoreInterrupt(WorkerPlugin):  # type: ignore[misc]  # Dask is not typed for its users
        """Plugin sent to every worker when it starts."""

        def setup(self, worker: Any) -> None:  # noqa: ARG002  Dask's signature
            """Ignore SIGINT: the command ends its workers."""
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return IgnoreInterrupt()


@contextmanager
def at_scheduler(address: str) -> Iterator[DaskEngine]:
    """Use the workers of the scheduler at `address`, such as ``tcp://host:8786``; they outlive the context.

    Raises MissingEngine, UsageError for an invalid address, Unreachable without a response or workers.
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
        import cryptography  # noqa: F401  only to see whether it is installed
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingEngine("Dask distributed", "dask") from error


def _check_reachable(address: str) -> None:
    """Check that the port accepts connections; a client that fails to connect leaves threads behind."""
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
            hint=f"Start one with: dask worker {address}",
        ) from error


def _no_address(address: str) -> UsageError:
    return UsageError(
        f"{address!r} is not an address of a Dask scheduler.", hint="Use the form tcp://host:8786."
    )


def _silent_scheduler(address: str) -> Unreachable:
    return Unreachable(
        f"No Dask scheduler responds at {address}.",
        hint="Start one with `dask scheduler`, or use --workers N for processes on this machine.",
    )


def _fatal(place: str) -> FairregError:
    return FairregError(
        f"It killed every worker of {place} that it ran on.",
        hint="A worker that runs out of memory is killed like this; see the log of the workers.",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Context manager: silence Dask's log, which reports every worker that starts or stops."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
