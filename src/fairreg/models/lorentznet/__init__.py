# SPDX-License-Identifier: MIT
"""LorentzNet, a Lorentz-equivariant graph network that tags jets (top quarks, quarks against gluons).

Gong et al., JHEP 07 (2022) 030, arXiv:2201.08187; weights and code: github.com/sdogsq/LorentzNet-release.
Read in the order sizes, arguments, definition, inputs, graph, runner.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.base import Inputs
from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork, NetworkRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.lorentznet.sizes import ARGUMENTS, LorentzNetSizes
from fairreg.runners import Runner

if TYPE_CHECKING:
    from fairreg.models.lorentznet.arguments import CoordinateWeight

__all__ = ["PACKAGE", "TITLE", "LorentzNetPackage"]

Array = NDArray[Any]
LorentzNet = KnownNetwork[LorentzNetSizes, "CoordinateWeight"]
TITLE = "LorentzNet"
_TASKS = {2: "top tagging", 8: "quark-gluon tagging"}
_POOLING = (
    "The sum over the particles is divided by the number of slots, padding included, as the authors' class "
    "does: pad jets as in the training (top tagging: to the largest jet of a batch; quark-gluon tagging: to "
    "the largest jet of the data set)."
)


class LorentzNetPackage(NetworkPackage[LorentzNetSizes, "CoordinateWeight"]):
    """The LorentzNets of any number of scalars; the weight of the coordinates' update is the setting."""

    model = "lorentznet"
    called = f"a {TITLE}"
    input_names = ("four_momenta", "pdg_id", "scalars", "mask")
    masks: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"mask": ("four_momenta", "scalars")})
    sample_source = "toy jets"
    sample_warning = (
        "The jets are a toy sample drawn at random: the figures say how exactly the network is computed."
    )
    default_batch = 16  # jets: the messages of all pairs of 200 particles take 12 MB per jet

    def identify(self, file: WeightFile, /) -> tuple[Tensors, LorentzNetSizes]:
        """Take every tensor of the file."""
        return file.unwrapped, LorentzNetSizes.from_tensors(file.unwrapped)

    def settings(self, path: Path, _tensors: Tensors, sizes: LorentzNetSizes, /) -> "CoordinateWeight":
        """Read args.json beside the weights, or take the authors' default."""
        from fairreg.models.lorentznet.arguments import coordinate_weight

        return coordinate_weight(path, sizes)

    def describe(
        self, _file: WeightFile, sizes: LorentzNetSizes, settings: "CoordinateWeight | None", /
    ) -> Description:
        """Name the task of a known number of scalars."""
        task = _TASKS.get(sizes.scalars)
        title = f"{TITLE} for {task}" if task else TITLE
        if settings is None:
            return Description(title, vars(sizes), (_POOLING,))
        said = () if settings.assumption is None else (settings.assumption,)
        return Description(title, vars(sizes) | {"c_weight": settings.value}, (*said, _POOLING))

    def signature(self, network: LorentzNet, /) -> Signature:
        """Describe particles and classes."""
        from fairreg.models.lorentznet.inputs import signature

        return signature(network.sizes)

    def graph(self, network: LorentzNet, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.lorentznet.graph import onnx_bytes

        return onnx_bytes(network.tensors, network.settings.value)

    def torch_network(self, network: LorentzNet, device: str, /) -> Callable[..., Any]:
        """Build the network in PyTorch."""
        from fairreg.models.lorentznet import torch_network

        return torch_network.network(network.tensors, network.settings.value, device)

    def runner(
        self, engine: Runner, network: LorentzNet, /
    ) -> NetworkRunner[LorentzNetSizes, "CoordinateWeight"]:
        """Make a runner that refuses jets without slots."""
        from fairreg.models.lorentznet.runner import LorentzNetRunner

        return LorentzNetRunner(engine, self, network)

    def toy_sample(self, sizes: LorentzNetSizes | None, /) -> Mapping[str, Array]:
        """Toy jets, without sizes for those that tag top quarks."""
        from fairreg.models.lorentznet.inputs import toy_jets

        return toy_jets(min(_TASKS) if sizes is None else sizes.scalars)

    def definition(self, network: LorentzNet, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """Logits (jets, classes)."""
        from fairreg.models.lorentznet.definition import logits_of_jets

        return {"logits": logits_of_jets(network.tensors, network.settings.value, arrays)}

    def companions(self, _name: str, /) -> tuple[str, ...]:
        """Path of the arguments of the training."""
        return (ARGUMENTS,)

    def read_inputs(self, path: Path, start: int = 0, stop: int | None = None) -> Inputs:
        """Read jets `start` to before `stop` of a .npz or HDF5 file, as `inputs.read`."""
        from fairreg.models.lorentznet.inputs import read

        return read(path, start, stop)


PACKAGE = LorentzNetPackage()
