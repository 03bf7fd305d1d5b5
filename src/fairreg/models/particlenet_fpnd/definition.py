# SPDX-License-Identifier: MIT
"""JetNet's ParticleNet as it is defined, particle by particle in float64.

As the authors' code has it (jetnet/evaluation/particlenet.py of jet-net/JetNet): the k nearest others in the
two angles for the first block, in all channels of its input for the next ones; edges (x_i, x_j - x_i) through
the edge network, their mean joined in front of the input; the mean over all particles; a linear layer, whose
result is what the Frechet ParticleNet distance compares; ReLU and a second linear layer. There is no mask:
particles that a jet lacks are zeros before the normalisation and count like others.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.particlenet.definition import EPSILON, neighbours_of
from fairreg.models.particlenet_fpnd.architecture import LAYERS, NEIGHBOURS, FpndArchitecture, edge_net

__all__ = ["scores_and_activations"]

Array = NDArray[Any]


def scores_and_activations(tensors: Mapping[str, Array], particles: Array) -> tuple[Array, Array]:
    """Scores (jets, classes) and activations (jets, hidden) of particles (jets, P, features), in float64."""
    sizes = FpndArchitecture.from_tensors(tensors)
    weights = {name: tensors[name].astype(np.float64) for name in sizes.shapes()}
    activations = np.array([_activations(weights, sizes, jet.astype(np.float64)) for jet in particles])
    scores = np.maximum(activations, 0) @ weights["fc2.weight"].T + weights["fc2.bias"]
    return scores, activations


def _activations(weights: Mapping[str, Array], sizes: FpndArchitecture, particles: Array) -> Array:
    real = np.ones(len(particles), dtype=bool)
    for block in range(len(sizes.blocks)):
        searched = particles if block else particles[:, :2]
        means = []
        for slot, own in enumerate(particles):
            chosen = neighbours_of(searched, real, slot, NEIGHBOURS)
            edges = [_edge(weights, block, np.concatenate((own, particles[other] - own))) for other in chosen]
            means.append(np.mean(edges, axis=0))
        particles = np.concatenate((np.array(means), particles), axis=1)
    found: Array = weights["fc1.0.weight"] @ particles.mean(axis=0) + weights["fc1.0.bias"]
    return found


def _edge(weights: Mapping[str, Array], block: int, edge: Array) -> Array:
    for layer in LAYERS:
        name, norm = edge_net(block, layer), edge_net(block, layer + 1)
        edge = weights[f"{name}.weight"] @ edge + weights[f"{name}.bias"]
        scaled = (edge - weights[f"{norm}.running_mean"]) / np.sqrt(weights[f"{norm}.running_var"] + EPSILON)
        edge = np.maximum(scaled * weights[f"{norm}.weight"] + weights[f"{norm}.bias"], 0)
    return edge
