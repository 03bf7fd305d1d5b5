# SPDX-License-Identifier: MIT
"""Shared parts of harvesters: paging, query syntax, OAI-PMH, descriptions of archive contents."""
