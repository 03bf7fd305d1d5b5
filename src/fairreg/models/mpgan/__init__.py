# SPDX-License-Identifier: MIT
"""Generators of MPGAN: jets as clouds of particles from random numbers.

Kansal et al., NeurIPS 2021, arXiv:2106.11535; weights and code: github.com/rkansal47/MPGAN. Message passing
generators (mp, mplfc, mpfc, mppnet) and fully connected ones (fc, fcmp, fcpnet) are computed; graph
convolutions, trees and PCGAN are not. Read in the order layout, arguments, definition, inputs, graph, runner.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from fairreg.models.base import Recognition
from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork, NetworkRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.mpgan.layout import ARGUMENTS, GeneratorLayout
from fairreg.runners import Runner

if TYPE_CHECKING:
    from fairreg.models.mpgan.arguments import GeneratorArguments

__all__ = ["PACKAGE", "TITLE", "MpganPackage"]

Array = NDArray[Any]
Generator = KnownNetwork[GeneratorLayout, "GeneratorArguments"]
TITLE = "MPGAN generator"
_JETS = {"g": "gluon jets", "q": "light quark jets", "t": "top quark jets", "w": "W jets", "z": "Z jets"}
_SMALLEST_OUTPUT = 3  # eta_rel, phi_rel, pT_rel; a discriminator has one output
_NAMES = {"mpgan": "message passing", "old_mpgan": "message passing", "rgan": "fully connected"}
_SCALE = (
    "Particles are brought to the scale of the data with the constants for this type of jets in gen.py of "
    "github.com/rkansal47/MPGAN; network_output is not."
)
_NO_SCALE = "The authors' gen.py has no scale for these jets: only the network's own output is given."


class MpganPackage(NetworkPackage[GeneratorLayout, "GeneratorArguments"]):
    """The generators; what args.txt beside the weights says are the settings."""

    model = "mpgan"
    called = f"an {TITLE}"
    input_names = ("noise", "num_particles")
    alone = "noise"
    sample_source = "random noise"
    sample_warning = "The noise is drawn at random: the figures say how exactly the generator is computed."

    def identify(self, file: WeightFile, /) -> tuple[Tensors, GeneratorLayout]:
        """Take every tensor. One of the authors' classes has a part called model, which is no wrapper."""
        tensors = file.unwrapped
        if all(name[:1].isdigit() for name in tensors) and all("model." in name for name in file.tensors):
            tensors = {f"model.{name}": array for name, array in tensors.items()}
        return tensors, GeneratorLayout.from_tensors(tensors)

    def settings(self, path: Path, _tensors: Tensors, layout: GeneratorLayout, /) -> "GeneratorArguments":
        """Read args.txt beside the weights."""
        from fairreg.models.mpgan.arguments import arguments_of

        return arguments_of(path, layout)

    def describe(
        self, file: WeightFile, layout: GeneratorLayout, arguments: "GeneratorArguments | None", /
    ) -> Description | None:
        """Name the jets. The names of the two older classes are common: an args.txt has to name the class."""
        kind = _NAMES[layout.kind]
        numbers: dict[str, int | float | str] = {"model": layout.kind, "mp_iters_gen": len(layout.messages)}
        if arguments is None:
            from fairreg.models.mpgan.arguments import is_stated

            size = layout.messages[-1].output_size if layout.messages else layout.given
            ours = size >= _SMALLEST_OUTPUT and (layout.kind == "mpgan" or is_stated(file.path, layout))
            return Description(f"{TITLE} ({kind})", numbers) if ours else None
        jets = _JETS.get(arguments.jets, f"jets of type {arguments.jets}")
        said = _SCALE if arguments.has_particles else _NO_SCALE
        return Description(f"{TITLE} ({kind}, {jets})", numbers | arguments.to_json(), (said,))

    def signature(self, network: Generator, /) -> Signature:
        """Describe noise and particles."""
        from fairreg.models.mpgan.inputs import signature

        return signature(network.settings)

    def graph(self, network: Generator, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.mpgan.graph import onnx_bytes

        return onnx_bytes(network.tensors, network.sizes, network.settings)

    def torch_network(self, network: Generator, device: str, /) -> Callable[..., Any]:
        """Build the generator in PyTorch."""
        from fairreg.models.mpgan import torch_network

        return torch_network.network(network.tensors, network.sizes, network.settings, device)

    def runner(
        self, engine: Runner, network: Generator, /
    ) -> NetworkRunner[GeneratorLayout, "GeneratorArguments"]:
        """Make a runner that checks the numbers of particles."""
        from fairreg.models.mpgan.runner import GeneratorRunner

        return GeneratorRunner(engine, self, network)

    def toy_sample(self, _layout: GeneratorLayout | None, /) -> Mapping[str, Array]:
        """Noise for generators with the published sizes and masks."""
        from fairreg.models.mpgan.inputs import PUBLISHED, draw

        return draw(PUBLISHED)

    def sample_of(self, network: Generator, /) -> Mapping[str, Array]:
        """Noise for the generator."""
        from fairreg.models.mpgan.inputs import draw

        return draw(network.settings)

    def sample_for(self, source: Recognition, /) -> Mapping[str, Array]:
        """Noise for the recognised generator. Raises ModelError as `read` without a usable args.txt."""
        return self.sample_of(self.read(source))

    def definition(self, network: Generator, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """The network's own output."""
        from fairreg.models.mpgan.definition import generated_jets

        found = generated_jets(network.tensors, network.sizes, network.settings, arrays)
        return {"network_output": found}

    def companions(self, _name: str, /) -> tuple[str, ...]:
        """Path of the arguments of the training."""
        return (ARGUMENTS,)

    def measure(self, _outputs: Mapping[str, Array], _labels: Array, /) -> Mapping[str, float]:
        """No figures: generated jets have no labels."""
        return {}


PACKAGE = MpganPackage()
