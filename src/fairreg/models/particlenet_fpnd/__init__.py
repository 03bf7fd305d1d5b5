# SPDX-License-Identifier: MIT
"""JetNet's ParticleNet, whose activations the Frechet ParticleNet distance compares (arXiv:2106.11535).

Not the network of `particlenet`: its edge networks have biases, blocks are joined to their inputs, and there
is no mask.
Read in the order architecture, definition, jets (its inputs), graph, network (in PyTorch).
"""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models import particlenet
from fairreg.models.base import Demonstration, Inputs, Recognition
from fairreg.models.common.weight_file import WeightFile, unwrapped
from fairreg.models.particlenet_fpnd.architecture import NEIGHBOURS, PARTICLES, PUBLISHED, FpndArchitecture
from fairreg.models.particlenet_fpnd.definition import scores_and_activations
from fairreg.models.particlenet_fpnd.jets import (
    ACTIVATIONS,
    FEATURES,
    PARTICLES_INPUT,
    SCORES,
    TOY,
    count,
    read,
    signature,
    toy_jets,
)
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.runners.base import DEFAULT_BATCH
from fairreg.runners.signature import Arrays
from fairreg.runners.weights import read_tensors
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "TITLE",
    "FpndRunner",
    "count_inputs",
    "demonstrate",
    "load",
    "measure",
    "onnx_graph",
    "read_inputs",
    "recognise",
    "recognise_weights",
    "reference",
    "sample_for",
    "sample_inputs",
]

TITLE = "JetNet's ParticleNet"
_CODE = "jetnet/evaluation/particlenet.py of jet-net/JetNet"
# jetnet/evaluation/fpnd_resources/jetnet/30_particles/pnet_state_dict.pt of JetNet, licence MIT.
_PUBLISHED_FILES = {
    "sha256:25fc49cc3a7502ddda53f6fc51675dfb245dc14b1620c80b431ebadf4efec49f": "pnet_state_dict.pt"
}


class FpndRunner(Runner):
    """Particles in, scores and activations out; `engine` computes."""

    def __init__(self, engine: Runner, tensors: Mapping[str, NDArray[Any]]) -> None:
        sizes = FpndArchitecture.from_tensors(tensors)
        super().__init__(
            engine.name,
            *signature(sizes),
            device=engine.device,
            precision=engine.precision,
            batch_size=engine.batch_size,
        )
        self.architecture, self.tensors, self._engine = sizes, tensors, engine

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch."""
        return self._engine.compute(arrays)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in the file `path`; None if it is not a weight file or holds another network.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`; names and shapes of all tensors count."""
    try:
        sizes = FpndArchitecture.from_tensors(file.unwrapped)
    except ModelError:
        return None
    known = sizes.features == len(FEATURES)
    return Recognition(
        model="particlenet_fpnd",
        title=TITLE,
        path=file.path,
        format=file.format,
        fingerprint=file.fingerprint,
        parameter_count=sizes.parameter_count,
        hyperparameters=sizes.to_json(),
        published_name=_PUBLISHED_FILES.get(file.fingerprint),
        preference=int(sizes.blocks == PUBLISHED),
        assumptions=(
            f"Each particle has k = {NEIGHBOURS} neighbours, as in {_CODE}.",
            f"A jet has {PARTICLES} particles, as fpnd in gen_metrics.py there requires.",
            "The features are etarel, phirel and ptrel, normalised as JetNet.fpnd_norm does."
            if known
            else "The file does not name the features.",
            "The file does not name the classes.",
        ),
    )


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> FpndRunner:
    """Load the network in a weight file on `runtime`.

    Raises ModelError for a file of another network, UsageError, UnsafePickle, MissingEngine.
    """
    tensors, size = _tensors(source), batch_size or DEFAULT_BATCH
    if runtime != torch.RUNTIME:
        from fairreg.models.particlenet_fpnd.graph import onnx_bytes

        engine = load_engine(
            runtime,
            onnx_bytes(tensors),
            batch_size=size,
            threads=threads,
            engines=engines,
            device=device,
        )
        return FpndRunner(engine, tensors)
    place = torch.place(device)
    from fairreg.models.particlenet_fpnd.network import network

    described = signature(FpndArchitecture.from_tensors(tensors))
    wrapped = torch.wrap(network(tensors, str(place)), *described, device=str(place), batch_size=size)
    return FpndRunner(wrapped, tensors)


def _tensors(source: Recognition | Path) -> Mapping[str, NDArray[Any]]:
    path = source.path if isinstance(source, Recognition) else source
    return unwrapped(read_tensors(path))


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the network of a recognised file as the ONNX graph that `load` runs."""
    from fairreg.models.particlenet_fpnd.graph import onnx_bytes

    return onnx_bytes(_tensors(source))


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read `particles` of jets `start` to before `stop`, with `labels` where the file has them.

    Raises ModelError for a file without them, MissingEngine.
    """
    return read(path, start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of jets in the file; ModelError if it has no arrays."""
    return count(path)


def measure(outputs: Mapping[str, NDArray[Any]], labels: NDArray[Any]) -> Mapping[str, float]:
    """Accuracy and cross entropy of the softmax of the scores, as `particlenet.measure`."""
    scores = outputs[SCORES].astype(np.float64)
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return particlenet.measure(
        {"probabilities": exponentials / exponentials.sum(axis=1, keepdims=True)}, labels
    )


def sample_inputs() -> Mapping[str, NDArray[Any]]:
    """Toy jets with the three features of the published network."""
    return {PARTICLES_INPUT: toy_jets(FpndArchitecture(len(FEATURES), PUBLISHED, 256, 5))}


def sample_for(source: Recognition) -> Mapping[str, NDArray[Any]]:
    """Toy jets for the recognised network."""
    return {PARTICLES_INPUT: toy_jets(FpndArchitecture.from_tensors(_tensors(source)))}


def demonstrate(runner: Runner) -> Demonstration:
    """Compare `runner` with the definition in float64 on toy jets; ModelError if it is of another model.

    The rate is that of a second pass: the first one includes what engines do only once.
    """
    if not isinstance(runner, FpndRunner):
        raise ModelError(f"The runner is not {TITLE}.")
    jets = {PARTICLES_INPUT: toy_jets(runner.architecture)}
    found = runner.run(jets)
    begun = perf_counter()
    runner.run(jets)
    seconds = perf_counter() - begun
    expected = scores_and_activations(runner.tensors, jets[PARTICLES_INPUT])
    differences = (found[name] - item for name, item in zip((SCORES, ACTIVATIONS), expected, strict=True))
    return Demonstration(
        source=TOY,
        items=len(found[SCORES]),
        metrics={"max_difference": max(float(np.abs(item).max()) for item in differences)},
        items_per_second=len(found[SCORES]) / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or len(found[SCORES]),
        warnings=("The sample consists of toy jets: it shows that the network runs, not how well it tags.",),
    )


def reference(identifier: Identifier) -> Recognition | None:  # noqa: ARG001  the protocol's signature
    """None: fairreg has no weights of its own for this network."""
    return None
