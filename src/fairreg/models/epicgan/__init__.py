# SPDX-License-Identifier: MIT
"""Generators of EPiC-GAN: jets as clouds of any number of particles from random numbers.

Buhmann, Kasieczka and Thaler, arXiv:2301.08128; code: github.com/uhh-pd-ml/EPiC-GAN, from which names, shapes
and equations are taken. No published weight file was opened. Read in the order sizes, scale, definition,
inputs, graph.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Recognition
from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.epicgan.sizes import EpicGanSizes, generator_of

if TYPE_CHECKING:
    from fairreg.models.epicgan.scale import Scale

__all__ = ["PACKAGE", "TITLE", "EpicGanPackage"]

Array = NDArray[Any]
Generator = KnownNetwork[EpicGanSizes, "Scale | None"]
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


class EpicGanPackage(NetworkPackage[EpicGanSizes, "Scale | None"]):
    """The generators; the scale of their particles is the setting, None where it is unknown.

    The fingerprint is that of all networks in a file, the parameters are counted in the generator.
    """

    model = "epicgan"
    called = f"an {TITLE}"
    input_names = ("global_noise", "local_noise", "mask")
    masks: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"mask": ("local_noise",)})
    sample_source = "random noise"
    sample_warning = "The noise is drawn at random: the figures say how exactly the generator is computed."

    def identify(self, file: WeightFile, /) -> tuple[Tensors, EpicGanSizes]:
        """Take the tensors of the generator."""
        return generator_of(file.unwrapped)

    def settings(self, path: Path, tensors: Tensors, sizes: EpicGanSizes, /) -> "Scale | None":
        """Tell the scale by the name of the file. Raises ModelError for a weight without a direction."""
        from fairreg.models.epicgan.scale import scale_of

        for name, array in tensors.items():
            if name.endswith(".weight_v") and not array.any(axis=1).all():
                raise ModelError(
                    f"{path.name} cannot be run: a row of its tensor {name} is zero and has no direction.",
                    hint="Get another copy of the file, or ask its authors.",
                )
        return scale_of(path.name, sizes.feats)

    def describe(self, file: WeightFile, sizes: EpicGanSizes, _settings: "Scale | None", /) -> Description:
        """Name the jets of a file with a published name."""
        from fairreg.models.epicgan.scale import scale_of

        scale = scale_of(file.path.name, sizes.feats)
        if scale is None:
            return Description(TITLE, vars(sizes), (_SOURCE, _NO_SCALE))
        jets = _JETS[scale.jets]
        return Description(
            f"{TITLE} ({jets}, up to {scale.slots} particles)",
            vars(sizes) | {"jets": scale.jets, "n_points": scale.slots},
            (_SOURCE, _SCALE.format(jets=jets, slots=scale.slots)),
        )

    def signature(self, network: Generator, /) -> Signature:
        """Describe noise and particles."""
        from fairreg.models.epicgan.inputs import signature

        return signature(network.sizes, network.settings)

    def graph(self, network: Generator, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.epicgan.graph import onnx_bytes

        return onnx_bytes(network.tensors, network.sizes, network.settings)

    def torch_network(self, network: Generator, device: str, /) -> Callable[..., Any]:
        """Build the generator in PyTorch."""
        from fairreg.models.epicgan import torch_network

        layers = network.sizes.equiv_layers_generator
        return torch_network.network(network.tensors, layers, network.settings, device)

    def toy_sample(self, sizes: EpicGanSizes | None, /) -> Mapping[str, Array]:
        """Noise, without sizes for those of the published sizes."""
        from fairreg.models.epicgan.inputs import draw

        return draw(_PUBLISHED if sizes is None else sizes)

    def sample_for(self, source: Recognition, /) -> Mapping[str, Array]:
        """Noise for the recognised generator. Raises ModelError as `read` for one that cannot be run."""
        return self.sample_of(self.read(source))

    def definition(self, network: Generator, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """The network's own output."""
        from fairreg.models.epicgan.definition import generated_jets

        return {"network_output": generated_jets(network.tensors, network.sizes, arrays)}

    def measure(self, _outputs: Mapping[str, Array], _labels: Array, /) -> Mapping[str, float]:
        """No figures: generated jets have no labels."""
        return {}


PACKAGE = EpicGanPackage()
