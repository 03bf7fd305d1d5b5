# SPDX-License-Identifier: MIT
"""LorentzNet, a Lorentz-equivariant graph network that tags jets (top quarks, quarks against gluons).

Gong et al., JHEP 07 (2022) 030, arXiv:2201.08187; weights and code: github.com/sdogsq/LorentzNet-release.
Read in the order sizes, arguments, definition, inputs, graph.
"""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Demonstration, Inputs, Recognition
from fairreg.models.common.array_files import count_rows
from fairreg.models.common.classification import figures
from fairreg.models.common.described_runner import DescribedRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.lorentznet import inputs
from fairreg.models.lorentznet.arguments import FILE, coordinate_weight
from fairreg.models.lorentznet.definition import logits, nodes_of
from fairreg.models.lorentznet.sizes import LorentzNetSizes
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "TITLE",
    "LorentzNetRunner",
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

Array = NDArray[Any]
TITLE = "LorentzNet"
# Jets in one batch: the messages of all pairs of 200 particles take 12 MB per jet.
_BATCH = 16
_TASKS = {2: "top tagging", 8: "quark-gluon tagging"}
_POOLING = (
    "The sum over the particles is divided by the number of slots, padding included, as the authors' class "
    "does: pad jets as in the training (top tagging: to the largest jet of a batch; quark-gluon tagging: to "
    "the largest jet of the data set)."
)
_TOY = "The jets are a toy sample drawn at random: the figures say how exactly the network is computed."


class LorentzNetRunner(DescribedRunner):
    """A runner that knows its weights, to be compared with the definition."""

    def __init__(self, engine: Runner, tensors: Mapping[str, Array], weight: float) -> None:
        self.sizes, self.tensors, self.weight = LorentzNetSizes.from_tensors(tensors), tensors, weight
        super().__init__(engine, *inputs.signature(self.sizes))


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in a file; None if it is not a weight file or holds another network.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`; an unusable args.json is the `obstacle`.

    Raises SecurityRefusal for an args.json that is a link.
    """
    try:
        sizes = LorentzNetSizes.from_tensors(file.unwrapped)
    except ModelError:
        return None
    stated: dict[str, int | float | str] = {}
    sentences: tuple[str, ...] = (_POOLING,)
    obstacle = None
    try:
        stated["c_weight"], said = coordinate_weight(file.path, sizes)
        sentences = sentences if said is None else (said, _POOLING)
    except ModelError as error:
        obstacle = error
    task = _TASKS.get(sizes.scalars)
    return Recognition(
        model="lorentznet",
        title=f"{TITLE} for {task}" if task else TITLE,
        path=file.path,
        format=file.format,
        fingerprint=file.fingerprint,
        parameter_count=sizes.parameter_count,
        hyperparameters=vars(sizes) | stated,
        assumptions=sentences,
        obstacle=obstacle,
    )


def _network(source: Recognition | Path) -> tuple[Mapping[str, Array], float]:
    """Tensors and weight of the coordinates' update of a weight file. Raises ModelError."""
    path = source.path if isinstance(source, Recognition) else source
    file = WeightFile.read(path)
    if file is None:
        raise ModelError(f"{path.name} does not contain weights.")
    weight, _ = coordinate_weight(path, LorentzNetSizes.from_tensors(file.unwrapped))
    return file.unwrapped, weight


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> LorentzNetRunner:
    """Load the network in a weight file on `runtime`.

    Raises ModelError for a file of another network and for an unusable args.json, UsageError, UnsafePickle,
    MissingEngine.
    """
    tensors, weight = _network(source)
    size = batch_size or _BATCH
    if runtime == torch.RUNTIME:
        return LorentzNetRunner(_in_torch(tensors, weight, size, device), tensors, weight)
    from fairreg.models.lorentznet.graph import onnx_bytes

    engine = load_engine(
        runtime,
        onnx_bytes(tensors, weight),
        batch_size=size,
        threads=threads,
        engines=engines,
        device=device,
    )
    return LorentzNetRunner(engine, tensors, weight)


def _in_torch(tensors: Mapping[str, Array], weight: float, batch_size: int, device: str | None) -> Runner:
    torch.require()
    from fairreg.models.lorentznet.torch_network import network

    place = str(torch.place(device))
    signature = inputs.signature(LorentzNetSizes.from_tensors(tensors))
    return torch.wrap(network(tensors, weight, place), *signature, device=place, batch_size=batch_size)


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the network of a recognised file as the ONNX graph that `load` runs."""
    from fairreg.models.lorentznet.graph import onnx_bytes

    return onnx_bytes(*_network(source))


def companions(name: str) -> tuple[str, ...]:  # noqa: ARG001  the same for all weights
    """Path of the arguments of the training."""
    return (FILE,)


def reference(identifier: Identifier) -> Recognition | None:  # noqa: ARG001  the protocol's signature
    """None: the package has no weights of its own."""
    return None


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read jets `start` to before `stop` of a .npz or HDF5 file, as `inputs.read`."""
    return inputs.read(path, start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of jets in the file, None where its arrays differ in length."""
    return count_rows(path)


def measure(outputs: Mapping[str, Array], labels: Array) -> Mapping[str, float]:
    """Accuracy, and ROC AUC of two classes, for labels (n,) with the number of the class or (n, classes)."""
    probabilities, given = outputs["probabilities"], np.asarray(labels)
    if given.ndim == 1:
        given = (given[:, None] == np.arange(probabilities.shape[1])).astype(np.int64)
    return figures(probabilities, given)


def sample_inputs() -> Mapping[str, Array]:
    """Toy jets for networks that tag top quarks, as `inputs.toy_jets`."""
    return inputs.toy_jets(scalars=2)


def sample_for(source: Recognition) -> Mapping[str, Array]:
    """Toy jets for the recognised network, as `inputs.toy_jets`."""
    return inputs.toy_jets(int(source.hyperparameters["scalars"]))


def demonstrate(runner: Runner) -> Demonstration:
    """Largest difference of the logits of the toy jets to the definition; ModelError for another model."""
    if not isinstance(runner, LorentzNetRunner):
        raise ModelError(f"The runner is not a {TITLE}.")
    arrays = inputs.toy_jets(runner.sizes.scalars)
    runner.run(arrays)  # engines do some things only once
    begun = perf_counter()
    found = runner.run(arrays)["logits"]
    seconds = perf_counter() - begun
    expected = [
        logits(runner.tensors, runner.weight, nodes_of(arrays, jet, runner.sizes.scalars))
        for jet in range(len(found))
    ]
    return Demonstration(
        source="toy jets",
        items=len(found),
        metrics={"max_difference": float(np.abs(found - np.stack(expected)).max())},
        items_per_second=len(found) / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or len(found),
        warnings=(_TOY,),
    )
