# SPDX-License-Identifier: MIT
"""What several harvesters share: paging, query syntax, OAI-PMH, descriptions of archive contents."""
