# SPDX-License-Identifier: MIT
"""Messages of all pairs, summed at the receiver, with derivatives written by hand.

The pairs dominate the computing time. PyTorch's automatic derivatives would keep the sum before every ReLU in
memory and pass over it again; with these, written by hand, training is 1.5 times as fast.
"""

from functools import cache
from typing import Any

__all__ = ["messages"]


def messages(parts: tuple[Any, Any], perceptron: tuple[Any, Any], repeats: int, *, others_only: bool) -> Any:
    """Sums (N, receivers, d_e) over the senders, of which the last one counts `repeats` times.

    `parts` are the receivers' and the senders' part of the first layer, each (N, slots, hidden), and
    `perceptron` the two layers after it. `others_only` leaves out the pair of a track with itself.
    """
    second, third = perceptron
    weights = (second.weight, second.bias, third.weight, third.bias)
    return _function().apply(*parts, *weights, repeats, others_only)


@cache
def _function() -> Any:
    import torch

    methods = {"forward": staticmethod(_forward), "backward": staticmethod(_backward)}
    return type("Messages", (torch.autograd.Function,), methods)


def _forward(context: Any, receivers: Any, senders: Any, *rest: Any) -> Any:
    import torch

    weight2, bias2, weight3, bias3, repeats, others_only = rest
    grid = (receivers.unsqueeze(2) + senders.unsqueeze(1)).relu_()
    first = grid.view(-1, grid.shape[3])
    second = torch.addmm(bias2, first, weight2.T).relu_()
    third = torch.addmm(bias3, second, weight3.T).relu_()
    context.save_for_backward(first, second, third, weight2, weight3)
    context.shape, context.repeats, context.others_only = grid.shape, repeats, others_only
    edges = third.view(*grid.shape[:3], -1)
    # Messages in bfloat16 are summed in float32.
    wide = torch.promote_types(edges.dtype, torch.float32)
    total = edges.sum(2, dtype=wide) + (repeats - 1) * edges[:, :, -1].to(wide)
    return total - _diagonal(edges) if others_only else total


def _backward(context: Any, slope: Any) -> tuple[Any, ...]:
    first, second, third, weight2, weight3 = context.saved_tensors
    edges = slope.unsqueeze(2).repeat(1, 1, context.shape[2], 1)
    edges[:, :, -1] *= context.repeats
    if context.others_only:
        _diagonal(edges).sub_(slope)
    at_third = _where_active(edges.view(third.shape), third)
    at_second = _where_active(at_third @ weight3, second)
    at_first = _where_active(at_second @ weight2, first).view(context.shape)
    to_parts = (at_first.sum(2), at_first.sum(1))
    to_second = (at_second.T @ first, at_second.sum(0))
    to_third = (at_third.T @ second, at_third.sum(0))
    return (*to_parts, *to_second, *to_third, None, None)


def _diagonal(edges: Any) -> Any:
    """The pairs of a track with itself, (N, tracks, d_e), as a view."""
    return edges.diagonal(dim1=1, dim2=2).transpose(1, 2)


def _where_active(slope: Any, value: Any) -> Any:
    """The derivative through a ReLU that gave `value`."""
    import torch

    return torch.ops.aten.threshold_backward(slope, value, 0)
