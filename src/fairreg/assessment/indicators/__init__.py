# SPDX-License-Identifier: MIT
"""One module per principle of Table 1 of Duarte et al. 2023; each holds the principle's indicators."""
