# SPDX-License-Identifier: MIT
"""Other objects that documents name: data, papers, code and models."""
