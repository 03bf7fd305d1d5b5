# SPDX-License-Identifier: MIT
"""Generators of EPiC-GAN: jets as clouds of any number of particles from random numbers.

Buhmann, Kasieczka and Thaler, arXiv:2301.08128; code: github.com/uhh-pd-ml/EPiC-GAN, from which names, shapes
and equations are taken. No published weight file was opened. Read in the order sizes, scale, definition,
inputs, graph.
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
from fairreg.models.common.described_runner import DescribedRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.epicgan import inputs
from fairreg.models.epicgan.definition import generated
from fairreg.models.epicgan.scale import Scale, scale_of
from fairreg.models.epicgan.sizes import EpicGanSizes, checked
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.runners.base import DEFAULT_BATCH
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "TITLE",
    "EpicGanRunner",
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
TITLE = "EPiC-GAN generator"
_JETS = {"gluon": "gluon jets", "quark": "light quark jets", "top": "top quark jets"}
_PUBLISHED = EpicGanSizes(latent=10, latent_local=3, hid_d=128, feats=3, equiv_layers_generator=6)
_SOURCE = (
    "Recognised by names and shapes from models.py of github.com/uhh-pd-ml/EPiC-GAN; no published file was "
    "opened. The leaky ReLU (slope 0.01), the pooling by mean and sum and the skip connections are taken "
    "from there."
)
_SCALE = (
    "The scale of the particles is that of get_kde_etc in utils/utils.py there for {jets} with up to {slots} "
    "particles, as the name of the file says. The authors' generate.py then centres jets, sorts particles by "
    "pT and raises pT to the smallest in the data; that is not done."
)
_NO_SCALE = (
    "The file is not named like a published one (EPiC_jetnet_top_30.tar), so the scale of the particles is "
    "unknown: only the network's own output is given."
)
_TOY = "The noise is drawn at random: the figures say how exactly the generator is computed."


class _Generator:
    """Tensors of a generator with what is known of them."""

    def __init__(self, file: WeightFile) -> None:
        self.sizes, self.tensors = checked(file.unwrapped)
        self.scale: Scale | None = scale_of(file.path.name, self.sizes.feats)
        self.obstacle = _obstacle(file.path, self.tensors)


def _obstacle(path: Path, tensors: Mapping[str, Array]) -> ModelError | None:
    """The error for a weight that cannot be normalised, None where there is none."""
    for name, array in tensors.items():
        if name.endswith(".weight_v") and not array.any(axis=1).all():
            return ModelError(
                f"{path.name} cannot be run: a row of its tensor {name} is zero and has no direction.",
                hint="Get another copy of the file, or ask its authors.",
            )
    return None


class EpicGanRunner(DescribedRunner):
    """A runner that knows its generator, to be compared with the definition."""

    def __init__(self, engine: Runner, generator: _Generator) -> None:
        self.generator = generator
        super().__init__(engine, *inputs.signature(generator.sizes, generator.scale))


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in a file; None if it is not a weight file or holds another network.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`.

    The fingerprint is that of all networks in the file, the parameters are counted in the generator.
    """
    try:
        found = _Generator(file)
    except ModelError:
        return None
    sizes, scale = found.sizes, found.scale
    jets = f"{_JETS[scale.jets]}, up to {scale.slots} particles" if scale else ""
    told = _SCALE.format(jets=_JETS[scale.jets], slots=scale.slots) if scale else _NO_SCALE
    data: dict[str, int | float | str] = {"jets": scale.jets, "n_points": scale.slots} if scale else {}
    return Recognition(
        model="epicgan",
        title=f"{TITLE} ({jets})" if jets else TITLE,
        path=file.path,
        format=file.format,
        fingerprint=file.fingerprint,
        parameter_count=sizes.parameter_count,
        hyperparameters=vars(sizes) | data,
        assumptions=(_SOURCE, told),
        obstacle=found.obstacle,
    )


def _generator(source: Recognition | Path) -> _Generator:
    """Read the generator in a file. Raises ModelError for another and for one that cannot be computed."""
    path = source.path if isinstance(source, Recognition) else source
    file = WeightFile.read(path)
    if file is None:
        raise ModelError(f"{path.name} does not contain weights.")
    found = _Generator(file)
    if found.obstacle is not None:
        raise found.obstacle
    return found


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> EpicGanRunner:
    """Load the generator in a weight file on `runtime`.

    Raises ModelError for a file of another network, UsageError, UnsafePickle, MissingEngine.
    """
    generator = _generator(source)
    size = batch_size or DEFAULT_BATCH
    if runtime == torch.RUNTIME:
        return EpicGanRunner(_in_torch(generator, size, device), generator)
    engine = load_engine(
        runtime, _graph(generator), batch_size=size, threads=threads, engines=engines, device=device
    )
    return EpicGanRunner(engine, generator)


def _graph(generator: _Generator) -> bytes:
    from fairreg.models.epicgan.graph import onnx_bytes

    return onnx_bytes(generator.tensors, generator.sizes, generator.scale)


def _in_torch(generator: _Generator, batch_size: int, device: str | None) -> Runner:
    torch.require()
    from fairreg.models.epicgan.torch_network import network

    place, sizes = str(torch.place(device)), generator.sizes
    function = network(generator.tensors, sizes.equiv_layers_generator, generator.scale, place)
    signature = inputs.signature(sizes, generator.scale)
    return torch.wrap(function, *signature, device=place, batch_size=batch_size)


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the generator of a recognised file as the ONNX graph that `load` runs."""
    return _graph(_generator(source))


def reference(identifier: Identifier) -> Recognition | None:  # noqa: ARG001  the protocol's signature
    """None: the package has no weights of its own."""
    return None


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read noise and masks for jets `start` to before `stop` of a .npz or HDF5 file. Raises ModelError."""
    return read_named(path, inputs.NAMES, start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of jets in the file, None where its arrays differ in length."""
    return count_rows(path)


def measure(outputs: Mapping[str, Array], labels: Array) -> Mapping[str, float]:  # noqa: ARG001
    """No figures: generated jets have no labels."""
    return {}


def sample_inputs() -> Mapping[str, Array]:
    """Noise for generators of the published sizes, as `inputs.draw`."""
    return inputs.draw(_PUBLISHED)


def sample_for(source: Recognition) -> Mapping[str, Array]:
    """Noise for the recognised generator, as `inputs.draw`."""
    return inputs.draw(_generator(source).sizes)


def demonstrate(runner: Runner) -> Demonstration:
    """Largest difference of the network's output to the definition; ModelError for another model."""
    if not isinstance(runner, EpicGanRunner):
        raise ModelError(f"The runner is not an {TITLE}.")
    arrays = inputs.draw(runner.generator.sizes)
    runner.run(arrays)  # engines do some things only once
    begun = perf_counter()
    found = runner.run(arrays)["network_output"]
    seconds = perf_counter() - begun
    return Demonstration(
        source="random noise",
        items=len(found),
        metrics={"max_difference": float(np.abs(found - defined(runner, arrays)).max())},
        items_per_second=len(found) / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or len(found),
        warnings=(_TOY,),
    )


def defined(runner: EpicGanRunner, arrays: Mapping[str, Array]) -> Array:
    """Output of the network by the definition, shape (jets, particles, feats), zeros in padded slots."""
    sizes, mask = runner.generator.sizes, arrays["mask"] != 0
    found = np.zeros((*mask.shape, sizes.feats))
    for jet, real in enumerate(mask):
        if real.any():
            noise, local = arrays["global_noise"][jet], arrays["local_noise"][jet][real]
            layers = sizes.equiv_layers_generator
            found[jet, real] = generated(runner.generator.tensors, layers, noise, local)
    return found
