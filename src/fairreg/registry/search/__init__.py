# SPDX-License-Identifier: MIT
"""Search: query parsing, candidate generation, ranking, rank fusion, facets and filters."""
