# SPDX-License-Identifier: MIT
"""Particle Transformer: tells the origin of a jet with attention between its particles (arXiv:2202.03772).

No published weights could be opened when this was written: recognition and arithmetic follow the authors'
public code. They were checked with random weights of its names and shapes, against a definition in float64
and PyTorch's own attention, and never against the authors' results. The authors' code computes the features
of pairs in float32, where the mass of a light pair is rounding; here they are computed in float64.

Read in the order architecture, definition (the network, slowly), jets (its inputs), graph, network.
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
from fairreg.models.particle_transformer.architecture import ParticleTransformerArchitecture
from fairreg.models.particle_transformer.definition import probabilities
from fairreg.models.particle_transformer.jets import OUTPUT, TOY, check, count, read, signature, toy_jets
from fairreg.models.particlenet.architecture import plain_names
from fairreg.models.particlenet.physics import CLASSES, SOURCE, source_of
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.runners.signature import Arrays
from fairreg.runners.weights import read_tensors
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "TITLE",
    "ParticleTransformerRunner",
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

TITLE = "Particle Transformer"
# The pairs of one jet of 128 particles take 4 MB per layer of their embedding.
_BATCH = 16
_EXAMPLE = f"networks/example_ParticleTransformer.py of {SOURCE}"


class ParticleTransformerRunner(Runner):
    """Jets in, probabilities of the classes out; `engine` computes."""

    def __init__(self, engine: Runner, tensors: Mapping[str, NDArray[Any]]) -> None:
        sizes = ParticleTransformerArchitecture.from_tensors(tensors)
        super().__init__(
            engine.name,
            *signature(sizes),
            device=engine.device,
            precision=engine.precision,
            batch_size=engine.batch_size,
        )
        self.architecture, self.tensors, self._engine = sizes, tensors, engine

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch. Raises ModelError also for jets without particles."""
        check(arrays)
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
        sizes = ParticleTransformerArchitecture.from_tensors(plain_names(file.unwrapped))
    except ModelError:
        return None
    return Recognition(
        model="particle_transformer",
        title=TITLE,
        path=file.path,
        format=file.format,
        fingerprint=file.fingerprint,
        parameter_count=sizes.parameter_count,
        hyperparameters=sizes.to_json(),
        assumptions=_assumptions(sizes),
    )


def _assumptions(sizes: ParticleTransformerArchitecture) -> tuple[str, ...]:
    source = source_of(sizes.features, sizes.classes)
    code = (
        "No published weights could be opened: names and arithmetic are those of the authors' code, and were "
        "not compared with the authors' results. Features of pairs are computed in float64, there in float32."
    )
    switches = (
        "Activations are GELU, also after the last layer of the pairs (use_pre_activation_pair=False), and a "
        f"particle's pair with itself counts (remove_self_pair=False), as in {_EXAMPLE}."
    )
    known = f"The features and their normalisation are those of {source}.yaml of {SOURCE}, which has as many."
    unknown = "The file does not name the features, their order and their normalisation."
    classes = () if source and sizes.classes == len(CLASSES) else ("The file does not name the classes.",)
    unit = "The four-momenta have the unit of the training: features of pairs depend on it."
    return code, switches, known if source else unknown, unit, *classes


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> ParticleTransformerRunner:
    """Load the network in a weight file on `runtime`.

    Raises ModelError for a file of another network, UsageError, UnsafePickle, MissingEngine.
    """
    tensors, size = _tensors(source), batch_size or _BATCH
    if runtime != torch.RUNTIME:
        from fairreg.models.particle_transformer.graph import onnx_bytes

        engine = load_engine(
            runtime,
            onnx_bytes(tensors),
            batch_size=size,
            threads=threads,
            engines=engines,
            device=device,
        )
        return ParticleTransformerRunner(engine, tensors)
    place = torch.place(device)
    from fairreg.models.particle_transformer.network import network

    described = signature(ParticleTransformerArchitecture.from_tensors(tensors))
    wrapped = torch.wrap(network(tensors, str(place)), *described, device=str(place), batch_size=size)
    return ParticleTransformerRunner(wrapped, tensors)


def _tensors(source: Recognition | Path) -> Mapping[str, NDArray[Any]]:
    path = source.path if isinstance(source, Recognition) else source
    return plain_names(unwrapped(read_tensors(path)))


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the network of a recognised file as the ONNX graph that `load` runs."""
    from fairreg.models.particle_transformer.graph import onnx_bytes

    return onnx_bytes(_tensors(source))


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read jets `start` to before `stop` of a .npz or HDF5 file as inputs, with `labels` where it has them.

    Raises ModelError for a file without jets, MissingEngine.
    """
    return read(path, start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of jets in the file; ModelError if it has no arrays."""
    return count(path)


def measure(outputs: Mapping[str, NDArray[Any]], labels: NDArray[Any]) -> Mapping[str, float]:
    """Accuracy and cross entropy of the probabilities, as `particlenet.measure`."""
    return particlenet.measure(outputs, labels)


def sample_inputs() -> Mapping[str, NDArray[Any]]:
    """Toy jets with the seven kinematic features of the published networks."""
    return toy_jets(ParticleTransformerArchitecture(7, (128,), (8,), 1, 1, 512, (), len(CLASSES)))


def sample_for(source: Recognition) -> Mapping[str, NDArray[Any]]:
    """Toy jets for the recognised network, with padding."""
    return toy_jets(ParticleTransformerArchitecture.from_tensors(_tensors(source)))


def demonstrate(runner: Runner) -> Demonstration:
    """Compare `runner` with the definition in float64 on toy jets; ModelError if it is of another model.

    The rate is that of a second pass: the first one includes what engines do only once.
    """
    if not isinstance(runner, ParticleTransformerRunner):
        raise ModelError(f"The runner is not a {TITLE}.")
    jets = toy_jets(runner.architecture)
    found = runner.run(jets)[OUTPUT]
    begun = perf_counter()
    runner.run(jets)
    seconds = perf_counter() - begun
    return Demonstration(
        source=TOY,
        items=len(found),
        metrics={"max_difference": float(np.abs(found - probabilities(runner.tensors, jets)).max())},
        items_per_second=len(found) / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or len(found),
        warnings=("The sample consists of toy jets: it shows that the network runs, not how well it tags.",),
    )


def reference(identifier: Identifier) -> Recognition | None:  # noqa: ARG001  the protocol's signature
    """None: fairreg has no weights of its own for this network."""
    return None
