# SPDX-License-Identifier: MIT
"""AresGW: tells 1 s of whitened strain of two detectors with a binary black hole merger from noise.

P. Nousi et al., Phys. Rev. D 108, 024022, arXiv:2211.01520; weights and code:
github.com/vivinousi/gw-detection-deep-learning.
Read in the order architecture, definition, whitening, inputs, graph, runner.
"""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.aresgw import inputs
from fairreg.models.aresgw.architecture import SAMPLES, ResidualNetwork
from fairreg.models.aresgw.inputs import INPUT, OUTPUT
from fairreg.models.aresgw.runner import AresRunner, build
from fairreg.models.aresgw.sample import SAMPLE, toy_segments
from fairreg.models.aresgw.whitening import SAMPLE_RATE
from fairreg.models.base import Demonstration, Inputs, Recognition
from fairreg.models.common.classification import figures
from fairreg.models.common.weight_file import WeightFile
from fairreg.runners import Runner
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "TITLE",
    "AresRunner",
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

Array = NDArray[Any]
TITLE = "AresGW residual network"
# By the channels of the first block, as the authors' README names them.
_TITLES = {8: f"{TITLE}, challenge version (Virgo-AUTH)", 16: f"{TITLE}, model 1"}
# Segments in one batch: the widest layers of 64 of them take 8 MB.
_BATCH = 64
_CODE = "vivinousi/gw-detection-deep-learning"
_ASSUMPTIONS = (
    (
        f"The input is strain whitened as in modules/whiten.py of {_CODE}; the tensor whiten.norm, a "
        "spectrum of the training, is not used."
    ),
    (
        "Strides, padding, softmax and the normalisation of the input are those of modules/resnet.py and "
        "modules/dain.py; batch normalisation has PyTorch's default epsilon of 1e-5."
    ),
    "Output 0 is signal and detector 0 is H1, as in utils/dataset.py and utils/eval_utils.py.",
)
_TOY = "The strain is a toy sample, Gaussian noise with a chirp: the figures say nothing about sensitivity."


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in the file `path`; None if it is not a weight file or holds another network.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`."""
    network = ResidualNetwork.from_tensors(file.unwrapped)
    if network is None:
        return None
    return Recognition(
        model="aresgw",
        title=_TITLES.get(network.width, TITLE),
        path=file.path,
        format=file.format,
        fingerprint=file.fingerprint,
        parameter_count=network.parameter_count,
        hyperparameters={
            "width": network.width,
            "residual_blocks": len(network.blocks),
            "samples": SAMPLES,
            "sample_rate": SAMPLE_RATE,
        },
        assumptions=_ASSUMPTIONS,
    )


def reference(identifier: Identifier) -> Recognition | None:  # noqa: ARG001  the protocol's signature
    """Return None: fairreg has no weights of its own for this model."""
    return None


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> AresRunner:
    """Load the network in a weight file on `runtime`.

    Raises ModelError for a file of another network, UsageError, UnsafePickle, MissingEngine.
    """
    return build(
        *_read(source),
        runtime=runtime,
        batch_size=batch_size or _BATCH,
        threads=threads,
        engines=engines,
        device=device,
    )


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the network of a recognised file as the ONNX graph that `load` runs. Raises as `load`."""
    from fairreg.models.aresgw.graph import onnx_bytes

    return onnx_bytes(*_read(source))


def _read(source: Recognition | Path) -> tuple[Mapping[str, Array], ResidualNetwork]:
    path = source.path if isinstance(source, Recognition) else source
    file = WeightFile.read(path)
    if file is None:
        raise ModelError(f"{path.name} does not contain weights.")
    network = ResidualNetwork.from_tensors(file.unwrapped)
    if network is None:
        raise ModelError(f"The weights in {path.name} are not those of AresGW.")
    return file.unwrapped, network


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read whitened segments, or whiten slices of strain, from a .npz or HDF5 file, as `inputs.read`."""
    return inputs.read(path, start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of segments in the file. Raises as `read_inputs`."""
    return inputs.count(path)


def measure(outputs: Mapping[str, Array], labels: Array) -> Mapping[str, float]:
    """ROC AUC and accuracy of the probabilities for labels (n, 2) of signal and noise."""
    return figures(outputs[OUTPUT], labels)


def sample_inputs() -> Mapping[str, Array]:
    """Whitened toy segments, for every network of the model."""
    return {INPUT: toy_segments()}


def sample_for(source: Recognition) -> Mapping[str, Array]:  # noqa: ARG001  all take the same inputs
    """Whitened toy segments, as `sample_inputs`."""
    return sample_inputs()


def demonstrate(runner: Runner) -> Demonstration:
    """Compare `runner` with the definition in float64 on toy segments; ModelError for another model."""
    if not isinstance(runner, AresRunner):
        raise ModelError("The runner is not of AresGW.")
    from fairreg.models.aresgw.definition import probabilities

    arrays = sample_inputs()
    runner.run(arrays)  # engines do some things only once
    begin = perf_counter()
    found = runner.run(arrays)[OUTPUT]
    seconds = perf_counter() - begin
    expected = probabilities(runner.tensors, arrays[INPUT])
    return Demonstration(
        source=SAMPLE,
        items=len(found),
        metrics={"max_difference": float(np.abs(found - expected).max())},
        items_per_second=len(found) / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or len(found),
        warnings=(_TOY,),
    )
