# SPDX-License-Identifier: MIT
"""JetNet's ParticleNet as an ONNX graph."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.particlenet.graph import EdgeGraph, ObjectRows
from fairreg.models.particlenet_fpnd.architecture import (
    LAYERS,
    NEIGHBOURS,
    FpndArchitecture,
    edge_net,
)
from fairreg.models.particlenet_fpnd.jets import ACTIVATIONS, PARTICLES_INPUT, SCORES, signature

__all__ = ["onnx_bytes"]


def onnx_bytes(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Serialised ONNX model of the network with these weights, in float32; see `jets.signature`.

    Raises ModelError for tensors of another network.
    """
    sizes = FpndArchitecture.from_tensors(tensors)
    graph = EdgeGraph({name: tensors[name] for name in sizes.shapes()}, NEIGHBOURS)
    rows = _rows(graph, sizes)
    found = rows.features
    for block in range(len(sizes.blocks)):
        layers = [
            graph.folded(
                f"{edge_net(block, layer)}.weight",
                edge_net(block, layer + 1),
                f"{edge_net(block, layer)}.bias",
            )
            for layer in LAYERS
        ]
        mean = graph.edges(rows, found if block else rows.points, found, layers, expanded=block > 0)
        found = graph.node("Concat", mean, found, axis=1)
    whole = graph.shaped(found, rows.jets, rows.slots, sizes.widths[-1])
    mean = graph.node("ReduceMean", whole, axes=[1], keepdims=0)
    hidden = graph.linear(mean, "fc1.0", output=ACTIVATIONS)
    graph.linear(graph.relu(hidden), "fc2", output=SCORES)
    return graph.model("particlenet_fpnd", *signature(sizes))


def _rows(graph: EdgeGraph, sizes: FpndArchitecture) -> ObjectRows:
    jets, slots = graph.length(PARTICLES_INPUT, 0), graph.length(PARTICLES_INPUT, 1)
    total = graph.node("Mul", jets, slots)
    features = graph.shaped(PARTICLES_INPUT, total, sizes.features)
    return ObjectRows(
        points=graph.part(features, 0, 2, axis=1),
        features=features,
        real="",
        padding="",
        jets=jets,
        slots=slots,
        all=total,
    )
