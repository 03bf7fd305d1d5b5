# SPDX-License-Identifier: MIT
"""Layer-wise relevance propagation (LRP) through the interaction network, after Eqs. 2 to 6 of Duarte et al.
(10.1088/2632-2153/ad12e3) and G. Montavon et al. (10.1007/978-3-030-28954-6_10).

A neuron with activation a and relevance R hands R on to its inputs in proportion to their contributions. The
code propagates the multiplier m = R / a, which stays finite where a vanishes:

- a layer z_k = sum_j a_j w_jk + b_k gives m_j = sum_k w'_jk a_k m_k / z'_k, where w' are the weights of the
  rule and z' its denominator;
- an aggregation (Eqs. 2 to 4) hands its multiplier on unchanged: Eq. 5 is r_kn = o_kn (r_k / sum_m o_km),
  Eq. 6 r_km = e_km (r_kn / e_kn), so that no division is left.

Rules: LRP-0 has w' = w; LRP-epsilon adds epsilon to the denominator, with its sign; LRP-gamma favours
contributions to the outcome: w' = w + gamma w+. Features may be negative, and there w + gamma w+ would favour
contributions against the outcome; for them it is w + gamma w- (the generalised rule, L. Andeol et al.,
arXiv:2106.04923; the same as the plain one where inputs are positive).

A bias is an input of its own and takes its share, which is reported. Then the denominator of an active neuron
of LRP-0 and LRP-gamma is at least its activation, so that multipliers do not grow, and relevances and shares
of the biases add up to the outcome exactly. LRP-0 is the gradient times the input. Without biases in the
denominators, as in the published code, relevances alone would add up to the outcome, but denominators come
close to zero and change sign; a neuron with a zero denominator hands nothing on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import UsageError
from fairreg.models.hbb_in.explain.passes import Activations, Group, Network, groups, product
from fairreg.models.hbb_in.network import CLASSES

__all__ = ["RULES", "STARTS", "PropagationRule", "Relevances", "relevances"]

Array = NDArray[np.float64]
RULES = ("gamma", "0", "epsilon")
STARTS = ("logit", "difference")
_LEAST = 1e-100  # of a denominator; smaller ones count as zero


@dataclass(frozen=True)
class PropagationRule:
    """Rule by which relevance is propagated; with `biases`, they take their share.

    `start` is the explained value: the ``logit`` of a class, or its ``difference`` to that of the other
    class, which alone determines the probabilities. Raises UsageError for an unknown or invalid setting.
    """

    name: str = "gamma"
    gamma: float = 2.0
    epsilon: float = 0.01
    biases: bool = True
    start: str = "logit"

    def __post_init__(self) -> None:
        for what, value, known in (("rule", self.name, RULES), ("start", self.start, STARTS)):
            if value not in known:
                raise UsageError(f"There is no {what} {value!r}.", hint=f"Use {' or '.join(known)}.")
        if not (np.isfinite((self.gamma, self.epsilon)).all() and min(self.gamma, self.epsilon) >= 0):
            raise UsageError("gamma and epsilon must be finite and at least 0.")

    def weights(self, weights: Array, sign: int) -> Array:
        """Weights of the rule for contributions that have the sign of `sign` times the weight."""
        if self.name != "gamma":
            return weights
        return weights + self.gamma * (np.maximum if sign > 0 else np.minimum)(weights, 0)

    def bias(self, bias: Array, sign: int = 1) -> Array:
        """Contribution of a bias."""
        return self.weights(bias, sign) if self.biases else np.zeros_like(bias)

    def parts(self, activations: Array, denominators: Array) -> Array:
        """Activations over denominators, 0 where a neuron is silent."""
        if self.biases and self.name != "epsilon":
            # Exact arithmetic gives at most 1 here; rounding of tiny values must not exceed it.
            sizes = np.maximum(np.abs(denominators), np.abs(activations))
            denominators = np.copysign(sizes, activations)
        elif self.name == "epsilon":
            denominators = denominators + np.where(denominators < 0, -self.epsilon, self.epsilon)
        vanish = np.abs(denominators) < _LEAST
        found: Array = np.divide(activations, denominators, out=np.zeros_like(activations), where=~vanish)
        return found


@dataclass(frozen=True)
class Relevances:
    """Relevances of tracks (n, P, 60) and vertices (n, S, 5) in the slots of the input, in logits.

    `biases` (n) is the share of all biases, `start` (n) the explained value.
    """

    tracks: Array
    vertices: Array
    biases: Array
    start: Array

    @property
    def lost(self) -> Array:
        """The explained value less all relevances and the biases' share, (n)."""
        found: Array = self.start - self.tracks.sum((1, 2)) - self.vertices.sum((1, 2)) - self.biases
        return found


def relevances(
    tensors: Mapping[str, NDArray[Any]],
    tracks: NDArray[Any],
    vertices: NDArray[Any],
    classes: NDArray[Any],
    rule: PropagationRule | None = None,
) -> Relevances:
    """Compute relevances for the class (0 QCD, 1 H->bb) of each jet: tracks (n, P, 60), vertices (n, S, 5).

    The features are the network's own. Raises ModelError for tensors of another network.
    """
    propagation = _Propagation(Network(tensors), rule or PropagationRule())
    found = Relevances(
        np.zeros(tracks.shape), np.zeros(vertices.shape), np.zeros(len(tracks)), np.zeros(len(tracks))
    )
    for group in groups(tracks, vertices):
        _put(found, group, propagation.run(group, classes[group.jets]))
    return found


def _put(found: Relevances, group: Group, part: tuple[Array, Array, Array, Array]) -> None:
    """Store the results of a group at the places of its jets."""
    tracks, vertices, found.biases[group.jets], found.start[group.jets] = part
    rows = group.jets[:, np.newaxis]
    found.tracks[rows, :, group.track_places] = tracks
    found.vertices[rows, :, group.vertex_places] = vertices


class _Propagation:
    """Backward propagation through one network by one rule."""

    def __init__(self, network: Network, rule: PropagationRule) -> None:
        self._network, self._rule = network, rule

    def run(self, group: Group, classes: NDArray[Any]) -> tuple[Array, Array, Array, Array]:
        """Relevances of the group's tracks (n, K, P) and vertices (n, V, S), share of the biases, start."""
        found = self._network.forward(group)
        multipliers, share, start = self._classifier(found, classes)
        tracks, sums, by_objects = self._objects(found, multipliers, group.tracks.shape[2])
        split = found.edges[-1].shape[-1]
        edges = self._messages("", found.edges, sums[..., :split], _track_pairs(group))
        pairs = self._messages("_pv", found.pairs, sums[..., split:], _vertex_pairs(group))
        tracks = tracks + edges.receivers + edges.senders + pairs.receivers
        share = share + by_objects @ group.track_copies + edges.share + pairs.share
        return tracks, pairs.senders, share, start

    def _classifier(self, found: Activations, classes: NDArray[Any]) -> tuple[Array, Array, Array]:
        """Multipliers (n, D_O) of the summed objects, share of the bias, explained value."""
        weight, bias = self._network.layer("fc_fixed")
        chosen = np.eye(len(CLASSES))[classes]
        if self._rule.start == "difference":
            chosen = chosen - chosen[:, ::-1]
        start, weights, biases = (found.logits * chosen).sum(1), chosen @ weight, chosen @ bias
        by_sign = [(self._rule.weights(weights, sign), self._rule.bias(biases, sign)) for sign in (1, -1)]
        positive = start >= 0
        rows, own = (
            np.where(positive.reshape(-1, *[1] * (one.ndim - 1)), one, other)
            for one, other in zip(*by_sign, strict=True)
        )
        handed = self._rule.parts(start, (found.total * rows).sum(1) + own)
        return handed[:, np.newaxis] * rows, handed * own, start

    def _objects(self, found: Activations, multipliers: Array, features: int) -> tuple[Array, Array, Array]:
        """Relevances of the tracks by f_O alone, multipliers of both sums, shares of the biases (n, K)."""
        first, second, third = found.objects
        back = np.broadcast_to(multipliers[:, np.newaxis], third.shape)
        back, third_share = self._layer("fo3", second, third, back)
        back, second_share = self._layer("fo2", first, second, back)
        weight, bias = self._network.layer("fo1")
        own = self._rule.bias(bias)
        handed = self._rule.parts(first, self._contributions(found.inputs, weight) + own) * back
        tracks = self._to_inputs(found.inputs[..., :features], handed, weight[:, :features])
        sums = handed @ self._rule.weights(weight[:, features:], 1)
        return tracks, sums, third_share + second_share + handed @ own

    def _messages(
        self, suffix: str, activations: tuple[Array, ...], multipliers: Array, ends: "_Pairs"
    ) -> "_Handed":
        """Propagate multipliers (n, K, D_E) of the sums at the receivers to both ends of the pairs."""
        first, second, third = activations
        back = np.broadcast_to(multipliers[:, :, np.newaxis], third.shape)
        back, third_share = self._layer(f"fr3{suffix}", second, third, back)
        back, second_share = self._layer(f"fr2{suffix}", first, second, back)
        weight, bias = self._network.layer(f"fr1{suffix}")
        split, own = ends.receivers.shape[2], self._rule.bias(bias)
        contributions = (
            self._contributions(ends.receivers, weight[:, :split])[:, :, np.newaxis]
            + self._contributions(ends.senders, weight[:, split:])[:, np.newaxis]
        )
        handed = self._rule.parts(first, contributions + own) * back
        shares = third_share + second_share + handed @ own
        at_receivers = np.einsum("ij,nijh->nih", ends.senders_of_one, handed)
        at_senders = np.einsum("ij,nijh->njh", ends.receivers_of_one, handed)
        return _Handed(
            self._to_inputs(ends.receivers, at_receivers, weight[:, :split]),
            self._to_inputs(ends.senders, at_senders, weight[:, split:]),
            np.einsum("ij,nij->n", ends.all, shares),
        )

    def _layer(self, name: str, inputs: Array, outputs: Array, multipliers: Array) -> tuple[Array, Array]:
        """Multipliers of the (non-negative) inputs, and the shares of the biases."""
        weight, bias = self._network.layer(name)
        weights, own = self._rule.weights(weight, 1), self._rule.bias(bias)
        handed = self._rule.parts(outputs, product(inputs, weights.T) + own) * multipliers
        return product(handed, weights), handed @ own

    def _contributions(self, values: Array, weight: Array) -> Array:
        """Sum of the contributions of features of either sign to each neuron."""
        return np.maximum(values, 0) @ self._rule.weights(weight, 1).T + (
            np.minimum(values, 0) @ self._rule.weights(weight, -1).T
        )

    def _to_inputs(self, values: Array, handed: Array, weight: Array) -> Array:
        """Relevances of features of either sign."""
        found: Array = np.maximum(values, 0) * (handed @ self._rule.weights(weight, 1)) + (
            np.minimum(values, 0) * (handed @ self._rule.weights(weight, -1))
        )
        return found


@dataclass(frozen=True)
class _Pairs:
    """Both ends of all pairs, and their multiplicities (K, senders): senders like j of one receiver i,
    receivers like i of one sender j, pairs of objects like i and j."""

    receivers: Array
    senders: Array
    senders_of_one: Array
    receivers_of_one: Array
    all: Array


@dataclass(frozen=True)
class _Handed:
    """Relevances that pairs hand to their receivers and senders, and the share (n) of their biases."""

    receivers: Array
    senders: Array
    share: Array


def _track_pairs(group: Group) -> _Pairs:
    others = group.pair_copies
    return _Pairs(group.tracks, group.tracks, others, others.T, group.track_copies[:, np.newaxis] * others)


def _vertex_pairs(group: Group) -> _Pairs:
    tracks, vertices = group.track_copies[:, np.newaxis], group.vertex_copies[np.newaxis, :]
    every = tracks * vertices
    return _Pairs(
        group.tracks,
        group.vertices,
        np.broadcast_to(vertices, every.shape),
        np.broadcast_to(tracks, every.shape),
        every,
    )
