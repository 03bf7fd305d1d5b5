# SPDX-License-Identifier: MIT
"""The network in PyTorch: as defined, and as trained."""
