# SPDX-License-Identifier: MIT
"""Test vectors that are published beside a model: found, read, run and compared."""
