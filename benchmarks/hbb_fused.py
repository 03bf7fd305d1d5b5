# SPDX-License-Identifier: MIT
"""The fused kernel of the Hbb network against fairreg's default, the published graph and the peak.

    python benchmarks/hbb_fused.py [--published FILE.onnx] [--jets 512] [--threads 2] [--rounds 9]

All take the same packaged jets with the same weights, in turns, in one process, so that a busy machine slows
all of them. The published graph has its best case: one jet a call, in as many threads as there are
processors; without FILE it is the definition with the reference weights, which is as fast.

It prints medians in jets per second, the ratios, the same for a single jet a call (the median of each jet's
times, averaged over jets), and the share of the processor's multiply-add peak. The peak is measured in the
same turns, by a loop of twelve independent multiply-adds of vectors in registers on every thread; it and the
share are per second of processor time, so that other programs take little from them. Counted are the products
that the definition needs once equal empty slots are computed once; what the kernel does besides, as copying
and adding, counts nothing.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from llvmlite import ir
from numpy.typing import NDArray

from fairreg.models.hbb_in import REFERENCE, sample
from fairreg.models.hbb_in.fused.code import COUNT, FLOATS, Code
from fairreg.models.hbb_in.fused.compiling import compiled, host_unit
from fairreg.models.hbb_in.network import INPUTS, Hyperparameters
from fairreg.models.hbb_in.pairwise import pairwise_bytes
from fairreg.models.hbb_in.runner import build
from fairreg.runners.cpu import processors
from fairreg.runners.weights import read_tensors

Array = NDArray[Any]
Compute = Callable[[Array, Array], Array]
PUBLISHED, DEFAULT, FUSED = "published ONNX, best", "fairreg, onnx", "fairreg, fused"
CHAINS = 12  # of multiply-adds that do not wait for each other
TURNS = 5_000_000
SINGLE_JETS = 40
SECONDS = 0.1  # at least, of a measurement


def main() -> None:
    asked = _arguments()
    tensors = dict(read_tensors(asked.published or REFERENCE))
    jets = sample()
    step = max(1, len(jets) // asked.jets)
    tracks, vertices = (
        np.ascontiguousarray(array[::step][: asked.jets]) for array in (jets.tracks, jets.vertices)
    )
    candidates = _candidates(asked, tensors)
    outputs = {name: compute(tracks, vertices) for name, compute in candidates.items()}
    rates: dict[str, list[float]] = {name: [] for name in candidates}
    singles: dict[str, list[Array]] = {name: [] for name in candidates}
    count = _multiply_adds(Hyperparameters.from_tensors(tensors), tracks, vertices)
    peaks, shares, peak = [], [], _peak(asked.threads)
    for _ in range(asked.rounds):
        peaks.append(peak())
        for name, compute in candidates.items():
            begin, runs, taken = time.process_time(), 0, 0.0
            while taken < SECONDS:
                runs, taken = runs + 1, taken + _seconds(compute, tracks, vertices)
            rates[name].append(runs * len(tracks) / taken)
            if name == FUSED:
                shares.append(runs * count / (time.process_time() - begin) / peaks[-1])
            singles[name].append(_single_jets(compute, tracks, vertices))
    print(f"{len(tracks)} packaged jets, {_real(tracks).mean():.1f} tracks each, {asked.threads} threads;")
    print(f"onnxruntime {onnxruntime.__version__}, llvmlite {version('llvmlite')}, {host_unit()}")
    for name, found in outputs.items():
        rate, difference = statistics.median(rates[name]), np.abs(found - outputs[PUBLISHED]).max()
        print(f"{name:>20}: {rate:8.0f} jets/s, {_said(rates, name)}, max |dp| {difference:.0e}")
    times = {name: np.median(found, axis=0).mean() for name, found in singles.items()}
    for name, taken in times.items():
        print(
            f"{name:>20}: {1e6 * taken:8.1f} us for one jet, {times[DEFAULT] / taken:5.2f} times the default"
        )
    top, share = statistics.median(peaks) / 1e9, statistics.median(shares)
    print(
        f"{count / len(tracks) / 1e6:.2f} million multiply-adds per jet; a processor makes {top:.0f} per ns,"
    )
    print(f"of which the fused run with all that is around it reaches {share:.0%}")


def _said(rates: dict[str, list[float]], name: str) -> str:
    """Ratios of the rates of the same turns."""
    ratios = (
        statistics.median(one / other for one, other in zip(rates[name], rates[base], strict=True))
        for base in (DEFAULT, PUBLISHED)
    )
    return f"{next(ratios):5.2f} times the default, {next(ratios):6.2f} times the published"


def _seconds(compute: Compute, tracks: Array, vertices: Array) -> float:
    begin = time.perf_counter()
    compute(tracks, vertices)
    return time.perf_counter() - begin


def _single_jets(compute: Compute, tracks: Array, vertices: Array) -> Array:
    """Times of some jets of the sample, one after another."""
    chosen = range(0, len(tracks), max(1, len(tracks) // SINGLE_JETS))
    return np.array([_seconds(compute, tracks[i : i + 1], vertices[i : i + 1]) for i in chosen])


def _candidates(asked: argparse.Namespace, tensors: dict[str, Array]) -> dict[str, Compute]:
    graph = asked.published.read_bytes() if asked.published else pairwise_bytes(tensors)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    pool = ThreadPoolExecutor(asked.threads)

    def published(tracks: Array, vertices: Array) -> Array:
        def one(jet: int) -> Array:
            given = (tracks[jet : jet + 1], vertices[jet : jet + 1])
            found: Array = session.run(None, dict(zip(INPUTS, given, strict=True)))[0]
            return found

        return np.concatenate(list((map if len(tracks) == 1 else pool.map)(one, range(len(tracks)))))

    runners = {
        name: build(tensors, runtime=runtime, threads=asked.threads, batch_size=4096)
        for name, runtime in ((DEFAULT, "onnx"), (FUSED, "fused"))
    }
    return {PUBLISHED: published, **{name: runner.predict for name, runner in runners.items()}}


def _real(objects: Array) -> Array:
    found: Array = objects.any(axis=1).sum(axis=1)
    return found


def _multiply_adds(sizes: Hyperparameters, tracks: Array, vertices: Array) -> int:
    """Products of these jets, where one slot stands for all empty ones."""
    shapes = sizes.shapes()

    def products(*layers: str) -> int:
        return sum(int(np.prod(shapes[f"{layer}.weight"])) for layer in layers)

    real, found = _real(tracks).astype(int), _real(vertices).astype(int)
    slots, seen = np.minimum(real + 1, sizes.n_tracks), np.minimum(found + 1, sizes.n_vertices)
    pairs = real * (real - 1) + np.where(real < sizes.n_tracks, 2 * real, 0)
    total = pairs * products("fr2", "fr3") + slots * products("fr1", "fo1", "fo2", "fo3")
    total += slots * seen * products("fr2_pv", "fr3_pv") + slots * products("fr1_pv")
    return int(total.sum())


def _peak(threads: int) -> Callable[[], float]:
    """A function that measures multiply-adds per second of processor time while all threads compute."""
    unit = host_unit()
    module = ir.Module("peak")
    code = Code(module, "peak", (FLOATS, COUNT), unit, public=True)
    data, count = code.arguments
    sums = code.accumulators(CHAINS)
    first, second = data.vector(), data.at(unit.width).vector()
    for place in sums:
        code.builder.store(first, place)
    with code.loop(count):
        for place in sums:
            code.builder.store(code.multiply_add(first, second, code.builder.load(place)), place)
    for number, place in enumerate(sums):
        data.at(number * unit.width).set_vector(code.builder.load(place))
    code.done()
    function, pool = compiled(str(module), "peak", "pi"), ThreadPoolExecutor(threads)
    rooms = [np.full(CHAINS * unit.width, 1e-3, np.float32) for _ in range(threads)]

    def measure() -> float:
        begin = time.process_time()
        list(pool.map(lambda room: function(room.ctypes.data, TURNS), rooms))
        return threads * TURNS * CHAINS * unit.width / (time.process_time() - begin)

    return measure


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published", type=Path, help="the published ONNX file")
    parser.add_argument("--jets", type=int, default=512)
    parser.add_argument("--threads", type=int, default=processors())
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args()


if __name__ == "__main__":
    main()
