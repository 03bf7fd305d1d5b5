# SPDX-License-Identifier: MIT
"""``publish``: a folder of weights becomes a published, citable record."""

__all__ = ["DEFAULT_JOBS"]

DEFAULT_JOBS = 4  # files that are sent at a time
