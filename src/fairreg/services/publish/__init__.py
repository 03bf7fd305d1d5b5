# SPDX-License-Identifier: MIT
"""``publish``: a folder of weights becomes a published, citable record."""
