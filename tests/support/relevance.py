# SPDX-License-Identifier: MIT
"""Layer-wise relevance propagation edge by edge and neuron by neuron, as the paper's equations say it."""

import numpy as np


class SlowRelevance:
    """Relevances of one jet, tracks (slots, P) and vertices (slots, S), in float64."""

    def __init__(self, tensors, rule="gamma", gamma=2.0, epsilon=0.01, biases=True):
        self.weights = {name: array.astype(np.float64) for name, array in tensors.items()}
        self.rule, self.gamma, self.epsilon, self.biases = rule, gamma, epsilon, biases
        self.share = 0.0

    def linear(self, name, values):
        return self.weights[f"{name}.weight"] @ values + self.weights[f"{name}.bias"]

    def perceptron(self, names, values):
        """The values before each layer and after the last."""
        found = [values]
        for name in names:
            found.append(np.maximum(self.linear(name, found[-1]), 0))
        return found

    def favoured(self, contribution, outcome):
        """LRP-gamma: what has the sign of the outcome counts 1 + gamma times."""
        if self.rule == "gamma" and contribution * outcome > 0:
            return (1 + self.gamma) * contribution
        return contribution

    def through(self, weight, bias, values, outcomes, relevances):
        """Relevances of the inputs of one layer: R_j = sum_k a_j w'_jk / z'_k R_k."""
        found = np.zeros(len(values))
        for row, own, outcome, relevance in zip(weight, bias, outcomes, relevances, strict=True):
            if relevance == 0:
                continue
            parts = np.array([self.favoured(w * a, outcome) for w, a in zip(row, values, strict=True)])
            own_part = self.favoured(own, outcome) if self.biases else 0.0
            total = parts.sum() + own_part
            if self.rule == "epsilon":
                total += self.epsilon if total >= 0 else -self.epsilon
            if total == 0:
                continue
            found += parts / total * relevance
            self.share += own_part / total * relevance
        return found

    def back(self, names, values, relevances):
        for name, before, after in reversed(list(zip(names, values, values[1:], strict=False))):
            weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
            relevances = self.through(weight, bias, before, after, relevances)
        return relevances

    def explain(self, tracks, vertices, chosen):
        """Relevances of tracks and vertices for the linear combination `chosen` (2) of the logits."""
        pair, cross, outer = ("fr1", "fr2", "fr3"), ("fr1_pv", "fr2_pv", "fr3_pv"), ("fo1", "fo2", "fo3")
        count, width = tracks.shape
        edges = {
            (i, j): self.perceptron(pair, np.concatenate((tracks[i], tracks[j])))
            for i in range(count)
            for j in range(count)
            if i != j
        }
        crossed = {
            (i, k): self.perceptron(cross, np.concatenate((tracks[i], vertices[k])))
            for i in range(count)
            for k in range(len(vertices))
        }
        sums = [
            [sum(found[-1] for (one, _), found in kind.items() if one == i) for kind in (edges, crossed)]
            for i in range(count)
        ]
        objects = [self.perceptron(outer, np.concatenate((tracks[i], *sums[i]))) for i in range(count)]
        total = sum(found[-1] for found in objects)
        weight, bias = chosen @ self.weights["fc_fixed.weight"], chosen @ self.weights["fc_fixed.bias"]
        start = weight @ total + bias
        at_total = self.through(weight[None], np.array([bias]), total, [start], [start])
        of_tracks, of_vertices = np.zeros_like(tracks), np.zeros_like(vertices)
        for i in range(count):
            # Eq. 5
            parts = self.back(outer, objects[i], divided(objects[i][-1] * at_total, total))
            of_tracks[i] += parts[:width]
            half = (len(parts) - width) // 2
            for kind, at_sum, summed in (
                (edges, parts[width : width + half], sums[i][0]),
                (crossed, parts[width + half :], sums[i][1]),
            ):
                names = pair if kind is edges else cross
                for (one, other), found in kind.items():
                    if one != i:
                        continue
                    # Eq. 6
                    ends = self.back(names, found, divided(found[-1] * at_sum, summed))
                    of_tracks[i] += ends[:width]
                    (of_tracks if kind is edges else of_vertices)[other] += ends[width:]
        return of_tracks, of_vertices, start


def divided(one, other):
    return np.divide(one, other, out=np.zeros_like(one), where=other != 0)
