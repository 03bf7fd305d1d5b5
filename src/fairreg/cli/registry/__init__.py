# SPDX-License-Identifier: MIT
"""Verbs that fill and maintain the registry: harvest, records, links, database and cache."""
