# SPDX-License-Identifier: MIT
"""Checks of the rubric ``fair-datasets``, after Tables 1 and 2 of Chen et al., Sci. Data 9 (2022) 31."""
