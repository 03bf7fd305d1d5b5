# SPDX-License-Identifier: MIT
"""JSON-LD of other tools: its graph of nodes (`graph`), the facts in it (`record`); `dialects` choose them.

No context is ever fetched: `terms` knows the vocabularies in use, and inline contexts are honoured.
"""
