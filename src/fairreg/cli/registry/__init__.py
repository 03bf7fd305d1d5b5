# SPDX-License-Identifier: MIT
"""Verbs that fill and maintain the registry: harvest, links, database and cache."""
