# SPDX-License-Identifier: MIT
"""A reserved identifier in the files of a folder, of which nothing else changes."""
