# SPDX-License-Identifier: MIT
"""Generators of MPGAN: jets as clouds of particles from random numbers.

Kansal et al., NeurIPS 2021, arXiv:2106.11535; weights and code: github.com/rkansal47/MPGAN. Message passing
generators (mp, mplfc, mpfc, mppnet) and fully connected ones (fc, fcmp, fcpnet) are computed; graph
convolutions, trees and PCGAN are not. Read in the order layout, arguments, definition, inputs, graph.
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
from fairreg.models.mpgan import inputs
from fairreg.models.mpgan.arguments import FILE, GeneratorArguments, arguments_of
from fairreg.models.mpgan.definition import generated, has_particles
from fairreg.models.mpgan.layout import GeneratorLayout
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.runners.base import DEFAULT_BATCH
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "TITLE",
    "MpganRunner",
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
TITLE = "MPGAN generator"
_JETS = {"g": "gluon jets", "q": "light quark jets", "t": "top quark jets", "w": "W jets", "z": "Z jets"}
_SMALLEST_OUTPUT = 3  # eta_rel, phi_rel, pT_rel; a discriminator has one output
_NAMES = {"mpgan": "message passing", "old_mpgan": "message passing", "rgan": "fully connected"}
_SCALE = (
    "Particles are brought to the scale of the data with the constants for this type of jets in gen.py of "
    "github.com/rkansal47/MPGAN; network_output is not."
)
_NO_SCALE = "The authors' gen.py has no scale for these jets: only the network's own output is given."
_TOY = "The noise is drawn at random: the figures say how exactly the generator is computed."


class MpganRunner(DescribedRunner):
    """A runner that knows its generator, to be compared with the definition."""

    def __init__(self, engine: Runner, generator: "_Generator") -> None:
        self.generator = generator
        super().__init__(engine, *inputs.signature(generator.arguments))


class _Generator:
    """Tensors of a generator with what is known of them."""

    def __init__(self, tensors: Mapping[str, Array], path: Path) -> None:
        self.tensors, self.layout = tensors, GeneratorLayout.from_tensors(tensors)
        self.arguments = arguments_of(path, self.layout)


def _tensors(file: WeightFile) -> Mapping[str, Array]:
    """Tensors under the names of the authors' classes, one of which has a part called model."""
    plain = all(name.startswith("model.") for name in file.tensors)
    return file.tensors if plain else file.unwrapped


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in a file; None if it is not a weight file or holds another network.

    Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`.

    Names of the newer class are enough, and a missing or unusable args.txt is the `obstacle`; those of the
    other two are common, so they need one. Raises SecurityRefusal for an args.txt that is a link.
    """
    tensors = _tensors(file)
    try:
        layout = GeneratorLayout.from_tensors(tensors)
    except ModelError:
        return None
    arguments, obstacle = None, None
    try:
        arguments = arguments_of(file.path, layout)
    except ModelError as error:
        obstacle = error
    if arguments is None and (layout.kind != "mpgan" or layout.messages[-1].output_size < _SMALLEST_OUTPUT):
        return None
    jets = "" if arguments is None else _JETS.get(arguments.jets, f"jets of type {arguments.jets}")
    return Recognition(
        model="mpgan",
        title=f"{TITLE} ({_NAMES[layout.kind]}{', ' if jets else ''}{jets})",
        path=file.path,
        format=file.format,
        fingerprint=file.fingerprint,
        parameter_count=sum(array.size for array in tensors.values()),
        hyperparameters=_hyperparameters(layout, arguments),
        assumptions=_sentences(arguments),
        obstacle=obstacle,
    )


def _hyperparameters(
    layout: GeneratorLayout, arguments: GeneratorArguments | None
) -> dict[str, int | float | str]:
    """Hyperparameters under their names in args.txt."""
    found: dict[str, int | float | str] = {"model": layout.kind, "mp_iters_gen": len(layout.messages)}
    if arguments is None:
        return found
    return found | {
        "jets": arguments.jets,
        "num_hits": arguments.slots,
        "node_feat_size": arguments.features,
        "latent_size": arguments.latent,
        "sd": arguments.sd,
        "leaky_relu_alpha": arguments.slope,
        "gtanh": arguments.tanh,
        "sum": arguments.total,
        "mask_c": arguments.masked,
        "norm": arguments.norm,
    }


def _sentences(arguments: GeneratorArguments | None) -> tuple[str, ...]:
    return () if arguments is None else (_SCALE if has_particles(arguments) else _NO_SCALE,)


def _generator(source: Recognition | Path) -> _Generator:
    path = source.path if isinstance(source, Recognition) else source
    file = WeightFile.read(path)
    if file is None:
        raise ModelError(f"{path.name} does not contain weights.")
    return _Generator(_tensors(file), path)


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> MpganRunner:
    """Load the generator in a weight file on `runtime`.

    Raises ModelError for a file of another network and without a usable args.txt beside it, UsageError,
    UnsafePickle, MissingEngine.
    """
    generator = _generator(source)
    size = batch_size or DEFAULT_BATCH
    if runtime == torch.RUNTIME:
        return MpganRunner(_in_torch(generator, size, device), generator)
    from fairreg.models.mpgan.graph import onnx_bytes

    content = onnx_bytes(generator.tensors, generator.layout, generator.arguments)
    engine = load_engine(runtime, content, batch_size=size, threads=threads, engines=engines, device=device)
    return MpganRunner(engine, generator)


def _in_torch(generator: _Generator, batch_size: int, device: str | None) -> Runner:
    torch.require()
    from fairreg.models.mpgan.torch_network import network

    place = str(torch.place(device))
    function = network(generator.tensors, generator.layout, generator.arguments, place)
    signature = inputs.signature(generator.arguments)
    return torch.wrap(function, *signature, device=place, batch_size=batch_size)


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the generator of a recognised file as the ONNX graph that `load` runs."""
    from fairreg.models.mpgan.graph import onnx_bytes

    generator = _generator(source)
    return onnx_bytes(generator.tensors, generator.layout, generator.arguments)


def companions(name: str) -> tuple[str, ...]:  # noqa: ARG001  the same for all weights
    """Path of the arguments of the training."""
    return (FILE,)


def reference(identifier: Identifier) -> Recognition | None:  # noqa: ARG001  the protocol's signature
    """None: the package has no weights of its own."""
    return None


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read noise for jets `start` to before `stop` of a .npz or HDF5 file. Raises ModelError."""
    return read_named(path, inputs.NAMES, start, stop)


def count_inputs(path: Path) -> int | None:
    """Number of jets in the file, None where its arrays differ in length."""
    return count_rows(path)


def measure(outputs: Mapping[str, Array], labels: Array) -> Mapping[str, float]:  # noqa: ARG001
    """No figures: generated jets have no labels."""
    return {}


def sample_inputs() -> Mapping[str, Array]:
    """Noise for generators with the published sizes and masks: 30 particles of 32 numbers."""
    published = GeneratorArguments(
        slots=30,
        features=3,
        latent=32,
        per_particle=True,
        sd=0.2,
        slope=0.2,
        tanh=True,
        total=True,
        masked=True,
        distance=None,
        jets="g",
        norm=1,
    )
    return inputs.draw(published)


def sample_for(source: Recognition) -> Mapping[str, Array]:
    """Noise for the recognised generator. Raises ModelError as `load` without a usable args.txt."""
    return inputs.draw(_generator(source).arguments)


def demonstrate(runner: Runner) -> Demonstration:
    """Largest difference of the network's output to the definition; ModelError for another model."""
    if not isinstance(runner, MpganRunner):
        raise ModelError(f"The runner is not an {TITLE}.")
    arrays = inputs.draw(runner.generator.arguments)
    runner.run(arrays)  # engines do some things only once
    begun = perf_counter()
    found = runner.run(arrays)["network_output"]
    seconds = perf_counter() - begun
    expected = np.stack(defined(runner, arrays))
    return Demonstration(
        source="random noise",
        items=len(found),
        metrics={"max_difference": float(np.abs(found - expected).max())},
        items_per_second=len(found) / seconds if seconds else float("inf"),
        batch_size=runner.batch_size or len(found),
        warnings=(_TOY,),
    )


def defined(runner: MpganRunner, arrays: Mapping[str, Array]) -> list[Array]:
    """Output of the network for each jet by the definition."""
    known = runner.generator
    numbers = arrays.get("num_particles", [None] * len(arrays["noise"]))
    return [
        generated(
            known.tensors, known.layout, known.arguments, noise, None if number is None else int(number)
        )
        for noise, number in zip(arrays["noise"], numbers, strict=True)
    ]
