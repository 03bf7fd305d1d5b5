# SPDX-License-Identifier: MIT
"""Text analysis for search: normalisation, notation, decays, stems and spelling variants."""
