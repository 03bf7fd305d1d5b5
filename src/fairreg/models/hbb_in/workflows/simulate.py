# SPDX-License-Identifier: MIT
"""Simulate: generate the open sample of jets as ROOT files with its record; parallel and resumable."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError, UsageError
from fairreg.models.hbb_in.content import content_digest
from fairreg.models.hbb_in.preparation import Ntuples
from fairreg.models.hbb_in.simulation.block import Block
from fairreg.models.hbb_in.simulation.record import RECORD_FILE, dataset_record
from fairreg.models.hbb_in.simulation.sample import SimulationPlan, make_file
from fairreg.storage.files import replacing

__all__ = ["Simulated", "SimulationPlan", "simulate"]

Progress = Callable[[int, int | None], None]
_PLAN_FILE = "plan.json"
_BLOCKS_PER_PROCESS = 25  # then fresh processes, because the compiled engines leak memory


@dataclass(frozen=True)
class Simulated:
    """Result of a run: all files of the sample in order, and the number that existed before."""

    files: tuple[Path, ...]
    record: Path
    skipped: int


def simulate(plan: SimulationPlan, folder: Path, *, workers: int, progress: Progress) -> Simulated:
    """Generate the files of `plan` that `folder` lacks, and the record of the sample.

    A file appears only once it is complete, and the number of processes does not change its bytes. The record
    states the digest of the content, which does not depend on last digits (see `content`). Raises ModelError
    if the folder contains another sample, MissingEngine without the extra ``simulate``.
    """
    _claim(folder, plan)
    blocks = plan.blocks()
    paths = tuple(folder / plan.file_name(block) for block in blocks)
    missing = [block for block, path in zip(blocks, paths, strict=True) if not path.is_file()]
    done = plan.jets - sum(block.signal + block.background for block in missing)
    progress(done, plan.jets)
    for made in _made(plan, folder, missing, workers):
        done += made
        progress(done, plan.jets)
    record = folder / RECORD_FILE
    content = content_digest(Ntuples.open([str(path) for path in paths]).contents())
    _write(record, dataset_record(plan, paths, content).to_jsonld())
    return Simulated(paths, record, len(blocks) - len(missing))


def _claim(folder: Path, plan: SimulationPlan) -> None:
    """Write the plan to the folder, or check that the plan there is the same."""
    identity, noted = plan.identity(), folder / _PLAN_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be created: {error.strerror}.") from error
    if noted.is_file():
        if _read(noted) != identity:
            raise ModelError(
                f"{folder} contains another sample, or one made by other versions of the software.",
                hint=f"Choose another folder; {_PLAN_FILE} there describes its sample.",
            )
    else:
        _write(noted, identity)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is damaged.", hint="Remove the folder, or choose another one.") from error


def _write(path: Path, document: dict[str, Any]) -> None:
    with replacing(path) as draft:
        draft.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _made(plan: SimulationPlan, folder: Path, blocks: list[Block], workers: int) -> Iterable[int]:
    """Make the blocks; yield the number of jets of each finished one."""
    # Not `max_tasks_per_child`: a pool that replaces its processes can deadlock (CPython issue 115634).
    portion = workers * _BLOCKS_PER_PROCESS
    for first in range(0, len(blocks), portion):
        yield from _portion_made(plan, folder, blocks[first : first + portion], workers)


def _portion_made(plan: SimulationPlan, folder: Path, blocks: list[Block], workers: int) -> Iterable[int]:
    # Fresh interpreters: the engines print and keep global state that this process should not have.
    with ProcessPoolExecutor(min(workers, len(blocks)), mp_context=get_context("spawn")) as pool:
        futures: list[Future[int]] = [pool.submit(make_file, folder, plan, block) for block in blocks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise ModelError(
                "A process of the simulation was killed, possibly for lack of memory.",
                hint="Repeat the command to make the missing files; fewer workers need less memory.",
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
