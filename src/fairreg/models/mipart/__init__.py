# SPDX-License-Identifier: MIT
"""MIParT: a Particle Transformer with blocks whose attention the pairs alone give (arXiv:2407.08682).

No published weights could be opened when this was written: recognition and arithmetic follow the authors'
public code (USST-HEP/MIParT). They were checked with random weights of its names and shapes, against a
definition in float64 and PyTorch's own modules in the authors' order, and never against the authors' results.
Inputs, outputs and the features of pairs are those of the Particle Transformer.

Read in the order architecture, definition (the network, slowly), graph, torch_network.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.mipart.architecture import TITLE, MIParTArchitecture
from fairreg.models.particle_transformer import ParticleTransformer, ParticleTransformerPackage

__all__ = ["PACKAGE", "MIParTPackage"]

Array = NDArray[Any]


class MIParTPackage(ParticleTransformerPackage):
    """The transformers with interaction blocks."""

    model = "mipart"
    called = f"a {TITLE}"
    architecture: ClassVar[type[MIParTArchitecture]] = MIParTArchitecture
    example = "example_MIParticleTransformer.py of USST-HEP/MIParT"

    def graph(self, network: ParticleTransformer, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.mipart.graph import onnx_bytes

        return onnx_bytes(network.tensors)

    def torch_network(self, network: ParticleTransformer, device: str, /) -> Callable[..., Any]:
        """Build the network in PyTorch."""
        from fairreg.models.mipart import torch_network

        return torch_network.network(network.tensors, device)

    def definition(self, network: ParticleTransformer, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """Probabilities (jets, classes)."""
        from fairreg.models.mipart.definition import probabilities

        return {"probabilities": probabilities(network.tensors, arrays)}


PACKAGE = MIParTPackage()
