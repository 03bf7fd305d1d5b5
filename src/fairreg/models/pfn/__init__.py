# SPDX-License-Identifier: MIT
"""Particle Flow Networks and Particle Flow Interaction Networks: jet taggers of FAIR4HEP.

Read in the order architecture, settings, definition, inputs, graph, runner.
"""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Demonstration, Inputs, Recognition
from fairreg.models.common.array_files import count_rows, read_named
from fairreg.models.common.classification import figures
from fairreg.models.common.weight_file import WeightFile, unwrapped
from fairreg.models.pfn.architecture import ParticleFlowSizes
from fairreg.models.pfn.inputs import NAMES, SAMPLE, toy_jets
from fairreg.models.pfn.runner import ParticleFlowRunner, build
from fairreg.models.pfn.settings import options_file, settings_of
from fairreg.runners import Runner
from fairreg.runners.base import DEFAULT_BATCH
from fairreg.runners.weights import read_tensors
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "ParticleFlowRunner",
    "companions",
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

_TITLES = {False: "Particle Flow Network", True: "Particle Flow Interaction Network"}


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in the file `path`; None if it is not a weight file or holds another network.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`.

    What the tensors do not show is taken from the options beside the file. Where they are missing or do not
    fit, that is the `obstacle`.
    """
    sizes = ParticleFlowSizes.from_tensors(file.unwrapped)
    if sizes is None:
        return None
    stated: dict[str, int | float | str] = {}
    assumptions: tuple[str, ...] = ()
    obstacle = None
    try:
        settings = settings_of(file.path, sizes)
        stated = {"architecture": settings.architecture, "output": settings.output}
        assumptions = settings.assumptions
    except ModelError as error:
        obstacle = error
    return Recognition(
        model="pfn",
        title=_TITLES[bool(sizes.pair_nodes)],
        path=file.path,
        format=file.format,
        fingerprint=file.fingerprint,
        parameter_count=sizes.parameter_count,
        hyperparameters=sizes.to_json() | stated,
        assumptions=assumptions,
        obstacle=obstacle,
    )


def companions(name: str) -> tuple[str, ...]:
    """Paths of the options of the training of weights called `name`."""
    file = options_file(Path(name))
    return file, f"../trained_model_dicts/{file}"


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
) -> ParticleFlowRunner:
    """Load the network in a weight file on `runtime`.

    Raises ModelError for a file of another network and where options beside it are needed, UsageError,
    UnsafePickle, MissingEngine.
    """
    path = _path(source)
    tensors, sizes = _read(path)
    return build(
        tensors,
        sizes,
        settings_of(path, sizes),
        runtime=runtime,
        batch_size=batch_size or DEFAULT_BATCH,
        threads=threads,
        engines=engines,
        device=device,
    )


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the network of a recognised file as the ONNX graph that `load` runs. Raises as `load`."""
    from fairreg.models.pfn.graph import onnx_bytes

    tensors, sizes = _read(source.path)
    return onnx_bytes(tensors, sizes, settings_of(source.path, sizes))


def _path(source: Recognition | Path) -> Path:
    return source.path if isinstance(source, Recognition) else source


def _read(path: Path) -> tuple[Mapping[str, NDArray[Any]], ParticleFlowSizes]:
    tensors = unwrapped(read_tensors(path))
    sizes = ParticleFlowSizes.from_tensors(tensors)
    if sizes is None:
        raise ModelError(f"The weights in {path.name} are not those of a particle flow network.")
    return tensors, sizes


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read jets from a .npz or HDF5 file with `particles`, `masks`, `aug_data`, `taus` and `labels`.

    The files that the programs of PFIN4UQAD prepare have these names. Raises ModelError, MissingEngine.
    """
    return read_named(path, NAMES, start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of jets in the file. Raises ModelError."""
    return count_rows(path)


def measure(outputs: Mapping[str, NDArray[Any]], labels: NDArray[Any]) -> Mapping[str, float]:
    """Accuracy, and ROC AUC of two classes, of the probabilities for labels (n, classes)."""
    return figures(outputs["probabilities"], labels)


def sample_inputs() -> Mapping[str, NDArray[Any]]:
    """Toy jets by input name, for every network with three features per particle."""
    return toy_jets()


def sample_for(source: Recognition) -> Mapping[str, NDArray[Any]]:
    """Toy jets by input name for the recognised network."""
    return toy_jets(_read(source.path)[1])


def demonstrate(runner: Runner) -> Demonstration:
    """Compare `runner` with the definition in float64 on toy jets; ModelError if it is of another model.

    The difference is relative where a value exceeds 1, as evidence does.
    """
    if not isinstance(runner, ParticleFlowRunner):
        raise ModelError("The runner is not a particle flow network.")
    from fairreg.models.pfn.definition import compute

    jets = toy_jets(runner.sizes)
    runner.run(jets)
    begin = perf_counter()
    found = runner.run(jets)
    seconds = perf_counter() - begin
    expected = compute(runner.tensors, runner.sizes, runner.settings, jets)
    difference = max(
        float((np.abs(found[name] - value) / np.maximum(1, np.abs(value))).max())
        for name, value in expected.items()
    )
    count = len(jets["particles"])
    return Demonstration(
        source=SAMPLE,
        items=count,
        metrics={"max_difference": difference},
        items_per_second=count / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or count,
        warnings=("The jets are toy jets: the figures say nothing about the tagger's performance.",),
    )
