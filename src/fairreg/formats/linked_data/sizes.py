# SPDX-License-Identifier: MIT
"""Sizes of files in words: "12", "117743 B", "1.5 MB", "2 GiB"."""

import re
from decimal import Decimal

__all__ = ["in_bytes"]

_SIZE = re.compile(
    r"(\d{1,3}(?:,\d{3})+|\d{1,18})(\.\d{1,9})?\s?([kmgtp]?i?)(?:b|bytes?|octets?)?", re.IGNORECASE
)
_STEPS = " kmgtp"
_MOST = 2**63 - 1


def in_bytes(text: str) -> tuple[int, bool] | None:
    """Return the number of bytes that a text states, and True where it is rounded; None for another text.

    k, M, G are powers of 1000 (IEC 80000-13), Ki, Mi, Gi of 1024. A number of bytes without a unit is exact.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    unit = found[3].lower()
    factor = (1024 if unit.endswith("i") else 1000) ** _STEPS.index(unit[:1] or " ") if unit != "i" else 1
    size = Decimal(found[1].replace(",", "") + (found[2] or "")) * factor
    if size > _MOST or (factor == 1 and size != int(size)):
        return None
    return int(size), factor > 1
