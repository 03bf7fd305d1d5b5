# SPDX-License-Identifier: MIT
"""The network as a file for other programs, and the check of such a file against the definition."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine, ModelError
from fairreg.models.hbb_in.inputs import FeatureSelection, sample
from fairreg.models.hbb_in.network import OUTPUT, Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.pairwise import definition, pairwise_bytes
from fairreg.models.hbb_in.runner import build
from fairreg.runners import get
from fairreg.runners.weights import read_tensors

__all__ = ["FORMATS", "TOLERANCE", "check", "serialised"]

# format -> suffix
FORMATS: Mapping[str, str] = MappingProxyType(
    {"onnx": ".onnx", "safetensors": ".safetensors", "pairwise": "-pairwise.onnx"}
)
TOLERANCE = 1e-5  # of a probability computed in float32
_RANDOM_JETS, _SAMPLE_JETS = 12, 12

Array = NDArray[Any]


def serialised(tensors: Mapping[str, Array], file_format: str) -> bytes:
    """Serialise the network in one of FORMATS; the same tensors give the same bytes.

    ``onnx`` is the factorised graph with free axes for jets, tracks and vertices, ``pairwise`` the definition
    with a free axis for jets, ``safetensors`` the tensors by their published names. Raises ModelError for
    tensors of another network, MissingEngine.
    """
    if file_format == "safetensors":
        return _safetensors(tensors)
    return onnx_bytes(tensors) if file_format == "onnx" else pairwise_bytes(tensors)


def check(
    path: Path, file_format: str, tensors: Mapping[str, Array], selection: FeatureSelection | None
) -> tuple[float, int]:
    """Return the largest difference in probability between file and definition, and the number of jets.

    The definition is computed in float64. The jets are random ones, including an empty and a full one, and
    packaged ones where the network's features are known. Raises ModelError if the difference exceeds
    TOLERANCE.
    """
    sizes = Hyperparameters.from_tensors(tensors)
    tracks, vertices = _jets(sizes, selection)
    given = dict(zip(sizes.inputs, (tracks, vertices), strict=False))
    if file_format == "safetensors":
        found = build(read_tensors(path)).predict(tracks, vertices)
    else:
        found = get("onnx").load(path).run(given)[OUTPUT]
    difference = float(np.abs(found - definition(tensors)(tracks, vertices)).max())
    if not difference <= TOLERANCE:  # NaN too
        raise ModelError(
            f"The exported network differs from its definition by {difference:.1e} in probability.",
            hint="Nothing was written. Check the weights for numbers too large for float32.",
        )
    return difference, len(tracks)


def _jets(sizes: Hyperparameters, selection: FeatureSelection | None) -> tuple[Array, Array]:
    random = np.random.default_rng(0)
    parts = [
        (
            _random(random, sizes.track_features, sizes.n_tracks),
            _random(random, sizes.vertex_features, sizes.n_vertices),
        )
    ]
    if selection is not None:
        packaged = sample()
        parts.append(selection.take(packaged.tracks[:_SAMPLE_JETS], packaged.vertices[:_SAMPLE_JETS]))
    tracks, vertices = (np.concatenate(column) for column in zip(*parts, strict=True))
    return tracks, vertices


def _random(random: np.random.Generator, features: int, slots: int) -> Array:
    """Objects of random jets, filling none to all slots, with padding at any place."""
    objects = random.normal(size=(_RANDOM_JETS, features, slots)).astype(np.float32)
    for jet, padded in enumerate(np.linspace(0, slots, _RANDOM_JETS).astype(int)):
        objects[jet][:, random.permutation(slots)[:padded]] = 0
    return objects


def _safetensors(tensors: Mapping[str, Array]) -> bytes:
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise MissingEngine("safetensors", "torch") from error
    # A single key, required by readers: the library writes several in an order that varies between calls.
    about = {"format": "pt"}
    content: bytes = save({name: np.ascontiguousarray(array) for name, array in tensors.items()}, about)
    return content
