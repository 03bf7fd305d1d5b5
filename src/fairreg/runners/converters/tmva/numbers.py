# SPDX-License-Identifier: MIT
"""Numbers as texts in TMVA's XML, read as its C++ reader does: Int_t, and Float_t of one rounding.

Source: root-project/root, tmva/tmva/inc/TMVA/Tools.h, `ReadAttr` (a stringstream into the variable).
"""

import re
import struct
from decimal import Decimal

import numpy as np

__all__ = ["decimal_number", "single", "whole_number"]

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,9}\s*")
_DECIMAL = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?\s*")
_MAX_LENGTH = 400  # TMVA writes 23 characters


def whole_number(text: str) -> int:
    """Read an integer of up to nine digits. Raises ValueError."""
    if not _WHOLE.fullmatch(text):
        raise ValueError("an integer")
    return int(text)


def decimal_number(text: str) -> float:
    """Read a finite decimal number as float64; NaN, infinities, hexadecimal numbers and commas are none.

    Raises ValueError.
    """
    if len(text) > _MAX_LENGTH or not _DECIMAL.fullmatch(text):
        raise ValueError("a decimal number")
    return float(text)


def single(text: str) -> float:
    """Read a decimal number as the nearest float32; ties go to even. Raises ValueError."""
    wide = decimal_number(text)
    try:
        near = float(struct.unpack("<f", struct.pack("<f", wide))[0])
    except OverflowError:
        raise ValueError("within the range of float32") from None
    return near if near == wide else _nearest(text, wide, near)


def _nearest(text: str, wide: float, near: float) -> float:
    """Settle on the side of a tie: the float64 may lie between two float32 where the decimal does not."""
    other = float(np.nextafter(np.float32(near), np.float32(np.copysign(np.inf, wide - near))))
    if abs(wide - near) != abs(other - wide):
        return near
    exact, rounded = Decimal(text.strip()), Decimal(wide)
    if exact == rounded:
        return near
    return max(near, other) if exact > rounded else min(near, other)
