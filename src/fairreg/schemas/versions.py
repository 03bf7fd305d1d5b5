# SPDX-License-Identifier: MIT
"""Order of the versions of one object."""

import re

__all__ = ["version_sort_key"]


def version_sort_key(
    *, dated: str | None = None, version: str | None = None, doi: str | None = None
) -> tuple[tuple[int, ...], tuple[int, ...], int, str]:
    """Sort key that puts the newest version last: by date, then version number, then DOI.

    `dated` is an ISO 8601 date or a part of one (a year comes before the days of that year). Version numbers
    compare number by number, so 1.10 comes after 1.9, and 1 equals 1.0. Of DOIs that differ in a number at
    their end the higher is the newer, as Zenodo and Figshare count them; what is not known comes first.
    """
    numbers = [int(part) for part in re.findall(r"\d{1,9}", version or "")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    date = tuple(int(part) for part in re.findall(r"\d+", (dated or "")[:10]))
    return date, tuple(numbers), len(doi or ""), doi or ""
