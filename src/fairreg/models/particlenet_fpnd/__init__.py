# SPDX-License-Identifier: MIT
"""JetNet's ParticleNet, whose activations the Frechet ParticleNet distance compares (arXiv:2106.11535).

Not the network of `particlenet`: its edge networks have biases, blocks are joined to their inputs, and there
is no mask.
Read in the order architecture, definition, jets (its inputs), graph, torch_network.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.base import Inputs
from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.particlenet_fpnd.architecture import NEIGHBOURS, PARTICLES, PUBLISHED, FpndArchitecture

__all__ = ["PACKAGE", "TITLE", "FpndPackage"]

Array = NDArray[Any]
FpndNetwork = KnownNetwork[FpndArchitecture, None]
TITLE = "JetNet's ParticleNet"
_CODE = "jetnet/evaluation/particlenet.py of jet-net/JetNet"
# jetnet/evaluation/fpnd_resources/jetnet/30_particles/pnet_state_dict.pt of JetNet, licence MIT.
_PUBLISHED_FILES = {
    "sha256:25fc49cc3a7502ddda53f6fc51675dfb245dc14b1620c80b431ebadf4efec49f": "pnet_state_dict.pt"
}


class FpndPackage(NetworkPackage[FpndArchitecture, None]):
    """The networks of any number of features, with the activations as an output."""

    model = "particlenet_fpnd"
    called = TITLE
    input_names = ("particles",)
    sample_source = (
        "toy jets: angles from a normal distribution, shares of the transverse momentum from an exponential "
        "one"
    )
    sample_warning = "The sample consists of toy jets: it shows that the network runs, not how well it tags."

    def identify(self, file: WeightFile, /) -> tuple[Tensors, FpndArchitecture]:
        """Take every tensor of the file, copies included."""
        return file.unwrapped, FpndArchitecture.from_tensors(file.unwrapped)

    def describe(self, file: WeightFile, sizes: FpndArchitecture, _settings: None, /) -> Description:
        """Name the features where there are three."""
        from fairreg.models.particlenet_fpnd.jets import FEATURES

        features = "The file does not name the features."
        if sizes.features == len(FEATURES):
            features = "The features are etarel, phirel and ptrel, normalised as JetNet.fpnd_norm does."
        return Description(
            title=TITLE,
            hyperparameters=sizes.to_json(),
            assumptions=(
                f"Each particle has k = {NEIGHBOURS} neighbours, as in {_CODE}.",
                f"A jet has {PARTICLES} particles, as fpnd in gen_metrics.py there requires.",
                features,
                "The file does not name the classes.",
            ),
            preference=int(sizes.blocks == PUBLISHED),
            published_name=_PUBLISHED_FILES.get(file.fingerprint),
        )

    def signature(self, network: FpndNetwork, /) -> Signature:
        """Describe particles, scores and activations."""
        from fairreg.models.particlenet_fpnd.jets import signature

        return signature(network.sizes)

    def graph(self, network: FpndNetwork, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.particlenet_fpnd.graph import onnx_bytes

        return onnx_bytes(network.tensors)

    def torch_network(self, network: FpndNetwork, device: str, /) -> Callable[..., Any]:
        """Build the network in PyTorch."""
        from fairreg.models.particlenet_fpnd import torch_network

        return torch_network.network(network.tensors, device)

    def toy_sample(self, sizes: FpndArchitecture | None, /) -> Mapping[str, Array]:
        """Toy jets, without sizes with the three features of the published one."""
        from fairreg.models.particlenet_fpnd.jets import FEATURES, PARTICLES_INPUT, toy_jets

        published = FpndArchitecture(len(FEATURES), PUBLISHED, 256, 5)
        return {PARTICLES_INPUT: toy_jets(published if sizes is None else sizes)}

    def definition(self, network: FpndNetwork, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """Scores and activations."""
        from fairreg.models.particlenet_fpnd.definition import scores_and_activations

        scores, activations = scores_and_activations(network.tensors, arrays["particles"])
        return {"scores": scores, "activations": activations}

    def read_inputs(self, path: Path, start: int = 0, stop: int | None = None) -> Inputs:
        """Read `particles` of jets `start` to before `stop`, as `jets.read`."""
        from fairreg.models.particlenet_fpnd.jets import read

        return read(path, start, stop)

    def measure(self, outputs: Mapping[str, Array], labels: Array, /) -> Mapping[str, float]:
        """Accuracy and cross entropy of the softmax of the scores, as `classification.with_cross_entropy`."""
        from fairreg.models.common.classification import with_cross_entropy

        scores = outputs["scores"].astype(np.float64)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return with_cross_entropy(powers / powers.sum(axis=1, keepdims=True), labels)


PACKAGE = FpndPackage()
