# SPDX-License-Identifier: MIT
"""Examination of an installation: versions, engines, settings, database, cache, disk and services."""
