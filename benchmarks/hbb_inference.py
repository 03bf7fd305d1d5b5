# SPDX-License-Identifier: MIT
"""Speed of the Hbb network on the CPU: fairreg's runner against the network as it is defined.

    python benchmarks/hbb_inference.py [--sample FILE] [--published FILE.onnx] [--jets 512] [--rounds 5]

All candidates hold the same weights and see the same jets, in turns, in one process:

- the definition in onnxruntime, pair by pair, or the published ONNX file where one is given: full batches on
  all processors, and at its best, one jet a call in as many threads as there are processors;
- the definition in PyTorch, where that is installed;
- fairreg's runners.

`fairreg hbb benchmark` compares more runtimes at more batch sizes; this script gives the definition its best
case, too. It prints the largest difference in probability to the first, each median rate, and the ratios.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from fairreg.models.hbb_in import load_jets, sample
from fairreg.models.hbb_in.network import INPUTS, OUTPUT
from fairreg.models.hbb_in.pairwise import pairwise_bytes
from fairreg.models.hbb_in.published import PAPER
from fairreg.models.hbb_in.runner import build
from fairreg.runners.weights import read_tensors

Arrays = dict[str, NDArray[np.float32]]
Candidate = Callable[[Arrays], NDArray[np.float32]]
BATCH = 128


def main() -> None:
    asked = _arguments()
    jets = load_jets(asked.sample) if asked.sample else sample()
    arrays = {
        name: np.ascontiguousarray(array[:: max(1, len(jets) // asked.jets)][: asked.jets], dtype=np.float32)
        for name, array in zip(INPUTS, (jets.tracks, jets.vertices), strict=True)
    }
    candidates = _candidates(asked)
    outputs = {name: predict(arrays) for name, predict in candidates.items()}
    rates: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(asked.rounds):
        for name, predict in candidates.items():
            begin = time.perf_counter()
            predict(arrays)
            rates[name].append(asked.jets / (time.perf_counter() - begin))
    _print(asked, arrays, outputs, {name: statistics.median(found) for name, found in rates.items()})


def _candidates(asked: argparse.Namespace) -> dict[str, Candidate]:
    tensors = dict(read_tensors(asked.published)) if asked.published else _random_weights()
    model = asked.published.read_bytes() if asked.published else pairwise_bytes(tensors)
    whole, single = _session(model), _session(model, threads=1)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pool = ThreadPoolExecutor(processors)
    found: dict[str, Candidate] = {
        f"definition, batch {BATCH}": lambda arrays: _in_batches(whole, arrays, BATCH),
        "definition, a jet a call": lambda arrays: np.concatenate(
            list(pool.map(lambda jet: _call(single, arrays, jet, 1), range(len(arrays[INPUTS[0]]))))
        ),
    }
    if find_spec("torch"):
        found["definition, PyTorch"] = _torch_definition(tensors)
        found["fairreg, PyTorch"] = _predict(build(tensors, runtime="torch"))
    found["fairreg, onnxruntime"] = _predict(build(tensors, batch_size=4096))
    return found


def _predict(runner: Any) -> Candidate:
    return lambda arrays: runner.run(arrays)[OUTPUT]


def _print(
    asked: argparse.Namespace,
    arrays: Arrays,
    outputs: dict[str, NDArray[np.float32]],
    rates: dict[str, float],
) -> None:
    tracks = arrays[INPUTS[0]].any(axis=1).sum(axis=1).mean()
    reference = next(iter(outputs))
    ours = rates["fairreg, onnxruntime"]
    print(f"{asked.jets} jets with {tracks:.1f} tracks on average, onnxruntime {onnxruntime.__version__}")
    for name, rate in rates.items():
        difference = np.abs(outputs[name] - outputs[reference]).max()
        print(
            f"{name:>26}: {rate:8.0f} jets/s, max |dp| {difference:.1e}, fairreg is {ours / rate:5.2f} times"
        )


def _torch_definition(tensors: Arrays) -> Candidate:
    """The definition, written down plainly: every pair's features side by side."""
    import torch

    from fairreg.models.hbb_in.pytorch.definition import network

    probabilities = network(tensors)

    def predict(arrays: Arrays) -> NDArray[np.float32]:
        parts = []
        with torch.inference_mode():
            for first in range(0, len(arrays[INPUTS[0]]), BATCH):
                batch = (torch.from_numpy(arrays[name][first : first + BATCH]) for name in INPUTS)
                parts.append(probabilities(*batch).numpy())
        return np.concatenate(parts)

    return predict


def _random_weights() -> Arrays:
    random = np.random.default_rng(1)
    tensors = {
        name: (random.normal(size=shape) / np.sqrt(shape[-1])).astype(np.float32)
        for name, shape in PAPER.shapes().items()
    }
    # The sums run over thousands of pairs: this keeps the probabilities away from 0 and 1.
    tensors["fc_fixed.weight"] *= np.float32(1e-4)
    return tensors


def _session(model: bytes, threads: int = 0) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _in_batches(session: onnxruntime.InferenceSession, arrays: Arrays, batch: int) -> NDArray[np.float32]:
    count = len(next(iter(arrays.values())))
    return np.concatenate([_call(session, arrays, first, batch) for first in range(0, count, batch)])


def _call(
    session: onnxruntime.InferenceSession, arrays: Arrays, first: int, batch: int
) -> NDArray[np.float32]:
    inputs = {name: array[first : first + batch] for name, array in arrays.items()}
    found: NDArray[np.float32] = session.run(None, inputs)[0]
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=Path, help="jets to run on (default: the packaged ones)")
    parser.add_argument("--published", type=Path, help="the published ONNX file, to compare with it")
    parser.add_argument("--jets", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
