# SPDX-License-Identifier: MIT
"""What other engines, graphs and options would give the Hbb network on the CPU.

    python benchmarks/hbb_engines.py [WEIGHTS] [--sample FILE] [--jets 300] [--rounds 15] [--compile]
        [--only WORD]...

Every candidate computes the same packs of jets (see `packing`) with the same weights on one thread, in turns
with fairreg's way in onnxruntime. The unit is jets a second of processor time, which counts no waiting: the
ratios hold on a busy machine, too. OpenVINO and PyTorch are left out where they are not installed.

It prints for each candidate the median rate, the median of the ratios to fairreg's, and the largest
difference in probability. docs/hbb-inference.md says what came out.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import hbb_graphs
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from fairreg.models.hbb_in import load_jets, reference, sample
from fairreg.models.hbb_in.network import INPUTS, onnx_bytes
from fairreg.models.hbb_in.packing import Pack, packs
from fairreg.models.hbb_in.published import DOI
from fairreg.runners.weights import read_tensors
from fairreg.schemas.identifiers import parse

Array = NDArray[Any]
Compute = Callable[[Pack], Array]
_Candidate = tuple[Callable[[], Compute], int]
PACK = 4


def main() -> None:
    asked = _arguments()
    jets = load_jets(asked.sample) if asked.sample else sample()
    step = max(1, len(jets) // asked.jets)
    arrays = [
        np.asarray(array[::step][: asked.jets], dtype=np.float32) for array in (jets.tracks, jets.vertices)
    ]
    chosen = dict(_candidates(dict(read_tensors(_weights(asked.weights))), asked.compile))
    ours = next(iter(chosen))
    if asked.only:
        chosen = {
            name: item
            for name, item in chosen.items()
            if name == ours or any(word in name for word in asked.only)
        }
    loaded = {name: (make(), size) for name, (make, size) in chosen.items()}
    outputs = {name: _predict(compute, size, arrays) for name, (compute, size) in loaded.items()}
    rates: dict[str, list[float]] = {name: [] for name in loaded}
    for _ in range(asked.rounds):
        for name, (compute, size) in loaded.items():
            begin = time.process_time()
            _predict(compute, size, arrays)
            rates[name].append(len(arrays[0]) / (time.process_time() - begin))
    for name, found in rates.items():
        ratio = statistics.median(one / other for one, other in zip(found, rates[ours], strict=True))
        rate, difference = statistics.median(found), np.abs(outputs[name] - outputs[ours]).max()
        print(f"{name:>42}: {rate:7.0f} jets/s, ratio {ratio:.2f}, max |dp| {difference:.1e}")


def _predict(compute: Compute, size: int, arrays: list[Array]) -> Array:
    found = np.empty((len(arrays[0]), 2), dtype=np.float32)
    for pack in packs(arrays[0], arrays[1], size):
        found[pack.jets] = compute(pack)
    return found


def _candidates(tensors: dict[str, Array], compiled: bool) -> Iterator[tuple[str, _Candidate]]:
    """Name, how it is loaded, and jets a call; fairreg's own first."""
    graph = onnx_bytes(tensors)
    yield "onnxruntime, as fairreg does", (partial(_onnxruntime, graph), PACK)
    for size in (1, 2, 8, 16):
        yield f"onnxruntime, {size} jets a call", (partial(_onnxruntime, graph), size)
    for name, change in _OPTIONS.items():
        yield f"onnxruntime, {name}", (partial(_onnxruntime, graph, change), PACK)
    for name, make in hbb_graphs.GRAPHS.items():
        yield f"onnxruntime, {name}", (partial(_onnxruntime, make(tensors)), PACK)
    if find_spec("openvino"):
        for precision in ("f32", "bf16"):
            for size in (PACK, 2 * PACK):
                yield (
                    f"OpenVINO {precision}, {size} jets a call",
                    (partial(_openvino, graph, precision), size),
                )
    if find_spec("torch"):
        yield "PyTorch", (partial(_torch, tensors), PACK)
        yield "PyTorch, bfloat16", (partial(_torch, tensors, lower=True), PACK)
        if compiled:
            yield "torch.compile", (partial(_torch, tensors, compiled=True), PACK)


def _no_arena(options: onnxruntime.SessionOptions) -> None:
    options.enable_cpu_mem_arena = False


def _no_pattern(options: onnxruntime.SessionOptions) -> None:
    options.enable_mem_pattern = False


def _no_spinning(options: onnxruntime.SessionOptions) -> None:
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")


def _no_denormals(options: onnxruntime.SessionOptions) -> None:
    options.add_session_config_entry("session.set_denormal_as_zero", "1")


_OPTIONS: dict[str, Callable[[onnxruntime.SessionOptions], None]] = {
    "no memory arena": _no_arena,
    "no memory pattern": _no_pattern,
    "no spinning": _no_spinning,
    "denormals as zero": _no_denormals,
}


def _onnxruntime(
    graph: bytes, change: Callable[[onnxruntime.SessionOptions], None] = lambda _options: None
) -> Compute:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    change(options)
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda pack: session.run(None, dict(zip(INPUTS, (pack.tracks, pack.vertices), strict=True)))[0]


def _openvino(graph: bytes, precision: str) -> Compute:
    import openvino

    settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": precision}
    core = openvino.Core()
    request = core.compile_model(core.read_model(graph), "CPU", settings).create_infer_request()
    return lambda pack: np.array(request.infer([pack.tracks, pack.vertices], share_inputs=True)[0])


def _torch(tensors: dict[str, Array], *, compiled: bool = False, lower: bool = False) -> Compute:
    import torch

    torch.set_num_threads(1)
    network = _factorised({name: torch.from_numpy(np.array(array)) for name, array in tensors.items()})
    if compiled:
        torch.compiler.config.recompile_limit = 64
        network = torch.compile(network, dynamic=True)

    def compute(pack: Pack) -> Array:
        repeats = (61.0 - pack.tracks.shape[2], 6.0 - pack.vertices.shape[2])
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=lower):
            found = network(torch.from_numpy(pack.tracks), torch.from_numpy(pack.vertices), *repeats)
        result: Array = found.float().numpy()
        return result

    return compute


def _factorised(weights: dict[str, Any]) -> Callable[..., Any]:
    """The network in plain operations: what `torch.compile` can see through."""
    import torch
    from torch.nn.functional import linear

    def through(value: Any, *layers: str) -> Any:
        for layer in layers:
            value = linear(value, weights[f"{layer}.weight"], weights[f"{layer}.bias"]).relu()
        return value

    def parts(layer: str, receivers: Any, senders: Any) -> tuple[Any, Any]:
        matrix, split = weights[f"{layer}.weight"], receivers.shape[2]
        return linear(receivers, matrix[:, :split], weights[f"{layer}.bias"]), linear(
            senders, matrix[:, split:]
        )

    def weighted(value: Any, axis: int, repeats: float) -> Any:
        return value.sum(axis) + (repeats - 1) * value.select(axis, -1)

    def network(tracks: Any, vertices: Any, track_repeats: float, vertex_repeats: float) -> Any:
        x, y = tracks.transpose(1, 2), vertices.transpose(1, 2)
        receivers, senders = parts("fr1", x, x)
        edges = through((receivers.unsqueeze(2) + senders.unsqueeze(1)).relu(), "fr2", "fr3")
        from_tracks = weighted(edges, 2, track_repeats) - through((receivers + senders).relu(), "fr2", "fr3")
        receivers, senders = parts("fr1_pv", x, y)
        edges = through((receivers.unsqueeze(2) + senders.unsqueeze(1)).relu(), "fr2_pv", "fr3_pv")
        sums = (x, from_tracks, weighted(edges, 2, vertex_repeats))
        total = weighted(through(torch.cat(sums, 2), "fo1", "fo2", "fo3"), 1, track_repeats)
        return torch.softmax(linear(total, weights["fc_fixed.weight"], weights["fc_fixed.bias"]), 1)

    return network


def _weights(path: Path | None) -> Path:
    found = path or getattr(reference(parse(DOI)), "path", None)
    if found is None:
        raise SystemExit("There are no reference weights: say which weight file.")
    return Path(found)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path, nargs="?", help="weight file (default: the reference weights)")
    parser.add_argument("--sample", type=Path, help="jets to run on (default: the packaged ones)")
    parser.add_argument("--jets", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--compile", action="store_true", help="torch.compile, too: it takes minutes")
    parser.add_argument("--only", action="append", help="candidates with this word in their name")
    return parser.parse_args()


if __name__ == "__main__":
    main()
