# SPDX-License-Identifier: MIT
"""Training of Hbb interaction networks.

Read in the order setup, packing, splits, normalisation, batches, loop, checkpoints, weight_files, stability.
"""
