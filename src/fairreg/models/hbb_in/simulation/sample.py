# SPDX-License-Identifier: MIT
"""Plan of a sample: numbers of jets, seed and files; each file is one block."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fairreg.errors import UsageError
from fairreg.models.hbb_in.simulation import clustering, ntuple, processes
from fairreg.models.hbb_in.simulation.block import Block, make_block

__all__ = ["GENERATOR_VERSION", "SimulationPlan", "address", "make_file", "versions"]

GENERATOR_VERSION = "1"  # increased when the same seed gives other jets
_SOFTWARE = ("fairreg", "pythia8mc", "fastjet", "numpy", "awkward", "uproot")


@dataclass(frozen=True)
class SimulationPlan:
    """`jets` jets, `signal_jets` of them H->bb, in files of `jets_per_file` (the last one may be smaller)."""

    seed: int
    jets: int
    signal_jets: int
    jets_per_file: int

    def __post_init__(self) -> None:
        if self.jets < 1 or self.jets_per_file < 1 or not 0 <= self.signal_jets <= self.jets:
            raise UsageError("A sample needs at least one jet, and at most as many signal jets as jets.")
        if self.seed < 0:
            raise UsageError("The seed is negative.", hint="Give 0 or more.")

    def blocks(self) -> tuple[Block, ...]:
        """The blocks, each with its share of signal jets."""
        blocks = []
        for number, first in enumerate(range(0, self.jets, self.jets_per_file)):
            last = min(first + self.jets_per_file, self.jets)
            signal = last * self.signal_jets // self.jets - first * self.signal_jets // self.jets
            blocks.append(Block(self.seed, number, signal, last - first - signal))
        return tuple(blocks)

    def file_name(self, block: Block) -> str:
        """Name of the block's file; names sort in the order of the blocks."""
        return f"jets-{block.number:05d}.root"

    def identity(self) -> dict[str, Any]:
        """The plan and the versions of the software, which determine the bytes of the sample."""
        return {"generator_version": GENERATOR_VERSION, **asdict(self), "software": versions()}


def versions() -> dict[str, str]:
    """Versions of the software that determines the jets; MissingEngine where one is not installed."""
    from importlib.metadata import version

    for engine in (processes.engine, clustering.engine, ntuple.engine):
        engine()
    return {name: version(name) for name in _SOFTWARE}


def make_file(folder: Path, plan: SimulationPlan, block: Block) -> int:
    """Write the block's file in `folder`; return the number of its jets."""
    with _quiet():
        columns = make_block(block)
    ntuple.write_ntuple(folder / plan.file_name(block), columns, address(plan, block))
    return len(columns)


def address(plan: SimulationPlan, block: Block) -> str:
    """Return the address that identifies a block's file among all samples.

    It is part of the bytes of the file: words and their order are those of generator version 1, whatever the
    classes are called.
    """
    of_plan, of_block = (
        ", ".join(f"{name}={value}" for name, value in asdict(item).items()) for item in (plan, block)
    )
    return f"https://w3id.org/fairreg/hbb/Plan({of_plan})/Block({of_block})"


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard the standard output of compiled code (FastJet's banner)."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
