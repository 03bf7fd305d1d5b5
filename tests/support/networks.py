# SPDX-License-Identifier: MIT
"""Random networks and jets, and the definition of the network as a slow loop in float64."""

from dataclasses import replace

import numpy as np

from fairreg.models.hbb_in.network import Hyperparameters


def definition(tensors, tracks, vertices):
    """Probabilities as the network is defined, in float64, pair by pair; source: `network`'s docstring.

    A network whose f_O takes one sum only is of tracks only; it ignores the vertices.
    """
    weights = {name: array.astype(np.float64) for name, array in tensors.items()}

    def layer(name, x):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def perceptron(names, x):
        for name in names:
            x = np.maximum(layer(name, x), 0)
        return x

    probabilities = []
    rows = (array.astype(np.float64).transpose(0, 2, 1) for array in (tracks, vertices))  # one a slot
    for x, y in zip(*rows, strict=True):
        pairs = [(i, j) for i in range(len(x)) for j in range(len(x)) if i != j]
        receivers, senders = np.array(pairs).T
        messages = perceptron(("fr1", "fr2", "fr3"), np.hstack((x[receivers], x[senders])))
        from_tracks = np.zeros((len(x), messages.shape[1]))
        np.add.at(from_tracks, receivers, messages)

        sums = [from_tracks]
        if weights["fo1.weight"].shape[1] > x.shape[1] + from_tracks.shape[1]:
            pairs = [(i, k) for i in range(len(x)) for k in range(len(y))]
            receivers, senders = np.array(pairs).T
            messages = perceptron(("fr1_pv", "fr2_pv", "fr3_pv"), np.hstack((x[receivers], y[senders])))
            sums.append(np.zeros((len(x), messages.shape[1])))
            np.add.at(sums[1], receivers, messages)

        objects = perceptron(("fo1", "fo2", "fo3"), np.hstack((x, *sums)))
        logits = layer("fc_fixed", objects.sum(axis=0))
        exponentials = np.exp(logits - logits.max())
        probabilities.append(exponentials / exponentials.sum())
    return np.array(probabilities)


def random_tensors(sizes, seed=1):
    random = np.random.default_rng(seed)
    tensors = {
        name: (random.normal(size=shape) / np.sqrt(shape[-1])).astype(np.float32)
        for name, shape in sizes.shapes().items()
    }
    tensors["fc_fixed.weight"] *= 0.01  # against the sums over many pairs: probabilities between 0 and 1
    return tensors


def random_jets(count, sizes, seed=2):
    """Full, zero-padded and empty jets, padding at the end and in between."""
    random = np.random.default_rng(seed)
    tracks = random.normal(size=(count, sizes.track_features, sizes.n_tracks)).astype(np.float32)
    vertices = random.normal(size=(count, sizes.vertex_features, sizes.n_vertices)).astype(np.float32)
    for index in range(1, count):
        tracks[index, :, random.integers(0, sizes.n_tracks + 1) :] = 0
        vertices[index, :, random.integers(0, sizes.n_vertices + 1) :] = 0
        if index % 3 == 0:
            tracks[index] = tracks[index][:, random.permutation(sizes.n_tracks)]
    return tracks, vertices


PAPER = Hyperparameters(track_features=30, vertex_features=14, hidden=60, d_e=20, d_o=24)
# The network of 10.5281/zenodo.3891869: its second layers have half the width of the first ones. The authors'
# class for tracks only has unused layers for vertices, which take the features of a track alone.
FOUNDING = replace(PAPER, widths=(("fr2", 30), ("fr2_pv", 30), ("fo2", 30)))
TRACKS_ONLY = replace(PAPER, vertex_features=0, widths=(("fr2", 30), ("fo2", 30)))
WITH_UNUSED = replace(TRACKS_ONLY, widths=FOUNDING.widths, unused_inputs=30)
# What the published network takes and gives, in few nodes: enough where its numbers are not the point.
SMALL = Hyperparameters(track_features=30, vertex_features=14, hidden=8, d_e=4, d_o=4)
