# SPDX-License-Identifier: MIT
"""LundNet, a graph network on the Lund tree of a jet that tags W bosons and top quarks.

Dreyer and Qu, arXiv:2012.08526; code and weights: github.com/fdreyer/LundNet (10.5281/zenodo.4443146). Names,
shapes and equations are taken from the code; no published weight file was opened. Read in the order sizes,
definition, inputs, graph.
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
from fairreg.models.common.described_runner import DescribedRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.lundnet import inputs
from fairreg.models.lundnet.definition import logits
from fairreg.models.lundnet.sizes import FEATURES, LundNetSizes
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.runners.base import DEFAULT_BATCH, Arrays
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "TITLE",
    "LundNetRunner",
    "count_inputs",
    "defined",
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
TITLE = "LundNet"
_SOURCE = (
    "Recognised by names and shapes from src/lundnet of github.com/fdreyer/LundNet; no published file was "
    "opened. Taken from there: edges in both directions between a node and its parent, none from a node to "
    "itself; the mean over the edges and over the nodes; ReLU."
)
_FEATURES = "The {count} features of a node are {names}, in this order, as in the authors' program."
_CLASSES = (
    "Class 0 is the background and class 1 the signal, as in the authors' program; the file does not say "
    "what the signal is."
)
_TOY = "The jets are a toy sample drawn at random: the figures say how exactly the network is computed."


class LundNetRunner(DescribedRunner):
    """A runner that knows its weights, to be compared with the definition."""

    def __init__(self, engine: Runner, tensors: Mapping[str, Array], sizes: LundNetSizes) -> None:
        self.tensors, self.sizes = tensors, sizes
        super().__init__(engine, *inputs.signature(sizes))

    def compute(self, arrays: Arrays) -> Arrays:
        """Outputs of one batch. Raises ModelError for nodes that do not form a tree."""
        inputs.check(arrays["parents"], arrays["mask"])
        return super().compute(arrays)


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in a file; None if it is not a weight file or holds another network.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`."""
    try:
        sizes = LundNetSizes.from_tensors(file.unwrapped)
    except ModelError:
        return None
    names = ", ".join(FEATURES[sizes.input_dims])
    named = (_CLASSES,) if sizes.num_classes == len(inputs.CLASSES) else ()
    return Recognition(
        model="lundnet",
        title=f"{TITLE}-{sizes.input_dims}",
        path=file.path,
        format=file.format,
        fingerprint=file.fingerprint,
        parameter_count=sizes.parameter_count,
        hyperparameters=sizes.to_json(),
        assumptions=(_SOURCE, _FEATURES.format(count=sizes.input_dims, names=names), *named),
    )


def _network(source: Recognition | Path) -> tuple[Mapping[str, Array], LundNetSizes]:
    """Tensors and sizes of the network in a file. Raises ModelError for another."""
    path = source.path if isinstance(source, Recognition) else source
    file = WeightFile.read(path)
    if file is None:
        raise ModelError(f"{path.name} does not contain weights.")
    return file.unwrapped, LundNetSizes.from_tensors(file.unwrapped)


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> LundNetRunner:
    """Load the network in a weight file on `runtime`.

    Raises ModelError for a file of another network, UsageError, UnsafePickle, MissingEngine.
    """
    tensors, sizes = _network(source)
    size = batch_size or DEFAULT_BATCH
    if runtime == torch.RUNTIME:
        return LundNetRunner(_in_torch(tensors, sizes, size, device), tensors, sizes)
    from fairreg.models.lundnet.graph import onnx_bytes

    content = onnx_bytes(tensors, sizes)
    engine = load_engine(runtime, content, batch_size=size, threads=threads, engines=engines, device=device)
    return LundNetRunner(engine, tensors, sizes)


def _in_torch(
    tensors: Mapping[str, Array], sizes: LundNetSizes, batch_size: int, device: str | None
) -> Runner:
    torch.require()
    from fairreg.models.lundnet.torch_network import network

    place = str(torch.place(device))
    function = network(tensors, sizes, place)
    return torch.wrap(function, *inputs.signature(sizes), device=place, batch_size=batch_size)


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the network of a recognised file as the ONNX graph that `load` runs."""
    from fairreg.models.lundnet.graph import onnx_bytes

    return onnx_bytes(*_network(source))


def reference(identifier: Identifier) -> Recognition | None:  # noqa: ARG001  the protocol's signature
    """None: the package has no weights of its own."""
    return None


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read Lund trees `start` to before `stop` of a .npz or HDF5 file. Raises ModelError."""
    return read_named(path, inputs.NAMES, start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of jets in the file, None where its arrays differ in length."""
    return count_rows(path)


def measure(outputs: Mapping[str, Array], labels: Array) -> Mapping[str, float]:
    """ROC AUC and accuracy of the probabilities (n, classes) for labels (n, classes)."""
    return figures(outputs["probabilities"], labels)


def sample_inputs() -> Mapping[str, Array]:
    """Toy Lund trees for networks of five features per node, as `inputs.toy_trees`."""
    return inputs.toy_trees(max(FEATURES))


def sample_for(source: Recognition) -> Mapping[str, Array]:
    """Toy Lund trees for the recognised network, as `inputs.toy_trees`."""
    return inputs.toy_trees(int(source.hyperparameters["input_dims"]))


def demonstrate(runner: Runner) -> Demonstration:
    """Largest difference of the logits of the toy jets to the definition; ModelError for another model."""
    if not isinstance(runner, LundNetRunner):
        raise ModelError(f"The runner is not a {TITLE}.")
    arrays = inputs.toy_trees(runner.sizes.input_dims)
    runner.run(arrays)  # engines do some things only once
    begun = perf_counter()
    found = runner.run(arrays)["logits"]
    seconds = perf_counter() - begun
    return Demonstration(
        source="toy jets",
        items=len(found),
        metrics={"max_difference": float(np.abs(found - defined(runner, arrays)).max())},
        items_per_second=len(found) / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or len(found),
        warnings=(_TOY,),
    )


def defined(runner: LundNetRunner, arrays: Mapping[str, Array]) -> Array:
    """Logits (jets, classes) by the definition."""
    found = []
    for features, parents, mask in zip(*(arrays[name] for name in inputs.NAMES), strict=True):
        real = mask != 0
        numbers = np.append(
            np.cumsum(real) - 1, -1
        )  # of real nodes without the padding; the last of the root
        found.append(logits(runner.tensors, runner.sizes, features[real], numbers[parents[real]]))
    return np.stack(found)
