# SPDX-License-Identifier: MIT
"""Integrated gradients, by Captum: a method that shares no code with LRP, to compare rankings with.

M. Sundararajan, A. Taly and Q. Yan, arXiv:1703.01365. The baseline is an empty jet, and the explained value
is that of `relevance`. The attributions of a jet add up to its start less that of an empty jet, to the
accuracy of the numerical integration.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine
from fairreg.models.hbb_in.explain.correlations import correlations
from fairreg.models.hbb_in.explain.relevance import PropagationRule, Relevances
from fairreg.models.hbb_in.network import CLASSES, Hyperparameters
from fairreg.runners import torch

__all__ = ["integrated_gradients", "rank_correlation", "require"]

Array = NDArray[np.float64]
_STEPS = 200  # of the Gauss-Legendre sum
_JETS = 4  # per pass: 800 interpolated jets, a gigabyte


def require() -> None:
    """Raise MissingEngine where Captum or PyTorch is not installed."""
    torch.require()
    if find_spec("captum") is None:
        raise MissingEngine("Captum", "explain")


def integrated_gradients(
    tensors: Mapping[str, NDArray[Any]],
    tracks: NDArray[Any],
    vertices: NDArray[Any],
    classes: NDArray[Any],
    rule: PropagationRule,
    *,
    progress: Callable[[int], None] = lambda _count: None,
) -> Relevances:
    """Attributions for the class of each jet in the form of relevances, in float64.

    The share of the biases is the start of an empty jet. Raises ModelError for tensors of another network,
    MissingEngine.
    """
    require()
    parts = []
    explain = _explainer(tensors, rule)
    for first in range(0, len(tracks), _JETS):
        some = slice(first, first + _JETS)
        parts.append(explain(tracks[some], vertices[some], classes[some]))
        progress(len(tracks[some]))
    joined = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Relevances(*joined)


def _explainer(
    tensors: Mapping[str, NDArray[Any]], rule: PropagationRule
) -> Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], tuple[Array, ...]]:
    import torch
    from captum.attr import IntegratedGradients

    from fairreg.models.hbb_in.pytorch.network import forward, layers

    module = layers(Hyperparameters.from_tensors(tensors)).double()
    module.load_state_dict(
        {name: torch.from_numpy(array.astype(np.float64)) for name, array in tensors.items()}
    )

    def outcome(tracks: Any, vertices: Any, chosen: Any) -> Any:
        return (forward(module, tracks, vertices) * chosen).sum(1)

    method = IntegratedGradients(outcome)

    def explain(tracks: NDArray[Any], vertices: NDArray[Any], classes: NDArray[Any]) -> tuple[Array, ...]:
        chosen = np.eye(len(CLASSES))[classes]
        chosen = chosen - chosen[:, ::-1] if rule.start == "difference" else chosen
        inputs = tuple(torch.from_numpy(part.astype(np.float64)) for part in (tracks, vertices))
        extra = torch.from_numpy(chosen)
        nothing = tuple(map(torch.zeros_like, inputs))
        found = method.attribute(inputs, additional_forward_args=(extra,), n_steps=_STEPS)
        with torch.no_grad():
            ends = [outcome(jets[0], jets[1], extra).numpy() for jets in (inputs, nothing)]
        return (*(part.detach().numpy() for part in found), ends[1], ends[0])

    return explain


def rank_correlation(one: Array, other: Array) -> float:
    """Spearman's coefficient of two rankings without ties (C. Spearman, 10.2307/1412159)."""
    ranks = np.array([np.argsort(np.argsort(values)) for values in (one, other)], dtype=np.float64)
    return float(correlations(ranks.T)[0, 1])
