# SPDX-License-Identifier: MIT
"""Tasks in this process, on a cluster of processes and at a scheduler: the same results in the same order."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.errors import ChecksumMismatch, FairregError, MissingEngine, Unreachable, UsageError
from fairreg.services.parallel import dask
from fairreg.services.parallel.base import ExecutionTarget, chunked, threads
from fairreg.services.parallel.engines import open_engine, require_shared_registry
from support import tasks


@pytest.fixture(autouse=True)
def in_no_hurry(monkeypatch):
    """However busy the machine is, a scheduler that is there is reached."""
    monkeypatch.setattr(dask, "_SECONDS", 100)


def silent(_line):
    pass


@pytest.fixture(scope="module")
def cluster():
    with open_engine(ExecutionTarget(workers=2), silent) as engine:
        yield engine


@contextmanager
def own_scheduler(workers):
    """A scheduler with so many workers in a process of its own: the process and the address."""
    code = (
        "import asyncio\nfrom contextlib import AsyncExitStack\nfrom distributed import Scheduler, Worker\n"
        "async def main():\n"
        "    here = {'host': '127.0.0.1', 'dashboard_address': '127.0.0.1:0'}\n"
        "    async with AsyncExitStack() as stack:\n"
        "        one = await stack.enter_async_context(Scheduler(port=0, **here))\n"
        f"        for _ in range({workers}):\n"
        "            await stack.enter_async_context(Worker(one.address, nthreads=1, **here))\n"
        "        print(one.address, flush=True)\n"
        "        await one.finished()\n"
        "asyncio.run(main())"
    )
    path = os.pathsep.join(sys.path)
    command, environment = [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture(scope="module")
def scheduler():
    with own_scheduler(workers=2) as (_, address):
        yield address


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(1, 5))
def test_portions_hold_every_item_once_and_in_order(items, size):
    found = list(chunked(items, size))
    assert [item for portion in found for item in portion] == items
    assert all(len(portion) == size for portion in found[:-1])
    assert all(0 < len(portion) <= size for portion in found)


@pytest.mark.parametrize("workers", [1, 3])
def test_results_of_threads_come_in_the_order_of_the_tasks(workers):
    with threads(workers) as engine:
        assert [done.result for done in engine.map(tasks.squared, range(20))] == [n * n for n in range(20)]


def test_results_of_processes_come_in_the_order_of_the_tasks(cluster):
    found = list(cluster.map(tasks.squared, range(40)))
    assert [(done.task, done.result, done.fault) for done in found] == [(n, n * n, None) for n in range(40)]


def test_both_workers_of_a_cluster_work(cluster):
    found = {done.result for done in cluster.map(tasks.process, range(40))}
    assert len(found) == 2
    assert os.getpid() not in found


def test_tasks_are_taken_no_faster_than_they_are_done(cluster):
    taken = []

    def given_out():
        for number in range(100):
            taken.append(number)
            yield number

    results = cluster.map(tasks.squared, given_out())
    next(results)
    assert len(taken) <= 4 * cluster.workers
    results.close()


def test_what_a_task_raises_is_its_outcome_with_all_it_says_and_stops_no_other(cluster):
    with threads(2) as here:
        for engine in (here, cluster):
            found = list(engine.map(tasks.faulty, range(6)))
            assert [done.result for done in found] == [None, None, 2, None, None, 5]
            mismatch = found[3].fault
            assert isinstance(mismatch, ChecksumMismatch)
            assert (mismatch.message, mismatch.name) == ("Number 3 is not the published one.", "a.bin")
            assert mismatch.hint == "Try again."
            assert isinstance(found[1].fault, ZeroDivisionError)


def test_every_error_survives_the_way_between_processes():
    for error in (MissingEngine("Dask distributed", "dask"), Unreachable("Nobody answers.", hint="Wait.")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert (str(again), again.message, again.hint) == (str(error), error.message, error.hint)


def test_a_killed_worker_costs_only_its_tasks_which_run_again(tmp_path):
    with open_engine(ExecutionTarget(workers=2), silent) as engine:

        def kill():
            seen = tmp_path / "2.pid"
            while not (seen.exists() and seen.read_text()):
                time.sleep(0.01)
            os.kill(int(seen.read_text()), signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        found = list(engine.map(tasks.once_deadly, [(number, str(tmp_path)) for number in range(12)]))
        killer.join()
    assert [(done.result, done.fault) for done in found] == [(number, None) for number in range(12)]


@pytest.mark.long
def test_a_task_that_ends_every_worker_fails_alone_and_with_a_sentence():
    with open_engine(ExecutionTarget(workers=1), silent) as engine:
        found = list(engine.map(tasks.deadly, [1, 2, -1, 3, 4, 5]))
    assert [done.result for done in found] == [1, 2, None, 3, 4, 5]
    assert isinstance(found[2].fault, FairregError)
    assert "killed every worker" in found[2].fault.message


def test_leaving_a_cluster_early_ends_its_processes():
    with open_engine(ExecutionTarget(workers=1), silent) as engine:
        (process,) = {done.result for done in engine.map(tasks.process, range(2))}
        engine.submit(time.sleep, 60)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_scheduler_is_used_and_outlives_its_user(scheduler):
    for _ in range(2):
        with open_engine(ExecutionTarget(scheduler=scheduler), silent) as engine:
            assert [done.result for done in engine.map(tasks.squared, range(5))] == [0, 1, 4, 9, 16]
            assert engine.workers == 2
            assert not engine.remote


def test_a_scheduler_that_does_not_answer_is_a_sentence():
    with pytest.raises(Unreachable, match=r"No Dask scheduler responds at tcp://127\.0\.0\.1:9"):
        enter(ExecutionTarget(scheduler="tcp://127.0.0.1:9"))


@pytest.mark.parametrize("address", ["http://127.0.0.1:8786", "tcp://", "tcp://host:port", "tcp://[::1", ""])
def test_what_is_no_address_of_a_scheduler_is_wrong_usage(address):
    with pytest.raises(UsageError, match="not an address of a Dask scheduler"):
        enter(ExecutionTarget(scheduler=address))


def enter(where):
    with open_engine(where, silent):
        pass


def test_workers_and_a_scheduler_together_are_wrong_usage():
    with pytest.raises(UsageError, match="--scheduler"):
        ExecutionTarget(workers=2, scheduler="tcp://127.0.0.1:8786")


@pytest.mark.parametrize(
    "where", [ExecutionTarget(workers=1), ExecutionTarget(scheduler="tcp://127.0.0.1:8786")]
)
def test_without_dask_the_extra_is_named(monkeypatch, where):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingEngine) as caught:
        enter(where)
    assert "fairreg[dask]" in caught.value.hint


def test_workers_of_another_release_are_told(scheduler, monkeypatch):
    with open_engine(ExecutionTarget(scheduler=scheduler), silent) as engine:
        told = engine._client.get_versions(packages=["fairreg"])
        for item in told["workers"].values():
            item["packages"]["fairreg"] = "9.9.9"
        monkeypatch.setattr(engine._client, "get_versions", lambda packages: told)
        assert ["fairreg 9.9.9" in line for line in engine.differences()] == [True]
        for item in told["workers"].values():
            item["packages"]["fairreg"] = None
        with pytest.raises(FairregError, match="has no fairreg"):
            list(engine.differences())


def test_a_scheduler_without_workers_is_a_sentence(monkeypatch):
    wait = dask._wait_for_workers

    def wait_a_moment(client, address):
        monkeypatch.setattr(dask, "_SECONDS", 0.1)
        wait(client, address)

    monkeypatch.setattr(dask, "_wait_for_workers", wait_a_moment)
    with own_scheduler(workers=0) as (_, address), pytest.raises(Unreachable, match="has no workers"):
        enter(ExecutionTarget(scheduler=address))


@pytest.mark.long
def test_a_scheduler_that_is_lost_on_the_way_is_a_sentence():
    with (
        own_scheduler(workers=1) as (process, address),
        open_engine(ExecutionTarget(scheduler=address), silent) as engine,
    ):
        results = engine.map(tasks.squared, range(10_000))
        next(results)
        engine._client._timeout = 1  # seconds in which it tries to reach the scheduler again
        process.kill()
        with pytest.raises(Unreachable, match="was lost"):
            deque(results)


@pytest.mark.engines("sqlite")
def test_a_registry_that_workers_elsewhere_cannot_open_is_refused(settings):
    with threads() as engine:
        require_shared_registry(engine, settings)
        engine.remote = True
        with pytest.raises(UsageError, match="SQLite"):
            require_shared_registry(engine, settings)
