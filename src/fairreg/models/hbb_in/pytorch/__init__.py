# SPDX-License-Identifier: MIT
"""The network in PyTorch: the plain definition, and the form used for training."""
