# SPDX-License-Identifier: MIT
"""Schedules of the learning rate."""

import math

__all__ = ["SCHEDULES", "factor"]

SCHEDULES = ("constant", "cosine", "onecycle")

_WARM_UP, _START = 0.15, 0.04  # one-cycle: fraction of the training, initial fraction of the rate


def factor(schedule: str, progress: float) -> float:
    """Return the learning rate over its largest value at the fraction `progress` (0 to 1) of a training.

    constant: 1, as in the paper. cosine: half a cosine from 1 to 0 (Loshchilov and Hutter, arXiv:1608.03983).
    onecycle: a linear rise first, then such a cosine (after Smith and Topin, arXiv:1708.07120).
    """
    if schedule == "constant":
        return 1.0
    if schedule == "cosine":
        return _fall(progress)
    if progress < _WARM_UP:
        return _START + (1 - _START) * progress / _WARM_UP
    return _fall((progress - _WARM_UP) / (1 - _WARM_UP))


def _fall(progress: float) -> float:
    return (1 + math.cos(math.pi * min(progress, 1.0))) / 2
