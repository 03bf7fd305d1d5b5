# SPDX-License-Identifier: MIT
"""ParticleNet: tells the origin of a jet from its particles, an unordered cloud (arXiv:1902.08570).

Read in the order architecture, definition (the network, slowly), physics and jets (its inputs), graph,
torch_network, runner.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.base import Inputs, Recognition
from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork, NetworkRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.particlenet.architecture import (
    LITE,
    PUBLISHED,
    ObjectStream,
    ParticleNetArchitecture,
    plain_names,
)
from fairreg.runners import Runner

__all__ = ["PACKAGE", "TITLE", "ParticleNetPackage"]

Array = NDArray[Any]
ParticleNet = KnownNetwork[ParticleNetArchitecture, int]
TITLE = "ParticleNet"
_PAPER, _VARIANT = 1, 0  # preference
_WEAVER = "hqucms/weaver-core, weaver/nn/model/ParticleNet.py"
# The file whose fingerprint was computed: models/ParticleNet_kin.pt of the authors' repository, licence MIT.
_PUBLISHED_FILES = {
    "sha256:db07aec6379481c1b55a50284f479271c80c29733e2056f59ead961bdb58a7b1": "ParticleNet_kin.pt"
}


class ParticleNetPackage(NetworkPackage[ParticleNetArchitecture, int]):
    """ParticleNets and taggers around one; the number k of neighbours is the setting."""

    model = "particlenet"
    called = f"a {TITLE}"
    input_names = ("points", "features", "mask")
    masks: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType(
        {f"{prefix}mask": (f"{prefix}points", f"{prefix}features") for prefix in ("", "pf_", "sv_")}
    )
    sample_source = (
        "toy jets: directions from a normal distribution around the jet's axis, transverse momenta from an "
        "exponential one, features without a known meaning from a standard normal one"
    )
    sample_warning = "The sample consists of toy jets: it shows that the network runs, not how well it tags."
    default_batch = 32  # jets: the edges of one of 128 particles take 2 MB per layer

    def identify(self, file: WeightFile, /) -> tuple[Tensors, ParticleNetArchitecture]:
        """Take every tensor of the file, that of a fine-tuned network under its first name."""
        tensors = plain_names(file.unwrapped)
        return tensors, ParticleNetArchitecture.from_tensors(tensors)

    def settings(self, _path: Path, _tensors: Tensors, sizes: ParticleNetArchitecture, /) -> int:
        """Take k of the published networks."""
        return sizes.neighbours

    def describe(
        self, file: WeightFile, sizes: ParticleNetArchitecture, _neighbours: int | None, /
    ) -> Description:
        """Prefer networks of the published sizes."""
        return Description(
            title=f"{TITLE} tagger" if sizes.embedded else TITLE,
            hyperparameters=sizes.to_json(),
            assumptions=_assumptions(sizes),
            preference=_PAPER if sizes.blocks in {PUBLISHED, LITE} else _VARIANT,
            published_name=_PUBLISHED_FILES.get(file.fingerprint),
        )

    def signature(self, network: ParticleNet, /) -> Signature:
        """Describe particles and classes."""
        from fairreg.models.particlenet.jets import signature

        return signature(network.sizes)

    def graph(self, network: ParticleNet, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.particlenet.graph import onnx_bytes

        return onnx_bytes(network.tensors, network.settings)

    def torch_network(self, network: ParticleNet, device: str, /) -> Callable[..., Any]:
        """Build the network in PyTorch."""
        from fairreg.models.particlenet import torch_network

        return torch_network.network(network.tensors, network.settings, device)

    def runner(self, engine: Runner, network: ParticleNet, /) -> NetworkRunner[ParticleNetArchitecture, int]:
        """Make a runner that refuses masks and particles that make no sense."""
        from fairreg.models.particlenet.runner import ParticleNetRunner

        return ParticleNetRunner(engine, self, network)

    def load(
        self, source: Recognition | Path, *, neighbours: int | None = None, **options: Any
    ) -> NetworkRunner[ParticleNetArchitecture, int]:
        """Load the network in a weight file; `neighbours` is k where it is not that of the published ones.

        The other options and errors are those of `NetworkPackage.load`.
        """
        network = self.read(source)
        return self.build(replace(network, settings=neighbours or network.settings), **options)

    def toy_sample(self, sizes: ParticleNetArchitecture | None, /) -> Mapping[str, Array]:
        """Toy jets, without sizes with the seven kinematic features of the published ones."""
        from fairreg.models.particlenet.jets import toy_jets
        from fairreg.models.particlenet.physics import CLASSES

        published = ParticleNetArchitecture((ObjectStream("", 7),), PUBLISHED, (256,), len(CLASSES))
        return toy_jets(published if sizes is None else sizes)

    def definition(self, network: ParticleNet, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """Probabilities (jets, classes)."""
        from fairreg.models.particlenet.definition import probabilities

        return {"probabilities": probabilities(network.tensors, arrays, network.settings)}

    def read_inputs(self, path: Path, start: int = 0, stop: int | None = None) -> Inputs:
        """Read jets `start` to before `stop` of a .npz or HDF5 file, as `jets.read`.

        Labels are the index of the class of each jet, or 1 in its column.
        """
        from fairreg.models.particlenet.jets import read

        return read(path, start, stop)

    def measure(self, outputs: Mapping[str, Array], labels: Array, /) -> Mapping[str, float]:
        """Accuracy and cross entropy of the probabilities, as `classification.with_cross_entropy`."""
        from fairreg.models.common.classification import with_cross_entropy

        return with_cross_entropy(outputs["probabilities"], labels)


def _assumptions(sizes: ParticleNetArchitecture) -> tuple[str, ...]:
    from fairreg.models.particlenet.physics import SOURCE, classes_of, source_of

    known = sizes.blocks in {PUBLISHED, LITE}
    place = (
        f"the defaults of {_WEAVER}"
        if sizes.blocks == LITE
        else f"networks/example_ParticleNet.py of {SOURCE}"
    )
    if sizes.embedded and sizes.blocks == PUBLISHED:
        place = "networks/particle_net_pf_sv.py of hqucms/weaver-core"
    neighbours = f"Each particle has k = {sizes.neighbours} neighbours, as in {place}"
    if not known:
        neighbours += ", whose sizes are others than these"
    first = sizes.streams[0].features
    source = None if sizes.embedded else source_of(first, sizes.classes)
    inputs = (
        f"The features and their normalisation are those of {source}.yaml of {SOURCE}, which has as many"
        if source
        else "The features, their order and their normalisation are those of the training, which the file "
        "does not name"
    )
    classes = "" if source and classes_of(first, sizes.classes) else "The file does not name the classes."
    return (
        f"{neighbours}.",
        f"The sum over the particles is divided by their number (use_counts), the default of {_WEAVER}.",
        f"The points are pseudorapidity and azimuth relative to the jet's axis, as in the files of {SOURCE}.",
        f"{inputs}.",
        *([classes] if classes else []),
    )


PACKAGE = ParticleNetPackage()
