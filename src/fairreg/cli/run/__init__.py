# SPDX-License-Identifier: MIT
"""Verbs that download files, run models and write them for other programs."""
