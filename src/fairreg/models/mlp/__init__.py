# SPDX-License-Identifier: MIT
"""Multilayer perceptrons: the multi-body top tagger of FAIR4HEP and the CDMS regressor of FAIR-UMN.

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
from fairreg.models.mlp.architecture import PerceptronSizes
from fairreg.models.mlp.inputs import NAME, SAMPLE, toy_rows
from fairreg.models.mlp.runner import PerceptronRunner, build
from fairreg.models.mlp.settings import METADATA, options_file, settings_of
from fairreg.runners import Runner
from fairreg.runners.base import DEFAULT_BATCH
from fairreg.runners.weights import read_tensors
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "PerceptronRunner",
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

_TITLES = {"multi_body": "Multi-body top tagger", "cdms": "CDMS impact location regressor"}
_COMPARED = PerceptronSizes("multi_body", 22, (200, 200, 50, 50), 2)  # of the published baseline


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in the file `path`; None if it is not a weight file or holds another network.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`.

    What the tensors do not show is taken from the JSON file beside it. Where it is missing or does not fit,
    that is the `obstacle`.
    """
    sizes = PerceptronSizes.from_tensors(file.unwrapped)
    if sizes is None:
        return None
    stated: dict[str, int | float | str] = {}
    assumptions: tuple[str, ...] = ()
    obstacle = None
    try:
        settings = settings_of(file.path, sizes)
        stated = {"activation": settings.activation.name}
        if settings.activation.name == "LeakyReLU":
            stated["slope"] = settings.activation.slope
        assumptions = settings.assumptions
    except ModelError as error:
        obstacle = error
    return Recognition(
        model="mlp",
        title=_TITLES[sizes.family],
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
    return METADATA, file, f"../trained_model_dicts/{file}"


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
) -> PerceptronRunner:
    """Load the network in a weight file on `runtime`.

    Raises ModelError for a file of another network and where a JSON file beside it is needed, UsageError,
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
    from fairreg.models.mlp.graph import onnx_bytes

    tensors, sizes = _read(source.path)
    return onnx_bytes(tensors, sizes, settings_of(source.path, sizes))


def _path(source: Recognition | Path) -> Path:
    return source.path if isinstance(source, Recognition) else source


def _read(path: Path) -> tuple[Mapping[str, NDArray[Any]], PerceptronSizes]:
    tensors = unwrapped(read_tensors(path))
    sizes = PerceptronSizes.from_tensors(tensors)
    if sizes is None:
        raise ModelError(
            f"The weights in {path.name} are not those of a multilayer perceptron that fairreg knows."
        )
    return tensors, sizes


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read rows from a .npz or HDF5 file with `features` and `labels`. Raises ModelError, MissingEngine."""
    return read_named(path, (NAME,), start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of rows in the file. Raises ModelError."""
    return count_rows(path)


def measure(outputs: Mapping[str, NDArray[Any]], labels: NDArray[Any]) -> Mapping[str, float]:
    """Accuracy and ROC AUC of a tagger for labels (n, 2); root mean square error of a regressor.

    Raises ModelError for labels of another shape.
    """
    if "probabilities" in outputs:
        return figures(outputs["probabilities"], labels)
    found = outputs["impact_location"]
    if labels.size != found.size or labels.dtype.kind not in "iuf":
        raise ModelError(f"labels of shape {labels.shape} do not fit {found.shape} impact locations.")
    return {"rmse": float(np.sqrt(np.mean((found - labels.reshape(found.shape)) ** 2)))}


def sample_inputs() -> Mapping[str, NDArray[Any]]:
    """Toy rows by input name, for the networks with the inputs of the published baseline."""
    return toy_rows(_COMPARED)


def sample_for(source: Recognition) -> Mapping[str, NDArray[Any]]:
    """Toy rows by input name for the recognised network."""
    return toy_rows(_read(source.path)[1])


def demonstrate(runner: Runner) -> Demonstration:
    """Compare `runner` with the definition in float64 on toy rows; ModelError if it is of another model."""
    if not isinstance(runner, PerceptronRunner):
        raise ModelError("The runner is not a multilayer perceptron.")
    from fairreg.models.mlp.definition import compute

    rows = toy_rows(runner.sizes)
    runner.run(rows)
    begin = perf_counter()
    found = runner.run(rows)
    seconds = perf_counter() - begin
    expected = compute(runner.tensors, runner.sizes, runner.settings, rows)
    difference = max(float(np.abs(found[name] - value).max()) for name, value in expected.items())
    count = len(rows[NAME])
    return Demonstration(
        source=SAMPLE,
        items=count,
        metrics={"max_difference": difference},
        items_per_second=count / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or count,
        warnings=("The rows are random numbers: the figures say nothing about the performance.",),
    )
