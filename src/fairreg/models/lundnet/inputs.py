# SPDX-License-Identifier: MIT
"""Inputs of a LundNet: Lund trees as padded arrays, their check, and a toy sample.

A node is a declustering of a jet (Cambridge/Aachen) into a harder subjet 1 and a softer subjet 2. Its parent
is the declustering that one of whose subjets it splits; subjets that do not split are no nodes. A jet of one
particle is one node of zeros. Sources: JetTree.py, read_data.py and dgl_dataset.py in src/lundnet of
github.com/fdreyer/LundNet.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.lundnet.sizes import CLASSES, FEATURES, LundNetSizes
from fairreg.schemas.record import Feature, Tensor

__all__ = ["check", "signature", "toy_trees"]

Array = NDArray[Any]
_FEATURES: Mapping[str, Feature] = {
    item.name: item
    for item in (
        Feature(name="lnz", description="logarithm of z = pT2 / (pT1 + pT2)"),
        Feature(
            name="lnDelta", description="logarithm of the distance of both subjets in rapidity and azimuth"
        ),
        Feature(name="lnKt", description="logarithm of kT = pT2 Delta in GeV"),
        Feature(
            name="psi", unit="rad", description="arctangent of (y1 - y2) / (phi1 - phi2), phi in [0, 2 pi)"
        ),
        Feature(name="lnm", description="logarithm of the invariant mass of both subjets in GeV"),
    )
}
_TOY_JETS, _TOY_NODES, _TOY_SEED = 8, 16, 20201215


def signature(sizes: LundNetSizes) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a network."""
    features = tuple(_FEATURES[name] for name in FEATURES[sizes.input_dims])
    nodes = ("jets", "nodes")
    inputs = (
        _tensor(
            "node_features", "float32", (*nodes, sizes.input_dims), "Lund coordinates of nodes", features
        ),
        _tensor("parents", "int64", nodes, "number of each node's parent, counted from 0; -1 for the root"),
        _tensor("mask", "float32", nodes, "0 marks padding, any other number a node"),
    )
    named = sizes.num_classes == len(CLASSES)
    classes = tuple(Feature(name=name) for name in CLASSES) if named else ()
    shape = ("jets", sizes.num_classes)
    return inputs, (
        _tensor("logits", "float32", shape, "logit of each class", classes),
        _tensor("probabilities", "float32", shape, "probability of each class (softmax)", classes),
    )


def _tensor(
    name: str, dtype: str, shape: tuple[int | str, ...], description: str, features: tuple[Feature, ...] = ()
) -> Tensor:
    return Tensor(name=name, dtype=dtype, shape=shape, features=features, description=description)


def check(parents: Array, mask: Array) -> None:
    """Raise ModelError unless the real nodes of each jet form one tree; both arrays are (jets, nodes)."""
    real, nodes = mask != 0, np.arange(parents.shape[1])
    if not real.any(axis=1).all():
        raise ModelError(
            "A jet has no nodes.", hint="A jet without declusterings is one node of zeros with the parent -1."
        )
    inside = (parents >= 0) & (parents < len(nodes))
    target = np.where(inside, parents, 0)
    fits = inside & np.take_along_axis(real, target, axis=1) & (parents != nodes)
    if (wrong := real & ~fits & (parents != -1)).any():
        node = int(parents[wrong][0])
        raise ModelError(
            f"A node has the parent {node}, which is not another node of its jet.",
            hint="Nodes are counted from 0 in each jet, padding included; the root has the parent -1.",
        )
    roots = (real & (parents == -1)).sum(axis=1)
    if (roots != 1).any():
        raise ModelError(
            f"A jet has {roots[roots != 1][0]} nodes with the parent -1; a Lund tree has one root."
        )
    _check_no_cycle(np.where(real, parents, -1))


def _check_no_cycle(ancestors: Array) -> None:
    """Raise ModelError where a node is its own ancestor; each step doubles the distance to the ancestors."""
    for _ in range(ancestors.shape[1].bit_length()):
        further = np.take_along_axis(ancestors, np.maximum(ancestors, 0), axis=1)
        ancestors = np.where(ancestors >= 0, further, -1)
    if (ancestors >= 0).any():
        raise ModelError("A node is its own ancestor; the nodes of a jet must form a tree.")


def toy_trees(input_dims: int) -> Mapping[str, Array]:
    """Toy Lund trees, no physics: 8 jets of 500 GeV with 1 to 16 nodes; the first is one node of zeros.

    z is uniform in its logarithm between 0.01 and 0.5, a distance is 0.2 to 0.9 of the parent's, psi is
    uniform; masses are those of massless subjets at small distances.
    """
    random = np.random.default_rng(_TOY_SEED)
    features = np.zeros((_TOY_JETS, _TOY_NODES, input_dims), dtype=np.float32)
    parents = np.full((_TOY_JETS, _TOY_NODES), -1, dtype=np.int64)
    mask = np.zeros((_TOY_JETS, _TOY_NODES), dtype=np.float32)
    mask[0, 0] = 1
    for jet in range(1, _TOY_JETS):
        nodes = int(random.integers(2, _TOY_NODES + 1))
        mask[jet, :nodes] = 1
        features[jet, :nodes], parents[jet, :nodes] = _toy_tree(random, nodes, FEATURES[input_dims])
    return {"node_features": features, "parents": parents, "mask": mask}


def _toy_tree(random: np.random.Generator, nodes: int, names: tuple[str, ...]) -> tuple[Array, list[int]]:
    z = np.exp(random.uniform(np.log(0.01), np.log(0.5), nodes))
    delta, pt, parents = [0.8], [500.0], [-1]
    free = [(0, 1 - z[0]), (0, z[0])]  # subjets that may split: their node and share of its pT
    for node in range(1, nodes):
        parent, share = free.pop(int(random.integers(len(free))))
        parents.append(parent)
        pt.append(pt[parent] * share)
        delta.append(delta[parent] * random.uniform(0.2, 0.9))
        free += [(node, 1 - z[node]), (node, z[node])]
    momentum, distance = np.array(pt), np.array(delta)
    values = {
        "lnz": np.log(z),
        "lnDelta": np.log(distance),
        "lnKt": np.log(z * momentum * distance),
        "psi": random.uniform(-np.pi / 2, np.pi / 2, nodes),
        "lnm": np.log(np.sqrt(z * (1 - z)) * momentum * distance),
    }
    return np.stack([values[name] for name in names], axis=1), parents
