# SPDX-License-Identifier: MIT
"""Particle Flow Networks and Particle Flow Interaction Networks: jet taggers of FAIR4HEP.

Read in the order architecture, settings, definition, inputs, graph, runner.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork, NetworkRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.pfn.architecture import NAMES, ParticleFlowSizes, options_file
from fairreg.runners import Runner

if TYPE_CHECKING:
    from fairreg.models.pfn.settings import ParticleFlowSettings

__all__ = ["PACKAGE", "ParticleFlowPackage"]

Array = NDArray[Any]
ParticleFlow = KnownNetwork[ParticleFlowSizes, "ParticleFlowSettings"]
_TITLES = {False: "Particle Flow Network", True: "Particle Flow Interaction Network"}


class ParticleFlowPackage(NetworkPackage[ParticleFlowSizes, "ParticleFlowSettings"]):
    """The networks with and without pairs of particles.

    Files of inputs have the names of those that the programs of PFIN4UQAD prepare.
    """

    model = "pfn"
    called = "a particle flow network"
    input_names = NAMES
    beside = ("latents", "preds")
    masks: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"masks": ()})
    sample_source = "toy jets of random particles, made by fairreg: no physics process is simulated"
    sample_warning = "The jets are toy jets: the figures say nothing about the tagger's performance."

    def identify(self, file: WeightFile, /) -> tuple[Tensors, ParticleFlowSizes]:
        """Take every tensor of the file."""
        sizes = ParticleFlowSizes.from_tensors(file.unwrapped)
        if sizes is None:
            raise ModelError(f"The weights in {file.path.name} are not those of a particle flow network.")
        return file.unwrapped, sizes

    def settings(self, path: Path, _tensors: Tensors, sizes: ParticleFlowSizes, /) -> "ParticleFlowSettings":
        """Read the options of the training beside the weights."""
        from fairreg.models.pfn.settings import settings_of

        return settings_of(path, sizes)

    def describe(
        self, _file: WeightFile, sizes: ParticleFlowSizes, settings: "ParticleFlowSettings | None", /
    ) -> Description:
        """Name the class and the output where they are known."""
        title, numbers = _TITLES[bool(sizes.pair_nodes)], sizes.to_json()
        if settings is None:
            return Description(title, numbers)
        stated = {"architecture": settings.architecture, "output": settings.output}
        return Description(title, numbers | stated, settings.assumptions)

    def signature(self, network: ParticleFlow, /) -> Signature:
        """Describe particles, jets and classes."""
        from fairreg.models.pfn.inputs import signature

        return signature(network.sizes, network.settings)

    def graph(self, network: ParticleFlow, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.pfn.graph import onnx_bytes

        return onnx_bytes(network.tensors, network.sizes, network.settings)

    def torch_network(self, network: ParticleFlow, device: str, /) -> Callable[..., Any]:
        """Build the network in PyTorch."""
        from fairreg.models.pfn import torch_network

        return torch_network.network(network.tensors, network.sizes, network.settings, device)

    def runner(
        self, engine: Runner, network: ParticleFlow, /
    ) -> NetworkRunner[ParticleFlowSizes, "ParticleFlowSettings"]:
        """Make a runner that checks the jets and cuts them by their pairs."""
        from fairreg.models.pfn.runner import ParticleFlowRunner

        return ParticleFlowRunner(engine, self, network)

    def toy_sample(self, sizes: ParticleFlowSizes | None, /) -> Mapping[str, Array]:
        """Toy jets, without sizes for every one with three features per particle."""
        from fairreg.models.pfn.inputs import toy_jets

        return toy_jets(sizes)

    def definition(self, network: ParticleFlow, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """All outputs."""
        from fairreg.models.pfn.definition import compute

        return compute(network.tensors, network.sizes, network.settings, arrays)

    def difference(self, found: Array, expected: Array, /) -> float:
        """Largest difference, relative where a value exceeds 1, as evidence does."""
        return float((np.abs(found - expected) / np.maximum(1, np.abs(expected))).max())

    def companions(self, name: str, /) -> tuple[str, ...]:
        """Paths of the options of the training of weights called `name`."""
        file = options_file(Path(name))
        return file, f"../trained_model_dicts/{file}"


PACKAGE = ParticleFlowPackage()
