# SPDX-License-Identifier: MIT
"""Entity resolution: which statements describe one entry, and which entries form one lineage."""
