# SPDX-License-Identifier: MIT
"""Whitening of strain as in the authors' network, which has it before its first layer.

Source: vivinousi/gw-detection-deep-learning, ``CropWhitenNet`` and ``Whiten`` of modules/whiten.py with the
defaults that test.py, test_challenge_model.py and deploy_model.py use (Welch segments of 0.625 s, filter of
0.5 s). Every slice is whitened with its own spectrum; nothing is learnt.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.aresgw.architecture import DETECTORS, SAMPLE_RATE, SAMPLES

__all__ = ["STRIDE", "WINDOW", "amplitude_spectrum", "segment_count", "whitened"]

Array = NDArray[Any]

STRIDE = 204  # samples between two segments, about 0.1 s
_CROP = 256  # samples cut off at both ends of a whitened window: 0.125 s
WINDOW = SAMPLES + 2 * _CROP  # samples that are whitened for one segment: 1.25 s

_WELCH = 1280  # samples of one periodogram: 0.625 s
_FILTER = 1024  # samples of the whitening filter: 0.5 s
_RESOLUTION = SAMPLE_RATE / _WELCH  # Hz
# The authors divide the cutoff of 15 Hz by the resolution of the periodograms and use the index in the
# spectrum of 1.25 s, which is twice as fine: the cutoff is at 7.2 Hz.
_CUTOFF = int(15 / _RESOLUTION)


def segment_count(samples: int) -> int:
    """Number of segments of a slice with so many samples."""
    return max(0, (samples - WINDOW) // STRIDE + 1)


def whitened(strain: Array, first: int = 0) -> NDArray[np.float32]:
    """Whiten slices of strain (slices, 2, samples) at 2048 Hz and cut them into segments (n, 2, 2048).

    Segment k of a slice begins 256 + 204 k samples after it. White noise gets a standard deviation of about
    28 (the square root of 800). `first` is the number of the first slice, for messages. Raises ModelError for
    slices shorter than 1.25 s and for one without a spectrum: zeros, infinities, NaN.
    """
    strain = np.asarray(strain, dtype=np.float64)
    count = segment_count(strain.shape[2])
    if not count:
        raise ModelError(
            f"The slices have {strain.shape[2]} samples; one segment takes {WINDOW}.",
            hint="Give slices of 1.25 s or more at 2048 Hz; the authors use 4.25 s and 6.25 s.",
        )
    found = np.empty((len(strain), count, len(DETECTORS), SAMPLES), dtype=np.float32)
    for index, series in enumerate(strain):
        found[index] = _whitened_slice(series, first + index)
    return found.reshape(-1, len(DETECTORS), SAMPLES)


def _whitened_slice(series: Array, index: int) -> Array:
    """Whiten one slice (2, samples): segments (n, 2, 2048)."""
    with np.errstate(all="ignore"):
        spectra = np.stack([amplitude_spectrum(channel) for channel in series])
        windows = sliding_window_view(series, WINDOW, axis=1)[:, ::STRIDE]
        found = np.fft.irfft(np.fft.rfft(windows) / spectra[:, None], n=WINDOW).astype(np.float32)
    for name, channel in zip(DETECTORS, found, strict=True):
        if not np.isfinite(channel).all():
            raise ModelError(
                f"The strain of {name} in slice {index} cannot be whitened: it has no finite spectrum.",
                hint="Leave slices out that contain gaps: zeros over a long time, infinities, NaN.",
            )
    return found[:, :, _CROP:-_CROP].swapaxes(0, 1)


def amplitude_spectrum(series: Array) -> NDArray[np.float64]:
    """Amplitudes (1281,) by which the spectrum of a window is divided, from a series of 0.625 s or more.

    The mean of Hann-windowed periodograms that overlap by half (Welch), repeated to twice the resolution;
    then the inverse amplitudes' impulse response is cut to 0.5 s by a Hann window, so that the filter does
    not reach beyond the samples that are cropped.
    """
    window = _hann(_WELCH)
    frames = sliding_window_view(series, _WELCH)[:: _WELCH // 2]
    power = (np.abs(np.fft.rfft(frames * window) / _WELCH) ** 2).mean(axis=0)
    power *= 2 * _RESOLUTION * _WELCH / (window**2).sum()
    fine = np.repeat(power, 2)[:-1]
    inverse = np.zeros(len(fine))
    inverse[_CUTOFF:-1] = fine[_CUTOFF:-1] ** -0.5
    response = np.fft.irfft(inverse, n=WINDOW)
    half, taper = _FILTER // 2, _hann(_FILTER)
    response[:half] *= taper[half:]
    response[half:-half] = 0
    response[-half:] *= taper[:half]
    found: NDArray[np.float64] = np.sqrt(0.5) / np.abs(np.fft.rfft(response))
    return found


def _hann(length: int) -> Array:
    """A periodic Hann window."""
    window: Array = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window
