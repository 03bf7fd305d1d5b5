# SPDX-License-Identifier: MIT
"""Multilayer perceptrons: the multi-body top tagger of FAIR4HEP and the CDMS regressor of FAIR-UMN.

Read in the order architecture, settings, definition, inputs, graph, runner.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork, NetworkRunner
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.mlp.architecture import METADATA, NAME, PerceptronSizes, options_file
from fairreg.runners import Runner

if TYPE_CHECKING:
    from fairreg.models.mlp.settings import PerceptronSettings

__all__ = ["PACKAGE", "PerceptronPackage"]

Array = NDArray[Any]
Perceptron = KnownNetwork[PerceptronSizes, "PerceptronSettings"]
_TITLES = {"multi_body": "Multi-body top tagger", "cdms": "CDMS impact location regressor"}
_COMPARED = PerceptronSizes("multi_body", 22, (200, 200, 50, 50), 2)  # of the published baseline


class PerceptronPackage(NetworkPackage[PerceptronSizes, "PerceptronSettings"]):
    """Both kinds of perceptron."""

    model = "mlp"
    called = "a multilayer perceptron"
    input_names = (NAME,)
    sample_source = "toy rows of random numbers, made by fairreg: no physics process is simulated"
    sample_warning = "The rows are random numbers: the figures say nothing about the performance."

    def identify(self, file: WeightFile, /) -> tuple[Tensors, PerceptronSizes]:
        """Take every tensor of the file."""
        sizes = PerceptronSizes.from_tensors(file.unwrapped)
        if sizes is None:
            raise ModelError(
                f"The weights in {file.path.name} are not those of a multilayer perceptron that fairreg "
                "knows."
            )
        return file.unwrapped, sizes

    def settings(self, path: Path, _tensors: Tensors, sizes: PerceptronSizes, /) -> "PerceptronSettings":
        """Read the JSON file beside the weights."""
        from fairreg.models.mlp.settings import settings_of

        return settings_of(path, sizes)

    def describe(
        self, _file: WeightFile, sizes: PerceptronSizes, settings: "PerceptronSettings | None", /
    ) -> Description:
        """Name the activation where it is known."""
        stated: dict[str, int | float | str] = {}
        if settings is not None:
            stated = {"activation": settings.activation.name}
            if settings.activation.name == "LeakyReLU":
                stated["slope"] = settings.activation.slope
        assumptions = () if settings is None else settings.assumptions
        return Description(_TITLES[sizes.family], sizes.to_json() | stated, assumptions)

    def signature(self, network: Perceptron, /) -> Signature:
        """Describe the rows and what is computed of them."""
        from fairreg.models.mlp.inputs import signature

        return signature(network.sizes, network.settings)

    def graph(self, network: Perceptron, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.mlp.graph import onnx_bytes

        return onnx_bytes(network.tensors, network.sizes, network.settings)

    def torch_network(self, network: Perceptron, device: str, /) -> Callable[..., Any]:
        """Build the network in PyTorch."""
        from fairreg.models.mlp import torch_network

        return torch_network.network(network.tensors, network.sizes, network.settings, device)

    def runner(
        self, engine: Runner, network: Perceptron, /
    ) -> NetworkRunner[PerceptronSizes, "PerceptronSettings"]:
        """Make a runner that refuses rows with values that are not finite."""
        from fairreg.models.mlp.runner import PerceptronRunner

        return PerceptronRunner(engine, self, network)

    def toy_sample(self, sizes: PerceptronSizes | None, /) -> Mapping[str, Array]:
        """Toy rows, without sizes for those with the inputs of the published baseline."""
        from fairreg.models.mlp.inputs import toy_rows

        return toy_rows(_COMPARED if sizes is None else sizes)

    def definition(self, network: Perceptron, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """All outputs."""
        from fairreg.models.mlp.definition import compute

        return compute(network.tensors, network.sizes, network.settings, arrays)

    def companions(self, name: str, /) -> tuple[str, ...]:
        """Paths of the options of the training of weights called `name`."""
        file = options_file(Path(name))
        return METADATA, file, f"../trained_model_dicts/{file}"

    def measure(self, outputs: Mapping[str, Array], labels: Array, /) -> Mapping[str, float]:
        """Accuracy and ROC AUC of a tagger for labels (n, 2); root mean square error of a regressor.

        Raises ModelError for labels of another shape or that are not finite.
        """
        if "probabilities" in outputs:
            return super().measure(outputs, labels)
        found = outputs["impact_location"]
        if labels.size != found.size or labels.dtype.kind not in "iuf":
            raise ModelError(f"labels of shape {labels.shape} do not fit {found.shape} impact locations.")
        if not np.isfinite(labels).all():
            row = int(np.argmin(np.isfinite(labels.reshape(-1))))
            raise ModelError(f"labels of row {row} is not finite.", hint="Leave such rows out.")
        return {"rmse": float(np.sqrt(np.mean((found - labels.reshape(found.shape)) ** 2)))}


PACKAGE = PerceptronPackage()
