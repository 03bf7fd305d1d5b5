# SPDX-License-Identifier: MIT
"""Comparison of an ONNX file with the network whose tensors it holds.

Names and shapes of the tensors say nothing of the operators between them: a graph may have the tensors of an
interaction network and compute something else.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError, OtherGraph
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.models.hbb_in.pairwise import definition
from fairreg.runners import load
from fairreg.schemas.record import Tensor

__all__ = ["check_graph"]

Array = NDArray[Any]
_ROWS = 2  # jets that are compared, where the graph takes any number
_MOST_ROWS = 64
_SCALES = (0.01, 0.1, 1.0)
_TOLERANCE = 1e-4  # of a probability; float32 keeps 1e-6


def check_graph(path: Path, tensors: Mapping[str, Array]) -> None:
    """Raise OtherGraph where the graph in `path` does not compute the network of its tensors.

    It is run on random jets of several scales and compared with the definition in float64. A graph whose
    inputs or outputs are laid out otherwise is another one, too.
    """
    sizes, exact = Hyperparameters.from_tensors(tensors), definition(tensors)
    try:
        with load("onnx", path) as graph:
            kinds = {item.name: _kind(item, sizes) for item in graph.inputs}
            rows = next((item.shape[0] for item in graph.inputs if isinstance(item.shape[0], int)), _ROWS)
            for jets in _random_jets(sizes, min(int(rows), _MOST_ROWS)):
                found = list(graph.run({name: jets[kind] for name, kind in kinds.items()}).values())
                if len(found) != 1 or not _agree(found[0], exact(jets["tracks"], jets.get("vertices"))):
                    raise _other(path)
    except OtherGraph:
        raise
    except (ModelError, LookupError) as error:
        raise _other(path) from error


def _random_jets(sizes: Hyperparameters, rows: int) -> Iterator[dict[str, Array]]:
    """Jets at the scales at which probabilities are not all 0 or 1, whatever the weights are used to."""
    random = np.random.default_rng(0)
    for scale in _SCALES:
        yield {
            kind: (scale * random.normal(size=(rows, *shape))).astype(np.float32)
            for kind, shape in _shapes(sizes).items()
        }


def _shapes(sizes: Hyperparameters) -> dict[str, tuple[int, int]]:
    found = {"tracks": (sizes.track_features, sizes.n_tracks)}
    return found | ({"vertices": (sizes.vertex_features, sizes.n_vertices)} if sizes.vertex_features else {})


def _kind(tensor: Tensor, sizes: Hyperparameters) -> str:
    """Choose the array that an input takes, by its shape; LookupError for neither and for both."""
    fits = [
        kind
        for kind, shape in _shapes(sizes).items()
        if len(tensor.shape) == 1 + len(shape)
        and all(
            size == own or isinstance(size, str) for size, own in zip(tensor.shape[1:], shape, strict=True)
        )
    ]
    if len(fits) != 1:
        raise LookupError(tensor.name)
    return fits[0]


def _agree(found: Array, expected: Array) -> bool:
    if found.shape != expected.shape or not np.isfinite(found).all():
        return False
    return bool(np.abs(found - expected).max(initial=0) <= _TOLERANCE)


def _other(path: Path) -> OtherGraph:
    return OtherGraph(
        f"{path.name} has the tensors of a Hbb interaction network, but its graph computes something else.",
        hint="fairreg run runs it as the graph it is, on arrays of its own inputs.",
    )
