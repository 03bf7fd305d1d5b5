# SPDX-License-Identifier: MIT
"""Choice of an engine: threads of this process, a temporary Dask cluster, or an existing cluster.

On Dask both function and argument are pickled, and a task whose worker died runs again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fairreg.errors import UsageError
from fairreg.services.parallel.base import Engine, ExecutionTarget, threads
from fairreg.settings import Settings
from fairreg.web import Log

__all__ = ["open_engine", "require_shared_registry"]


@contextmanager
def open_engine(target: ExecutionTarget, log: Log) -> Iterator[Engine]:
    """Open the engine for `target`; a temporary cluster always ends with the context.

    `log` is called with messages about the workers. Raises MissingEngine without the extra ``dask``,
    Unreachable where the scheduler does not respond or has no workers.
    """
    if target.in_process:
        with threads() as engine:
            yield engine
        return
    from fairreg.services.parallel.dask import at_scheduler, on_this_machine

    opened = (
        on_this_machine(target.workers or 1) if target.scheduler is None else at_scheduler(target.scheduler)
    )
    with opened as cluster:
        for line in cluster.differences():
            log(line)
        yield cluster


def require_shared_registry(engine: Engine, settings: Settings) -> None:
    """Raise UsageError if workers on other machines would need an SQLite registry of this machine."""
    if engine.remote and settings.database_url.startswith("sqlite"):
        raise UsageError(
            "The workers are on other machines, but the registry is an SQLite file on this one.",
            hint="Keep it in PostgreSQL (FAIRREG_DATABASE_URL), or use --workers.",
        )
