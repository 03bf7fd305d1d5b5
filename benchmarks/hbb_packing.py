# SPDX-License-Identifier: MIT
"""How fast checks and packs of jets could feed an accelerator: packaged jets, an engine that returns at once.

    python benchmarks/hbb_packing.py [--jets 1024] [--rounds 15]

Each of 1 and 2 threads checks a batch of its own and lays it out, in numpy and, where llvmlite is installed,
in machine code, in turns. It prints the best and the median of millions of jets per second.
"""

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in import sample
from fairreg.models.hbb_in.network import INPUTS, OUTPUT
from fairreg.models.hbb_in.packing import CALL, MOST_JETS, NumpyLayout, class_packs
from fairreg.models.hbb_in.published import PAPER
from fairreg.models.hbb_in.runner import HbbRunner
from fairreg.runners.base import Arrays, Runner

Layouts = tuple[NumpyLayout, NumpyLayout]


class _Packing(Runner):
    """Lays out a batch and computes nothing."""

    layouts: Layouts = (NumpyLayout(), NumpyLayout())

    def compute(self, arrays: Arrays) -> Arrays:
        tracks, vertices = (arrays[name] for name in INPUTS)
        for _ in class_packs(tracks, vertices, MOST_JETS, CALL, self.layouts):
            pass
        return {OUTPUT: np.zeros((len(tracks), 2), np.float32)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jets", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    batches = [_batch(asked.jets, seed) for seed in (1, 2)]
    runners = {name: _runner(layouts, asked.jets) for name, layouts in _layouts().items()}
    rates: dict[tuple[str, int], list[float]] = {}
    pools = {threads: ThreadPoolExecutor(threads) for threads in (1, 2)}
    for _ in range(asked.rounds):
        for name, runner in runners.items():
            for threads, pool in pools.items():
                begin = time.perf_counter()
                list(pool.map(lambda batch, run=runner: run.predict(*batch), 4 * batches[:threads]))
                rate = 4 * threads * asked.jets / (time.perf_counter() - begin)
                rates.setdefault((name, threads), []).append(rate / 1e6)
    for (name, threads), found in rates.items():
        best, usual = max(found), statistics.median(found)
        print(f"{name:>13}, {threads} threads: {best:.2f} at best, {usual:.2f} M jets/s")


def _layouts() -> dict[str, Layouts]:
    found: dict[str, Layouts] = {"numpy": (NumpyLayout(), NumpyLayout())}
    if find_spec("llvmlite"):
        from fairreg.models.hbb_in.fused.layout import CompiledLayout

        of_tracks = CompiledLayout(PAPER.track_features, PAPER.n_tracks)
        found["machine code"] = of_tracks, CompiledLayout(PAPER.vertex_features, PAPER.n_vertices)
    return found


def _runner(layouts: Layouts, jets: int) -> HbbRunner:
    from fairreg.models.hbb_in.inputs import signature

    packing = _Packing("packing", *signature(PAPER), batch_size=jets)
    packing.layouts = layouts
    return HbbRunner(packing, PAPER)


def _batch(count: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    jets = sample()
    chosen = np.random.default_rng(seed).integers(0, len(jets), count)
    return np.ascontiguousarray(jets.tracks[chosen]), np.ascontiguousarray(jets.vertices[chosen])


if __name__ == "__main__":
    main()
