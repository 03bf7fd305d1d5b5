# SPDX-License-Identifier: MIT
"""A toy sample: Gaussian noise of a made-up spectrum, and the same with a chirp."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.aresgw.architecture import SAMPLE_RATE
from fairreg.models.aresgw.whitening import whitened

__all__ = ["toy_segments", "toy_strain"]

Array = NDArray[Any]

_SEED, _SAMPLES = 20221102, 8704  # 4.25 s
_MERGER = 2.2  # s after the beginning of a slice
_EVERY = 5  # of the 31 segments of a slice
_CHIRP_TIME = 26 * 4.925491e-6  # G / c^3 times a chirp mass of 26 solar masses, in s
_LOWEST, _HIGHEST, _DECAY = 20.0, 160.0, 0.005  # Hz, Hz, s
_PEAK = 5e-22  # strain
_DELAY, _RATIO = 0.007, -0.8  # of the second detector


def toy_strain() -> NDArray[np.float64]:
    """Strain (2, 2, 8704) of two slices of 4.25 s at 2048 Hz: noise alone, then noise with a chirp."""
    random = np.random.default_rng(_SEED)
    frequency = np.fft.rfftfreq(_SAMPLES, 1 / SAMPLE_RATE)
    density = 1e-46 * (1 + (40 / np.maximum(frequency, 5)) ** 8 + (frequency / 300) ** 2)  # 1 / Hz
    white = np.fft.rfft(random.normal(size=(2, 2, _SAMPLES)))
    strain = np.fft.irfft(white * np.sqrt(density * SAMPLE_RATE / 2), n=_SAMPLES)
    strain[1, 0] += _chirp(_MERGER)
    strain[1, 1] += _RATIO * _chirp(_MERGER + _DELAY)
    return strain


def _chirp(merger: float) -> Array:
    """Newtonian chirp, f = (5 / 256 tau)^(3/8) M^(-5/8) / pi and h ~ f^(2/3), that dies away at 160 Hz."""
    time = np.arange(_SAMPLES) / SAMPLE_RATE - merger
    left = np.maximum(-time, 1e-4)
    frequency = (5 / (256 * left)) ** 0.375 * _CHIRP_TIME**-0.625 / np.pi
    frequency = np.minimum(frequency, _HIGHEST)
    size = (frequency / _HIGHEST) ** (2 / 3) * np.exp(-np.maximum(time, 0) / _DECAY)
    heard = 1 / (1 + np.exp(-(frequency - _LOWEST)))  # a smooth beginning
    chirp: Array = _PEAK * size * heard * np.sin(2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE)
    return chirp


@cache
def toy_segments() -> NDArray[np.float32]:
    """Every fifth of the whitened segments of `toy_strain`: (14, 2, 2048), the first half without chirp."""
    strain = toy_strain()
    segments = np.concatenate([whitened(slices)[::_EVERY] for slices in (strain[:1], strain[1:])])
    segments.flags.writeable = False
    return segments
