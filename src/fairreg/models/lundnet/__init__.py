# SPDX-License-Identifier: MIT
"""LundNet, a graph network on the Lund tree of a jet that tags W bosons and top quarks.

Dreyer and Qu, arXiv:2012.08526; code and weights: github.com/fdreyer/LundNet (10.5281/zenodo.4443146). Names,
shapes and equations are taken from the code; no published weight file was opened. Read in the order sizes,
definition, inputs, graph.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork, NetworkRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.lundnet.sizes import CLASSES, FEATURES, LundNetSizes
from fairreg.runners import Runner

__all__ = ["PACKAGE", "TITLE", "LundNetPackage"]

Array = NDArray[Any]
LundNet = KnownNetwork[LundNetSizes, None]
TITLE = "LundNet"
_SOURCE = (
    "Recognised by names and shapes from src/lundnet of github.com/fdreyer/LundNet; no published file was "
    "opened. Taken from there: edges in both directions between a node and its parent, none from a node to "
    "itself; the mean over the edges and over the nodes; ReLU."
)
_FEATURES = "The {count} features of a node are {names}, in this order, as in the authors' program."
_CLASSES = (
    "Class 0 is the background and class 1 the signal, as in the authors' program; the file does not say "
    "what the signal is."
)


class LundNetPackage(NetworkPackage[LundNetSizes, None]):
    """The LundNets of 2 to 5 features per node."""

    model = "lundnet"
    called = f"a {TITLE}"
    input_names = ("node_features", "parents", "mask")
    masks: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"mask": ("node_features",)})
    sample_source = "toy jets"
    sample_warning = (
        "The jets are a toy sample drawn at random: the figures say how exactly the network is computed."
    )

    def identify(self, file: WeightFile, /) -> tuple[Tensors, LundNetSizes]:
        """Take every tensor of the file."""
        return file.unwrapped, LundNetSizes.from_tensors(file.unwrapped)

    def describe(self, _file: WeightFile, sizes: LundNetSizes, _settings: None, /) -> Description:
        """Name the features, and the classes of a network of two."""
        names = ", ".join(FEATURES[sizes.input_dims])
        named = (_CLASSES,) if sizes.num_classes == len(CLASSES) else ()
        return Description(
            f"{TITLE}-{sizes.input_dims}",
            sizes.to_json(),
            (_SOURCE, _FEATURES.format(count=sizes.input_dims, names=names), *named),
        )

    def signature(self, network: LundNet, /) -> Signature:
        """Describe nodes and classes."""
        from fairreg.models.lundnet.inputs import signature

        return signature(network.sizes)

    def graph(self, network: LundNet, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.lundnet.graph import onnx_bytes

        return onnx_bytes(network.tensors, network.sizes)

    def torch_network(self, network: LundNet, device: str, /) -> Callable[..., Any]:
        """Build the network in PyTorch."""
        from fairreg.models.lundnet import torch_network

        return torch_network.network(network.tensors, network.sizes, device)

    def runner(self, engine: Runner, network: LundNet, /) -> NetworkRunner[LundNetSizes, None]:
        """Make a runner that refuses nodes that form no tree."""
        from fairreg.models.lundnet.runner import LundNetRunner

        return LundNetRunner(engine, self, network)

    def toy_sample(self, sizes: LundNetSizes | None, /) -> Mapping[str, Array]:
        """Toy Lund trees, of five features without sizes."""
        from fairreg.models.lundnet.inputs import toy_trees

        return toy_trees(max(FEATURES) if sizes is None else sizes.input_dims)

    def definition(self, network: LundNet, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """Logits (jets, classes)."""
        from fairreg.models.lundnet.definition import logits_of_jets

        return {"logits": logits_of_jets(network.tensors, network.sizes, arrays)}


PACKAGE = LundNetPackage()
