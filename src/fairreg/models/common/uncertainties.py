# SPDX-License-Identifier: MIT
"""Rounding of measured values by their uncertainties, as the Particle Data Group does."""

import math
from decimal import ROUND_HALF_UP, Context, Decimal

__all__ = ["rounded_pair", "with_uncertainty"]

_TWO_DIGITS, _ONE_DIGIT = 354, 949  # largest three leading digits that leave two digits, and one
_EXACT = Context(prec=1500, rounding=ROUND_HALF_UP)  # digits between the largest and the least float
_PLAIN = range(-4, 6)  # powers of ten that are written out


def with_uncertainty(value: float | None, uncertainty: float | None) -> str:
    """Format a value with its uncertainty, both rounded by `rounded_pair`; without one, to five digits.

    >>> with_uncertainty(0.827, 0.119), with_uncertainty(0.827, 0.367), with_uncertainty(0.827, 0.967)
    ('0.83 ± 0.12', '0.8 ± 0.4', '0.8 ± 1.0')
    >>> with_uncertainty(1.23e-7, 4.1e-9), with_uncertainty(0.5, None)
    ('(1.23 ± 0.04)e-7', '0.5')
    """
    if value is None:
        return "none"
    if uncertainty is None or not (math.isfinite(value) and math.isfinite(uncertainty) and uncertainty > 0):
        return f"{value:.5g}"
    power = _power(max(abs(_exact(value)), _exact(uncertainty)))
    scale = Decimal(0 if power in _PLAIN else power)
    parts = [_EXACT.scaleb(_exact(number), -scale) for number in (value, uncertainty)]
    told = " ± ".join(f"{part:f}" for part in rounded_pair(*parts))
    return told if not scale else f"({told})e{power}"


def rounded_pair(value: Decimal, uncertainty: Decimal) -> tuple[Decimal, Decimal]:
    """Round an uncertainty above 0, and the value to the same place.

    By the three highest order digits of the uncertainty: 100 to 354 keep two digits, 355 to 949 one, and 950
    to 999 are rounded up to 1000 and keep two (Review of Particle Physics, Introduction, section 5.3).
    """
    power = _power(uncertainty)
    leading = int(uncertainty.scaleb(2 - power, _EXACT))
    if leading > _ONE_DIGIT:
        uncertainty = Decimal(1).scaleb(power + 1)
    place = Decimal(1).scaleb(power - 1 if leading <= _TWO_DIGITS else power)
    return value.quantize(place, context=_EXACT), uncertainty.quantize(place, context=_EXACT)


def _exact(number: float) -> Decimal:
    # The shortest decimal that reads back as this float: 0.355 has the digits 355, its binary value 354.
    return Decimal(repr(float(number)))


def _power(number: Decimal) -> int:
    """Power of ten of the highest digit."""
    return number.adjusted()
