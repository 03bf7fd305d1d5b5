# SPDX-License-Identifier: MIT
"""Description of a file: its format, its tensors, its network, and where the same weights are published."""
