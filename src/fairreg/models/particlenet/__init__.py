# SPDX-License-Identifier: MIT
"""ParticleNet: tells the origin of a jet from its particles, an unordered cloud (arXiv:1902.08570).

Read in the order architecture, definition (the network, slowly), physics and jets (its inputs), graph,
network (in PyTorch), runner.
"""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Demonstration, Inputs, Recognition
from fairreg.models.common.weight_file import WeightFile, unwrapped
from fairreg.models.particlenet.architecture import (
    LITE,
    PUBLISHED,
    ObjectStream,
    ParticleNetArchitecture,
    plain_names,
)
from fairreg.models.particlenet.definition import probabilities
from fairreg.models.particlenet.jets import OUTPUT, TOY, count, read, toy_jets
from fairreg.models.particlenet.physics import CLASSES, SOURCE, classes_of, source_of
from fairreg.models.particlenet.runner import BATCH, ParticleNetRunner, build
from fairreg.runners import Runner
from fairreg.runners.weights import read_tensors
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "TITLE",
    "ParticleNetRunner",
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

TITLE = "ParticleNet"
_PAPER, _VARIANT = 1, 0  # preference
_WEAVER = "hqucms/weaver-core, weaver/nn/model/ParticleNet.py"
# The file whose fingerprint was computed: models/ParticleNet_kin.pt of the authors' repository, licence MIT.
_PUBLISHED_FILES = {
    "sha256:db07aec6379481c1b55a50284f479271c80c29733e2056f59ead961bdb58a7b1": "ParticleNet_kin.pt"
}


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in the file `path`; None if it is not a weight file or holds another network.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`; names and shapes of all tensors count."""
    try:
        sizes = ParticleNetArchitecture.from_tensors(plain_names(file.unwrapped))
    except ModelError:
        return None
    return Recognition(
        model="particlenet",
        title=f"{TITLE} tagger" if sizes.embedded else TITLE,
        path=file.path,
        format=file.format,
        fingerprint=file.fingerprint,
        parameter_count=sizes.parameter_count,
        hyperparameters=sizes.to_json(),
        published_name=_PUBLISHED_FILES.get(file.fingerprint),
        preference=_PAPER if sizes.blocks in {PUBLISHED, LITE} else _VARIANT,
        assumptions=_assumptions(sizes),
    )


def _assumptions(sizes: ParticleNetArchitecture) -> tuple[str, ...]:
    known = sizes.blocks in {PUBLISHED, LITE}
    place = (
        f"the defaults of {_WEAVER}"
        if sizes.blocks == LITE
        else f"networks/example_ParticleNet.py of {SOURCE}"
    )
    if sizes.embedded and sizes.blocks == PUBLISHED:
        place = "networks/particle_net_pf_sv.py of hqucms/weaver-core"
    neighbours = f"Each particle has k = {sizes.neighbours} neighbours, as in {place}"
    if not known:
        neighbours += ", whose sizes are others than these"
    first = sizes.streams[0].features
    source = None if sizes.embedded else source_of(first, sizes.classes)
    inputs = (
        f"The features and their normalisation are those of {source}.yaml of {SOURCE}, which has as many"
        if source
        else "The features, their order and their normalisation are those of the training, which the file "
        "does not name"
    )
    classes = "" if source and classes_of(first, sizes.classes) else "The file does not name the classes."
    return (
        f"{neighbours}.",
        f"The sum over the particles is divided by their number (use_counts), the default of {_WEAVER}.",
        f"The points are pseudorapidity and azimuth relative to the jet's axis, as in the files of {SOURCE}.",
        f"{inputs}.",
        *([classes] if classes else []),
    )


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
    neighbours: int | None = None,
) -> ParticleNetRunner:
    """Load the network in a weight file on `runtime`.

    `neighbours` is k where it is not that of the published networks. Raises ModelError for a file of another
    network, UsageError, UnsafePickle, MissingEngine.
    """
    return build(
        _tensors(source),
        runtime=runtime,
        neighbours=neighbours,
        batch_size=batch_size or BATCH,
        threads=threads,
        engines=engines,
        device=device,
    )


def _tensors(source: Recognition | Path) -> Mapping[str, NDArray[Any]]:
    path = source.path if isinstance(source, Recognition) else source
    return plain_names(unwrapped(read_tensors(path)))


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the network of a recognised file as the ONNX graph that `load` runs."""
    from fairreg.models.particlenet.graph import onnx_bytes

    return onnx_bytes(_tensors(source))


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read jets `start` to before `stop` of a .npz or HDF5 file as inputs, with `labels` where it has them.

    Labels are the index of the class of each jet, or 1 in its column. Raises ModelError for a file without
    jets, MissingEngine.
    """
    return read(path, start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of jets in the file; ModelError if it has no arrays."""
    return count(path)


def measure(outputs: Mapping[str, NDArray[Any]], labels: NDArray[Any]) -> Mapping[str, float]:
    """Accuracy and cross entropy (in nats) of probabilities (n, classes), without unlabelled jets.

    Labels are (n,) indices of classes or (n, classes) with 1 for the true one. Raises ModelError for others.
    """
    found = outputs[OUTPUT]
    if labels.ndim == 1 and labels.dtype.kind in "iu":
        if labels.size and (labels.min() < 0 or labels.max() >= found.shape[1]):
            raise ModelError(f"labels has classes other than 0 to {found.shape[1] - 1}.")
        labels = np.eye(found.shape[1])[labels]
    if labels.shape != found.shape:
        raise ModelError(
            f"labels has shape {labels.shape}, but the probabilities have {found.shape}.",
            hint="Give the index of the true class of each jet, or 1 in its column.",
        )
    labelled = labels.any(axis=1)
    if not labelled.any():
        return {}
    truth, chosen = labels[labelled].argmax(axis=1), found[labelled]
    right = chosen[np.arange(len(truth)), truth].astype(np.float64)
    tiny = np.finfo(np.float32).tiny
    return {
        "accuracy": float((chosen.argmax(axis=1) == truth).mean()),
        "cross_entropy": float(-np.log(np.maximum(right, tiny)).mean()),
    }


def sample_inputs() -> Mapping[str, NDArray[Any]]:
    """Toy jets with the seven kinematic features of the published networks."""
    return toy_jets(ParticleNetArchitecture((ObjectStream("", 7),), PUBLISHED, (256,), len(CLASSES)))


def sample_for(source: Recognition) -> Mapping[str, NDArray[Any]]:
    """Toy jets for the recognised network, with padding."""
    return toy_jets(ParticleNetArchitecture.from_tensors(_tensors(source)))


def demonstrate(runner: Runner) -> Demonstration:
    """Compare `runner` with the definition in float64 on toy jets; ModelError if it is of another model.

    The rate is that of a second pass: the first one includes what engines do only once.
    """
    if not isinstance(runner, ParticleNetRunner):
        raise ModelError(f"The runner is not a {TITLE}.")
    jets = toy_jets(runner.architecture)
    found = runner.run(jets)[OUTPUT]
    begun = perf_counter()
    runner.run(jets)
    seconds = perf_counter() - begun
    expected = probabilities(runner.tensors, jets, runner.neighbours)
    return Demonstration(
        source=TOY,
        items=len(found),
        metrics={"max_difference": float(np.abs(found - expected).max())},
        items_per_second=len(found) / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or len(found),
        warnings=("The sample consists of toy jets: it shows that the network runs, not how well it tags.",),
    )


def reference(identifier: Identifier) -> Recognition | None:  # noqa: ARG001  the protocol's signature
    """None: fairreg has no weights of its own for this network."""
    return None
