# SPDX-License-Identifier: MIT
"""Particle Transformer: tells the origin of a jet with attention between its particles (arXiv:2202.03772).

No published weights could be opened when this was written: recognition and arithmetic follow the authors'
public code. They were checked with random weights of its names and shapes, against a definition in float64
and PyTorch's own attention, and never against the authors' results. The authors' code computes the features
of pairs in float32, where the mass of a light pair is rounding; here they are computed in float64.

Read in the order architecture, definition (the network, slowly), jets (its inputs), graph,
torch_network.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.base import Inputs
from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork, NetworkRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.particle_transformer.architecture import ParticleTransformerArchitecture
from fairreg.models.particlenet import ParticleNetPackage
from fairreg.models.particlenet.architecture import plain_names
from fairreg.runners import Runner

__all__ = ["PACKAGE", "TITLE", "ParticleTransformerPackage"]

Array = NDArray[Any]
ParticleTransformer = KnownNetwork[ParticleTransformerArchitecture, None]
TITLE = ParticleTransformerArchitecture.TITLE


class ParticleTransformerPackage(NetworkPackage[ParticleTransformerArchitecture, None]):
    """The transformers with attention biased by pairs; `example` is the authors' file with their options."""

    model = "particle_transformer"
    called = f"a {TITLE}"
    architecture: ClassVar[type[ParticleTransformerArchitecture]] = ParticleTransformerArchitecture
    example: ClassVar[str] = "networks/example_ParticleTransformer.py of jet-universe/particle_transformer"
    input_names = ("features", "lorentz_vectors", "mask")
    masks: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType(
        {"mask": ("features", "lorentz_vectors")}
    )
    sample_source = (
        f"{ParticleNetPackage.sample_source}; massless four-momenta of their own directions and momenta"
    )
    sample_warning = ParticleNetPackage.sample_warning
    default_batch = 16  # jets: the pairs of one of 128 particles take 4 MB per layer of their embedding

    def identify(self, file: WeightFile, /) -> tuple[Tensors, ParticleTransformerArchitecture]:
        """Take every tensor of the file, that of a fine-tuned network under its first name."""
        tensors = plain_names(file.unwrapped)
        return tensors, self.architecture.from_tensors(tensors)

    def describe(
        self, _file: WeightFile, sizes: ParticleTransformerArchitecture, _settings: None, /
    ) -> Description:
        """State what the authors' code shows and the file does not."""
        return Description(sizes.TITLE, sizes.to_json(), _assumptions(sizes, self.example))

    def signature(self, network: ParticleTransformer, /) -> Signature:
        """Describe particles and classes."""
        from fairreg.models.particle_transformer.jets import signature

        return signature(network.sizes)

    def graph(self, network: ParticleTransformer, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.particle_transformer.graph import onnx_bytes

        return onnx_bytes(network.tensors)

    def torch_network(self, network: ParticleTransformer, device: str, /) -> Callable[..., Any]:
        """Build the network in PyTorch."""
        from fairreg.models.particle_transformer import torch_network

        return torch_network.network(network.tensors, device)

    def runner(
        self, engine: Runner, network: ParticleTransformer, /
    ) -> NetworkRunner[ParticleTransformerArchitecture, None]:
        """Make a runner that refuses jets without meaning."""
        from fairreg.models.particle_transformer.runner import ParticleTransformerRunner

        return ParticleTransformerRunner(engine, self, network)

    def toy_sample(self, sizes: ParticleTransformerArchitecture | None, /) -> Mapping[str, Array]:
        """Toy jets, without sizes with the seven kinematic features of the published ones."""
        from fairreg.models.particle_transformer.jets import toy_jets
        from fairreg.models.particlenet.physics import CLASSES

        published = ParticleTransformerArchitecture(7, (128,), (8,), 1, 1, 512, (), len(CLASSES))
        return toy_jets(published if sizes is None else sizes)

    def definition(self, network: ParticleTransformer, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """Probabilities (jets, classes)."""
        from fairreg.models.particle_transformer.definition import probabilities

        return {"probabilities": probabilities(network.tensors, arrays)}

    def read_inputs(self, path: Path, start: int = 0, stop: int | None = None) -> Inputs:
        """Read jets `start` to before `stop` of a .npz or HDF5 file, as `jets.read`."""
        from fairreg.models.particle_transformer.jets import read

        return read(path, start, stop)

    def measure(self, outputs: Mapping[str, Array], labels: Array, /) -> Mapping[str, float]:
        """Accuracy and cross entropy of the probabilities, as `classification.with_cross_entropy`."""
        from fairreg.models.common.classification import with_cross_entropy

        return with_cross_entropy(outputs["probabilities"], labels)


def _assumptions(sizes: ParticleTransformerArchitecture, example: str) -> tuple[str, ...]:
    from fairreg.models.particlenet.physics import CLASSES, SOURCE, source_of

    source = source_of(sizes.features, sizes.classes)
    code = (
        "No published weights could be opened: names and arithmetic are those of the authors' code, and were "
        "not compared with the authors' results. Features of pairs are computed in float64, there in float32."
    )
    switches = (
        "Activations are GELU, also after the last layer of the pairs (use_pre_activation_pair=False), and a "
        f"particle's pair with itself counts (remove_self_pair=False), as in {example}."
    )
    known = f"The features and their normalisation are those of {source}.yaml of {SOURCE}, which has as many."
    unknown = "The file does not name the features, their order and their normalisation."
    classes = () if source and sizes.classes == len(CLASSES) else ("The file does not name the classes.",)
    unit = "The four-momenta have the unit of the training: features of pairs depend on it."
    return code, switches, known if source else unknown, unit, *classes


PACKAGE = ParticleTransformerPackage()
