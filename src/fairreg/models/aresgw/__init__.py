# SPDX-License-Identifier: MIT
"""AresGW: tells 1 s of whitened strain of two detectors with a binary black hole merger from noise.

P. Nousi et al., Phys. Rev. D 108, 024022, arXiv:2211.01520; weights and code:
github.com/vivinousi/gw-detection-deep-learning.
Read in the order architecture, definition, whitening, inputs, graph.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.aresgw.architecture import INPUT, OUTPUT, SAMPLE_RATE, SAMPLES, ResidualNetwork
from fairreg.models.base import Inputs
from fairreg.models.common.network_package import Description, NetworkPackage, Signature, Tensors
from fairreg.models.common.network_runner import KnownNetwork
from fairreg.models.common.weight_file import WeightFile

__all__ = ["PACKAGE", "TITLE", "AresPackage"]

Array = NDArray[Any]
AresNetwork = KnownNetwork[ResidualNetwork, None]
TITLE = "AresGW residual network"
# By the channels of the first block, as the authors' README names them.
_TITLES = {8: f"{TITLE}, challenge version (Virgo-AUTH)", 16: f"{TITLE}, model 1"}
_CODE = "vivinousi/gw-detection-deep-learning"
_ASSUMPTIONS = (
    (
        f"The input is strain whitened as in modules/whiten.py of {_CODE}; the tensor whiten.norm, a "
        "spectrum of the training, is not used."
    ),
    (
        "Strides, padding, softmax and the normalisation of the input are those of modules/resnet.py and "
        "modules/dain.py; batch normalisation has PyTorch's default epsilon of 1e-5."
    ),
    "Output 0 is signal and detector 0 is H1, as in utils/dataset.py and utils/eval_utils.py.",
)


class AresPackage(NetworkPackage[ResidualNetwork, None]):
    """The residual networks of any width."""

    model = "aresgw"
    called = "of AresGW"
    input_names = (INPUT,)
    unused = frozenset({"whiten.norm"})
    sample_source = "toy noise with a chirp"
    sample_warning = (
        "The strain is a toy sample, Gaussian noise with a chirp: the figures say nothing about sensitivity."
    )
    default_batch = 64  # segments: their widest layers take 8 MB

    def identify(self, file: WeightFile, /) -> tuple[Tensors, ResidualNetwork]:
        """Take every tensor of the file."""
        network = ResidualNetwork.from_tensors(file.unwrapped)
        if network is None:
            raise ModelError(f"The weights in {file.path.name} are not those of AresGW.")
        return file.unwrapped, network

    def describe(self, _file: WeightFile, sizes: ResidualNetwork, _settings: None, /) -> Description:
        """Name the network by its width."""
        numbers = {
            "width": sizes.width,
            "residual_blocks": len(sizes.blocks),
            "samples": SAMPLES,
            "sample_rate": SAMPLE_RATE,
        }
        return Description(_TITLES.get(sizes.width, TITLE), numbers, _ASSUMPTIONS)

    def signature(self, _network: AresNetwork, /) -> Signature:
        """Describe segments and probabilities."""
        from fairreg.models.aresgw.inputs import signature

        return signature()

    def graph(self, network: AresNetwork, /) -> bytes:
        """Serialise the graph."""
        from fairreg.models.aresgw.graph import onnx_bytes

        return onnx_bytes(network.tensors, network.sizes)

    def torch_network(self, network: AresNetwork, device: str, /) -> Callable[..., Any]:
        """Build the network in PyTorch."""
        from fairreg.models.aresgw import torch_network

        return torch_network.network(network.tensors, network.sizes, device)

    def toy_sample(self, _sizes: ResidualNetwork | None, /) -> Mapping[str, Array]:
        """Whitened toy segments, for every network of the model."""
        from fairreg.models.aresgw.sample import toy_segments

        return {INPUT: toy_segments()}

    def definition(self, network: AresNetwork, arrays: Mapping[str, Array], /) -> Mapping[str, Array]:
        """Probabilities (segments, 2)."""
        from fairreg.models.aresgw.definition import probabilities

        return {OUTPUT: probabilities(network.tensors, arrays[INPUT])}

    def read_inputs(self, path: Path, start: int = 0, stop: int | None = None) -> Inputs:
        """Read whitened segments, or whiten slices of strain, from a .npz or HDF5 file, as `inputs.read`."""
        from fairreg.models.aresgw.inputs import read

        return read(path, start, stop)

    def count_inputs(self, path: Path) -> int | None:
        """Number of segments in the file. Raises as `read_inputs`."""
        from fairreg.models.aresgw.inputs import count

        return count(path)


PACKAGE = AresPackage()
